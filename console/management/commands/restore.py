"""`manage.py restore`: a console from a backup."""

import os
from getpass import getpass
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from console import backups
from console.backups.restoring import Wishes

KEYS = ("CONSOLE_SECRET_KEY", "CONSOLE_ENCRYPTION_KEYS", "CONSOLE_RECEIPT_KEY")


class Command(BaseCommand):
    help = (
        "Bring the console back from a file that `manage.py backup` wrote. Stop it first. "
        "Schedules are paused and unfinished exports are held: they may have been delivered since."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="move what is in the home aside, and go on"
        )
        parser.add_argument(
            "--resume-schedules",
            action="store_true",
            help="leave schedules active, and run exports that were not done: only where nothing "
            "has been delivered since the backup",
        )
        parser.add_argument(
            "--with-keys",
            action="store_true",
            help="use the keys in the backup; its passphrase is CONSOLE_BACKUP_PASSPHRASE, or it "
            "is asked for",
        )
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="go on though there are credentials that no key opens",
        )

    def handle(self, *, file, replace, with_keys, **options):
        wishes = Wishes(
            replace=replace,
            resume=options["resume_schedules"],
            without_keys=options["without_keys"],
            passphrase=passphrase() if with_keys else "",
        )
        try:
            self.tell(backups.restore(file, wishes))
        except backups.BackupError as error:
            raise CommandError(str(error)) from None

    def tell(self, restored):
        about, settled = restored.about, restored.settled
        self.stdout.write(f"{settings.HOME} is as it was at {about['taken_at']}.")
        if restored.aside:
            self.stdout.write(f"What was there before is in {restored.aside}.")
        self.stdout.write(f"The keys open {restored.opened} credentials.")
        for name in restored.unreadable:
            self.stderr.write(f"No key opens {name}: enter its credentials again.")
        for name in about["missing"]:
            self.stderr.write(f"{name} was missing when the backup was made.")
        self.stdout.write(
            f"{settled.paused} schedules are paused and {settled.held} exports held: look at what "
            "arrived since the backup, run the slots that are missing, then resume."
            if settled.paused or settled.held
            else "Schedules are as they were."
        )


def passphrase():
    """Return the passphrase of the keys in the backup, which are of use where no others are set."""
    names = (name for key in KEYS for name in (key, f"{key}_FILE"))
    if taken := [name for name in names if os.environ.get(name)]:
        raise CommandError(f"{taken[0]} gives a key already. Unset it, or leave out --with-keys.")
    given = settings.BACKUP_PASSPHRASE or getpass("Passphrase of the keys in the backup: ")
    if not given:
        raise CommandError("The keys in the backup open with a passphrase, and there was none.")
    return given
