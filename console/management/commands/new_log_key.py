"""Make a new key for the log of deliveries."""

from django.core.management.base import BaseCommand

from console.deliveries.keys import renew


class Command(BaseCommand):
    help = "Hash what is delivered from now on with a new key. What was logged before stays found."

    def handle(self, **options):
        key = renew()
        self.stdout.write(f"{key} is used from the next export on.")
