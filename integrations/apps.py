"""The app of the Integrations Hub."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations Hub"

    def ready(self):
        from integrations import checks  # noqa: F401  It registers itself.
