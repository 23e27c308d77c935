"""Files of the home that give way to those of a backup: all of them, or none."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from console.backups.errors import BackupError


def check_movable(folders: list[Path]) -> None:
    """Refuse folders that the system does not let be renamed."""
    for folder in folders:
        if folder.is_mount():
            raise BackupError(
                f"{folder} is a mount point, and a restore has to rename it. Unmount it and "
                "restore; then move what is in the folder to that disk, and mount it again."
            )


@contextmanager
def renaming() -> Iterator[Callable[[Path, Path], None]]:
    """Yield a function that renames. Where the block fails, all has its name of before again."""
    renamed = []

    def rename(path, target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        renamed.append((path, target))  # first: whoever breaks off does so after a rename, too
        path.rename(target)

    try:
        yield rename
    except BaseException:
        take_back(renamed)
        raise


def take_back(renamed):
    """Give back their names, the last first: the database is there once the rest is."""
    stuck = [target for path, target in reversed(renamed) if not taken_back(path, target)]
    if stuck:
        raise BackupError(
            "The restore stopped half-way, and not all that was there could get its name back. "
            f"Do so by hand before you start the console: {', '.join(map(str, stuck))}."
        )


def taken_back(path, target):
    try:
        if not os.path.lexists(path):
            target.rename(path)
    except OSError:
        return False
    with suppress(OSError):  # other things are in it
        os.removedirs(target.parent)
    return True
