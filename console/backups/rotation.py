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


def drop_older(folder: Path, keep: int, now: datetime | None = None) -> list[Path]:
    """Delete all but the latest of the backups that were named here. Return those deleted.

    The latest one in which no file is missing stays, however old it is. Those of the future were
    made by a clock that was ahead: whatever is named by the time of now is later than they are.
    """
    today = dated(folder, now)
    named = [path for path in folder.iterdir() if PATTERN.fullmatch(path.name)]
    named.sort(key=lambda path: (path <= today, path))
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
