"""Bring a console back from a backup. What is there is moved aside, never deleted.

The backup is unpacked beside what is there and checked whole; only then names change.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from console import locks
from console.backups import archive, databases, sealing
from console.backups.errors import BackupError
from console.backups.making import sync_folder
from console.backups.renaming import check_movable, renaming
from console.backups.settling import Settled, settle
from integrations.management.commands.check_secrets import kinds

ASIDE = "before-restore-%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Restored:
    """A console that is back."""

    about: dict
    aside: Path | None  # where what was there before is
    opened: int  # credentials
    unreadable: list[str]
    settled: Settled


@dataclass(frozen=True)
class Wishes:
    """How to restore."""

    replace: bool = False
    resume: bool = False  # let schedules and unfinished exports go on by themselves
    without_keys: bool = False  # go on though credentials cannot be opened
    passphrase: str = ""  # of the keys in the backup, which are to be used


def restore(path: Path, wishes: Wishes) -> Restored:
    """Put a backup in the place of what is there. BackupError: nothing was changed."""
    about = archive.about(path)
    check_version(about)
    with alone(), staging() as folder:
        check_empty(wishes)
        check_movable([*folders(), *([settings.HOME / "keys"] if wishes.passphrase else [])])
        archive.unpack(path, folder)
        take_keys(folder, about, wishes)
        return swapped(folder, about, wishes)


@contextmanager
def alone():
    with locks.held(locks.IN_USE, alone=True) as had:
        if not had:
            raise BackupError(
                f"Processes of the console work in {settings.HOME}. Stop the web server and the "
                "cluster on every machine first."
            )
        yield


def check_version(about):
    """Refuse what a newer console made: its data could not be understood."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    newer = sorted(set(about["migrations"]) - known)
    if about["format"] > archive.FORMAT or newer:
        raise BackupError(
            f"The backup is of a newer console, {about['console']}{first_of(newer)}. Install that "
            "version, or a later one, and restore then."
        )
    if about["database"] != databases.own().FILE:
        raise BackupError(
            f"The backup holds {about['database']}, and this console keeps its data in another "
            "kind of database. Set or unset CONSOLE_DATABASE_URL."
        )


def first_of(migrations):
    return f" (it has {migrations[0]})" if migrations else ""


def check_empty(wishes):
    filled = [folder for folder in folders() if folder.is_dir() and any(folder.iterdir())]
    if (filled or databases.own().is_there()) and not wishes.replace:
        raise BackupError(
            f"There is a console in {settings.HOME} or in its database already. Restore with "
            "--replace to move it aside, or into another home."
        )


def folders():
    """Return where the files are that the database refers to."""
    kept = settings.TABLES_DIR, settings.RESULTS_DIR, settings.DELIVERED_DIR
    return *kept, settings.DELIVERIES_DIR


@contextmanager
def staging() -> Iterator[Path]:
    """Make a folder inside of the home: nothing else is sure to be on the same disk."""
    folder = settings.HOME / f".restoring-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    except OSError as error:
        where = " to ".join(str(name) for name in (error.filename, error.filename2) if name)
        raise BackupError(
            f"The restore stopped: {where or folder}: {error.strerror or error}. "
            "Nothing was changed."
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take_keys(folder, about, wishes):
    """Use the keys in the backup, where that is asked for."""
    path = folder / archive.KEYS
    if not wishes.passphrase:
        path.unlink(missing_ok=True)
        return
    if not path.is_file():
        raise BackupError("There are no keys in the backup. Restore without --with-keys.")
    keys = sealing.unsealed(path, wishes.passphrase)
    path.unlink()
    (folder / "keys").mkdir(mode=0o700)
    for name, text in keys.items():
        (folder / "keys" / name).write_text(text.strip() + "\n")
    settings.ENCRYPTION_KEYS = keys["encryption_keys"].split()


def swapped(folder, about, wishes):
    now = timezone.now()
    aside, old = now.strftime(ASIDE), replaced(folder)
    with databases.own().loaded(folder, aside):
        call_command("migrate", verbosity=0, interactive=False)
        opened, unreadable = open_all()
        if unreadable and not wishes.without_keys:
            raise keys_missing(about, unreadable, opened)
        settled = settle(about, now, resume=wishes.resume)
        connection.close()  # its file is moved
        os.sync()
        with renaming() as rename:
            moved = move_aside(old, settings.HOME / aside, rename)
            put_in_place(folder, rename)
    return Restored(about, moved, opened, unreadable, settled)


def open_all():
    """Return how many credentials the keys open, and the names of the others."""
    everything = [each for kind in kinds().values() for each in kind.objects.order_by("pk")]
    unreadable = [str(each) for each in everything if not each.readable]
    return len(everything) - len(unreadable), unreadable


def keys_missing(about, unreadable, opened):
    return BackupError(
        f"The keys of this console open {opened} of {opened + len(unreadable)} credentials in the "
        f"backup. It was made with {', '.join(about['keys']['encryption'])}, and this console has "
        f"{', '.join(sealing.needed()['encryption'])}. Bring back keys/encryption_keys, or restore "
        "with --without-keys and enter those credentials again."
    )


def replaced(folder):
    """Return what the backup replaces, the database first: half a console must not run."""
    keys = [settings.HOME / "keys" / path.name for path in folder.glob("keys/*")]
    return [*databases.own().files(), *folders(), *keys]


def move_aside(old, aside, rename):
    old = [path for path in old if path.exists() and not is_empty_folder(path)]
    for path in old:
        rename(path, aside / path.relative_to(settings.HOME))
    return aside if old else None


def is_empty_folder(path):
    return path.is_dir() and not any(path.iterdir())


def put_in_place(folder, rename):
    """Move the parts of the backup to their places, the database last."""
    database = databases.own().files_of(folder)
    kept = (folder / place.name for place in folders())
    for path in (*folder.glob("keys/*"), *kept, *database):
        if path.exists():
            rename(path, settings.HOME / path.relative_to(folder))
    sync_folder(settings.HOME)
