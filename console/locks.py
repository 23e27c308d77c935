"""Locks on files of the home. The kernel lets go of one when its process is gone, however it went.

`IN_USE` is shared by all that works in the home; a restore has it alone. `FILES` is shared by
backups, which read files that the database referred to a while ago; who deletes some has it alone.
`BACKUP` is of the one that makes a backup.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

IN_USE, FILES, BACKUP = "in-use.lock", "files.lock", "backup.lock"


class InUse(SystemExit):
    """A restore is under way: nothing may work in the home."""


@contextmanager
def held(name: str, *, alone: bool = False, wait: bool = False) -> Iterator[bool]:
    """Hold a lock while the block runs. Yield whether it could be had."""
    how = (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | (0 if wait else fcntl.LOCK_NB)
    with (settings.HOME / name).open("ab") as file:
        try:
            fcntl.flock(file, how)
            had = True
        except BlockingIOError:
            had = False
        yield had


@contextmanager
def in_use() -> Iterator[None]:
    """Keep a restore from beginning while the block runs. Forks of the process keep it too."""
    with held(IN_USE) as had:
        if not had:
            raise InUse(f"{settings.HOME} is being restored from a backup. Start again afterwards.")
        yield
