"""Open every stored credential."""

from django.core.management.base import BaseCommand, CommandError

from integrations.models import Authentication


class Command(BaseCommand):
    help = "Open every stored credential, and name those that no key opens. For after a restore."

    def handle(self, *args, **options):
        authentications = list(Authentication.objects.order_by("pk"))
        unreadable = [each for each in authentications if not each.readable]
        for authentication in unreadable:
            self.stderr.write(f"No key opens authentication {authentication.pk}: {authentication}")
        opened = len(authentications) - len(unreadable)
        self.stdout.write(f"Opened {opened} of {len(authentications)} authentications.")
        if unreadable:
            raise CommandError("Restore the key file they were saved with.")
