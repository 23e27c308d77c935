"""Take one person's identifier out of the log of deliveries."""

from django.core.management.base import BaseCommand, CommandError

from console.deliveries.asking import BadIdentifier, asked
from console.deliveries.keeping import BackupGoesOn, forget
from console.deliveries.keys import LogKeyUnreadable


class Command(BaseCommand):
    help = (
        "Take an identifier out of the log of who got what: an e-mail address, an id, a phone "
        "number or a SHA-256. Without one it is asked for, so that it stands in no history."
    )

    def add_arguments(self, parser):
        parser.add_argument("identifier", nargs="?")

    def handle(self, *, identifier, **options):
        try:
            kind, tokens = asked(identifier or input("Identifier: "))
            count, damaged = forget(tokens)
        except (BadIdentifier, LogKeyUnreadable) as error:
            raise CommandError(str(error)) from None
        except BackupGoesOn:
            raise CommandError("A backup is being made. Try again once it is done.") from None
        self.stdout.write(
            f"The {kind} was taken out of {count} deliver{'y' if count == 1 else 'ies'}. Backups "
            "that were made before have it still."
        )
        if damaged:
            raise CommandError(
                f"What job {', '.join(map(str, damaged))} delivered cannot be looked through: the "
                "log is damaged, and may have it still. Bring its file back from a backup, and "
                "try again."
            )
