"""Open every stored credential."""

from django.core.management.base import BaseCommand, CommandError

from integrations.models import Sealed


def kinds():
    """Return all that is kept sealed, by what it is called."""
    return {str(kind._meta.verbose_name): kind for kind in Sealed.__subclasses__()}


class Command(BaseCommand):
    help = "Open every stored credential, and name those that no key opens. For after a restore."

    def handle(self, *args, **options):
        unreadable = [self.open_all(name, kind) for name, kind in kinds().items()]
        if any(unreadable):
            raise CommandError("Restore the key file they were saved with.")

    def open_all(self, name, kind):
        """Return how many of a kind no key opens."""
        kept = list(kind.objects.order_by("pk"))
        unreadable = [each for each in kept if not each.readable]
        for each in unreadable:
            self.stderr.write(f"No key opens {name} {each.pk}: {each}")
        self.stdout.write(f"Opened {len(kept) - len(unreadable)} of {len(kept)} {name}s.")
        return len(unreadable)
