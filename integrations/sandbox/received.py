"""What the sandbox has received: the files below its folder, looked at and never followed out."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

MOST_LOOKED_AT = 20_000  # entries; a folder with more is not listed whole
DEEPEST = 12
START = 4096  # bytes of a file's beginning that are shown, and of its end


class NotThere(Exception):
    """There is no such file in the sandbox."""


@dataclass(frozen=True)
class Received:
    """One file."""

    path: str  # below the folder
    bytes: int
    at: datetime


@dataclass(frozen=True)
class Listing:
    files: list[Received]  # the newest first
    count: int  # how many there are, as far as was looked
    whole: bool  # whether all was looked at


def listing(root: Path, most: int) -> Listing:
    """Return the newest files. Links, and what is no plain file, are passed by."""
    found, looked_at = [], 0
    for entry, name in entries(root):
        looked_at += 1
        if looked_at > MOST_LOOKED_AT:
            break
        known = looked_at_now(entry)
        if known is None:
            continue
        if stat.S_ISREG(known.st_mode):
            found.append((known.st_mtime, legible(name), known.st_size))
    found.sort(reverse=True)
    files = [Received(name, size, datetime.fromtimestamp(at, UTC)) for at, name, size in found]
    return Listing(files[:most], len(files), looked_at <= MOST_LOOKED_AT)


def looked_at_now(entry):
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # It went away meanwhile.


def entries(folder: Path, before: str = "", depth: int = 0) -> Iterator[tuple[os.DirEntry, str]]:
    """Yield everything below a folder with its path."""
    try:
        inside = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return  # It went away meanwhile, or nothing has come yet.
    for entry in inside:
        name = before + entry.name
        yield entry, name
        if entry.is_dir(follow_symlinks=False) and depth < DEEPEST:
            yield from entries(Path(entry.path), f"{name}/", depth + 1)


def legible(name):
    """Return a name as UTF-8: a file may have any bytes for one."""
    return name.encode(errors="replace").decode()


def ends_of(root: Path, path: str) -> tuple[bytes, bytes, int]:
    """Return the first and the last bytes of a file, and how many it has. Raise NotThere."""
    with plain_file(root, path) as (file, size):
        rest = max(START, size - START)
        return os.pread(file, START, 0), os.pread(file, START, rest), size


def whole(root: Path, path: str) -> BinaryIO:
    """Return a file to read from. Raise NotThere."""
    with plain_file(root, path) as (file, _):
        return os.fdopen(os.dup(file), "rb")


@contextmanager
def plain_file(root, path):
    with opened(root, path) as file:
        known = os.fstat(file)
        if not stat.S_ISREG(known.st_mode):
            raise NotThere(path)
        yield file, known.st_size


@contextmanager
def opened(root, path):
    """Open a file below the root, step by step, so that no link on the way leads anywhere."""
    parts = path.split("/")
    if not all(parts) or {".", ".."} & set(parts) or "\0" in path:
        raise NotThere(path)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        place = os.open(root, os.O_DIRECTORY | os.O_CLOEXEC)
        for part in parts:
            place = step(place, part, flags)
    except (OSError, UnicodeEncodeError):
        raise NotThere(path) from None
    try:
        yield place
    finally:
        os.close(place)


def step(place, part, flags):
    try:
        return os.open(part, flags, dir_fd=place)
    finally:
        os.close(place)
