"""The file of a backup: a tar packed by gzip, which begins with what it is and ends with sums.

Any machine reads it: `tar -xzf FILE`, then `sha256sum -c SHA256SUMS`.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from isal import igzip

from console.backups.errors import BackupError

FORMAT = 1
ABOUT, SUMS = "backup.json", "SHA256SUMS"
KEYS = "keys.sealed"
TABLES, RESULTS, DELIVERED = "tables", "results", "delivered"
DELIVERIES = "deliveries"
FOLDERS = (TABLES, RESULTS, DELIVERED, DELIVERIES)
LEVEL = 1  # Parquet is packed already.
BLOCK = 1 << 20


class Hashed:
    """A file that is read once, with the SHA-256 of what was read."""

    def __init__(self, file):
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size=-1):
        data = self.file.read(size)
        self.digest.update(data)
        return data


class Writer:
    """Writes a backup into an open file. No more than a block of it is in memory."""

    def __init__(self, file, about: dict):
        self.packed = igzip.IGzipFile(filename="", mode="wb", fileobj=file, compresslevel=LEVEL)
        self.tar = tarfile.open(fileobj=self.packed, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self.sums = []
        self.add_text(ABOUT, json.dumps(about, indent=1))

    def add_text(self, name: str, text: str) -> None:
        data = text.encode()
        info = tarfile.TarInfo(name)
        info.size = len(data)
        self.put(info, io.BytesIO(data))

    def add_file(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            info = self.tar.gettarinfo(arcname=name, fileobj=file)
            self.put(info, file)

    def put(self, info, file):
        info.mode, info.uid, info.gid, info.uname, info.gname = 0o600, 0, 0, "", ""
        hashed = Hashed(file)
        self.tar.addfile(info, hashed)
        self.tar.members = []  # It would remember each file.
        self.sums.append(f"{hashed.digest.hexdigest()}  {info.name}\n")

    def close(self) -> None:
        self.add_text(SUMS, "".join(self.sums))
        self.tar.close()
        self.packed.close()


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Say in a sentence that the file is not, or not any more, a whole backup."""
    try:
        yield
    except FileNotFoundError:
        raise BackupError(f"There is no file {path}.") from None
    except (tarfile.TarError, EOFError, ValueError, KeyError, igzip.BadGzipFile) as error:
        raise damaged(path, str(error)) from None
    except igzip.isal_zlib.error as error:
        raise damaged(path, str(error)) from None


def damaged(path, why):
    return BackupError(
        f"{path} is not a whole backup of a console: {why.rstrip('.')}. Nothing was changed. "
        "Use another backup."
    )


@contextmanager
def members(path: Path) -> Iterator[Iterator[tuple[tarfile.TarInfo, io.BufferedIOBase]]]:
    """Open a backup. Yield its files in their order, each with what reads it."""
    with (
        damage_told(path),
        igzip.open(path) as packed,
        tarfile.open(fileobj=packed, mode="r|") as tar,
    ):
        yield whole(packed, tar)


def whole(packed, tar):
    """Yield each file with what reads it, and read on to the sum of gzip itself."""
    for info in listed(tar):
        yield info, tar.extractfile(info)
    while packed.read(BLOCK):
        pass


def listed(tar):
    while info := tar.next():
        tar.members = []
        if not (info.isreg() and is_ours(info.name)):
            raise ValueError(f"{info.name} does not belong in it")
        yield info


def is_ours(name):
    """Return whether a name can only lead to a place inside of the home."""
    parts = PurePosixPath(name).parts
    inside = not name.startswith("/") and ".." not in parts
    return inside and (len(parts) == 1 or parts[0] in FOLDERS)


def about(path: Path) -> dict:
    """Return what a backup says of itself, at its beginning."""
    with members(path) as files:
        return parsed(*next(files, (None, None)))


def parsed(info, file):
    if info is None or info.name != ABOUT:
        raise ValueError(f"it does not begin with {ABOUT}")
    return json.load(file)


def verify(path: Path) -> dict:
    """Read a backup from end to end. Return what it says of itself, if each sum is right."""
    return read(path, None)


def unpack(path: Path, folder: Path) -> dict:
    """Lay the files of a backup down in a folder. Return what it says of itself."""
    return read(path, folder)


def read(path, folder):
    small, found = {}, {}
    with members(path) as files:
        for info, file in files:
            if SUMS in small:
                raise ValueError(f"{info.name} comes after its end")
            if info.name in (ABOUT, SUMS):
                small[info.name] = file.read()
                found[info.name] = hashlib.sha256(small[info.name]).hexdigest()
            else:
                found[info.name] = copied(file, folder and folder / info.name)
        found.pop(SUMS, None)
        compare(found, small.get(SUMS, b"").decode())
        return json.loads(small[ABOUT])


def copied(file, path):
    """Copy the file, or only read it where there is no path. Return its SHA-256."""
    hashed = Hashed(file)
    with laid_down(path) if path else io.BytesIO() as target:
        while block := hashed.read(BLOCK):
            if path:
                target.write(block)
    return hashed.digest.hexdigest()


def laid_down(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb")


def compare(found, sums):
    """Raise ValueError where a file is not what it was when the backup was made."""
    if not sums:
        raise ValueError("its end is missing")
    said = {name: digest for digest, name in (line.split("  ", 1) for line in sums.splitlines())}
    for name in sorted(found.keys() | said.keys()):
        if found.get(name) != said.get(name):
            raise ValueError(f"the SHA-256 of {name} is not what it was")
