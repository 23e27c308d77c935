"""Files on their way into a table: kept for their user between the two steps of an upload."""

import fcntl
import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from uuid import UUID, uuid4

from django.conf import settings

from console.tables.imports import Sniff, kind_of, sniff
from integrations import threads

KEPT_SECONDS = 24 * 3600
LOOKED = "looked"  # the folder of what was found in the file
LONGEST = 60  # characters of a name: in any script less than the bytes a file system takes


@dataclass(frozen=True)
class Upload:
    """One file that a user has sent and not imported yet."""

    token: UUID
    path: Path


def keep(user, file) -> Upload:
    """Write a file that was sent under the user's folder, and forget what was left there."""
    forget_old(user)
    folder = folder_of(user) / str(uuid4())
    folder.mkdir(parents=True)
    path = folder / Path(file.name).name[-LONGEST:]
    with path.open("wb") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
    return Upload(UUID(folder.name), path)


def find(user, token) -> Upload | None:
    """Return the user's own upload, or None."""
    inside = (folder_of(user) / str(token)).glob("*")
    path = next((path for path in inside if path.name != LOOKED), None)
    return Upload(token, path) if path else None


def look(upload, header=None) -> Sniff:
    """Return what is in an upload, as sniff() finds it; the second time it is known.

    Raises ImportFailed or Busy.
    """
    known = upload.path.parent / LOOKED / f"{header}.json"
    with suppress(FileNotFoundError):
        return Sniff(**json.loads(known.read_text()))
    with threads.place():
        found = sniff(upload.path, kind_of(upload.path.name), header=header)
    remember(known, asdict(found))
    return found


def remember(known, found):
    """Keep what was found, if the upload is not imported meanwhile."""
    new = known.with_name(f"{uuid4()}.new")
    with suppress(FileNotFoundError):
        known.parent.mkdir(exist_ok=True)
        new.write_text(json.dumps(found))
        new.replace(known)


@contextmanager
def alone(user, token):
    """Let who imports one upload twice do so one after the other. The kernel ends the wait."""
    try:
        folder = os.open(folder_of(user) / str(token), os.O_RDONLY)
    except FileNotFoundError:
        yield  # It is imported.
        return
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def forget(upload):
    rmtree(upload.path.parent, ignore_errors=True)


def forget_old(user):
    before = time.time() - KEPT_SECONDS
    for folder in folder_of(user).glob("*"):
        if folder.stat().st_mtime < before:
            rmtree(folder, ignore_errors=True)


def folder_of(user):
    return Path(settings.UPLOADS_DIR, str(user.pk))
