"""`manage.py backup`: one file with all that the console is."""

from getpass import getpass
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console import backups


class Command(BaseCommand):
    help = (
        "Write the database, the files of tables and the results into one file, while the console "
        "runs. The keys are not in it unless --with-keys says so."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument(
            "file", type=Path, help="the file to write; in a folder that exists, its name is made"
        )
        parser.add_argument("--without-results", action="store_true", help="leave results out")
        parser.add_argument(
            "--with-keys",
            action="store_true",
            help="put the keys in too, encrypted with a passphrase: CONSOLE_BACKUP_PASSPHRASE, or "
            "it is asked for",
        )
        parser.add_argument(
            "--keep",
            type=int,
            metavar="N",
            help="in a folder: delete all but the latest N, and the latest whole one, once this "
            "one is done",
        )
        parser.add_argument(
            "--verify", action="store_true", help="check the sums of a backup, and make none"
        )

    def handle(self, *, file, verify, keep, **options):
        if keep is not None and (keep < 1 or not file.is_dir()):
            raise CommandError("--keep takes 1 or more, and a folder in the place of a file.")
        try:
            self.verify(file) if verify else self.make(file, keep, **options)
        except backups.BackupError as error:
            raise CommandError(str(error)) from None

    def verify(self, file):
        about = backups.verify(file)
        self.stdout.write(f"{file} is whole: each SHA-256 is right. Taken at {about['taken_at']}.")
        self.tell_keys(about)

    def make(self, file, keep, *, without_results, with_keys, **_):
        path = backups.dated(file) if file.is_dir() else file
        passphrase = passphrase_for_new() if with_keys else ""
        made = backups.make(path, results=not without_results, passphrase=passphrase)
        self.stdout.write(f"{path} is written: {made.bytes:,} bytes.")
        self.tell_keys(made.about)
        for older in backups.drop_older(file, keep, path) if keep else ():
            self.stdout.write(f"{older} is deleted.")
        if made.wrong:
            raise CommandError(made.wrong)

    def tell_keys(self, about):
        keys = about["keys"]
        where = "in it, sealed" if about["with_keys"] else "NOT in it: keep them apart from it"
        self.stdout.write(
            f"The keys are {where}. Credentials open with {' or '.join(keys['encryption'])}; "
            f"receipts are signed by {keys['receipts']}."
        )


def passphrase_for_new():
    """Return the passphrase to seal keys with: given, or asked for twice."""
    if settings.BACKUP_PASSPHRASE:
        return settings.BACKUP_PASSPHRASE
    passphrase = getpass("Passphrase for the keys in the backup: ")
    if getpass("Once more: ") != passphrase:
        raise CommandError("That was not the same passphrase twice.")
    return passphrase
