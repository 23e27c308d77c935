"""`manage.py prepare`: make ahead what large exports need."""

from django.core.management.base import BaseCommand

from integrations.formats import warm


class Command(BaseCommand):
    help = (
        "Compile what writes large exports, so that the first one does not wait for it. The "
        "cluster does so by itself, some seconds after its start."
    )
    requires_system_checks = ()

    def handle(self, *args, **options):
        if warm():
            self.stdout.write("Large exports are prepared for.")
