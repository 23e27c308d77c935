"""Backups that are named by their time, of which the latest few are kept."""

import re
from datetime import datetime
from pathlib import Path

from django.utils import timezone

NAME = "console-%Y%m%dT%H%M%SZ.tar.gz"
PATTERN = re.compile(r"console-\d{8}T\d{6}Z\.tar\.gz")


def dated(folder: Path, now: datetime | None = None) -> Path:
    """Return the name of a backup made now."""
    return folder / (now or timezone.now()).strftime(NAME)


def drop_older(folder: Path, keep: int) -> list[Path]:
    """Delete all but the latest of the backups that were named here. Return those deleted."""
    named = sorted(path for path in folder.iterdir() if PATTERN.fullmatch(path.name))
    older = named[:-keep]
    for path in older:
        path.unlink()
    return older
