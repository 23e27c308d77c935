"""Backups that are named by their time, of which the latest few are kept."""

import re
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from console.backups import archive
from console.backups.errors import BackupError

NAME = "console-%Y%m%dT%H%M%SZ.tar.gz"
PATTERN = re.compile(r"console-\d{8}T\d{6}Z\.tar\.gz")


def dated(folder: Path, now: datetime | None = None) -> Path:
    """Return the name of a backup made now."""
    return folder / (now or timezone.now()).strftime(NAME)


def drop_older(folder: Path, keep: int, made: Path) -> list[Path]:
    """Delete all but the latest of the backups that were named here. Return those deleted.

    The latest one in which no file is missing stays, however old it is. Those that are named later
    than the one just made are of a clock that was ahead: that one is newer than they are.
    """
    named = [path for path in folder.iterdir() if PATTERN.fullmatch(path.name)]
    named.sort(key=lambda path: (path <= made, path))
    whole = next(filter(is_whole, reversed(named)), None)
    older = [path for path in named[:-keep] if path != whole]
    for path in older:
        path.unlink()
    return older


def is_whole(path):
    """Return whether all files were there when the backup was made, as it says itself."""
    try:
        return not archive.about(path)["missing"]
    except BackupError:
        return False
