"""The app of the Integrations Hub."""

from django.apps import AppConfig

from integrations.wording import say_plainly

say_plainly()  # Here, as forms are made while models are loaded.


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations Hub"

    def ready(self):
        from integrations import checks  # noqa: F401  It registers itself.
