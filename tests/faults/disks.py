"""Disks with too little room: real ones where they may be mounted, else limits of files."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TMPFS = ["mount", "-t", "tmpfs", "tmpfs"]


@dataclass
class Disk:
    folder: Path
    room: int  # bytes
    limit: Callable[[int | None], None]  # what to do where nothing may be mounted; None: no limit
    mounted: bool = False

    def mount(self):
        options = ["-o", f"size={self.room},mode=0777"]
        done = subprocess.run([*TMPFS, self.folder, *options], capture_output=True, check=False)
        self.mounted = done.returncode == 0
        if not self.mounted:
            self.limit(self.room)

    def make_room(self):
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,size=100m", self.folder], check=True)
        else:
            self.limit(None)

    def remove(self):
        if self.mounted:
            subprocess.run(["umount", "--lazy", self.folder], check=True)
        else:
            self.limit(None)


@contextmanager
def small_disk(folder: Path, room: int, limit: Callable) -> Iterator[Disk]:
    """Put a disk with so much room in the place of the folder."""
    folder.mkdir(exist_ok=True)
    disk = Disk(folder, room, limit)
    disk.mount()
    try:
        yield disk
    finally:
        disk.remove()


def limit_files_of(process: int) -> Callable:
    """Return what limits the size of files of a process and those it starts."""

    def limit(size):
        hard = resource.prlimit(process, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    return limit
