"""Objects as files: ROOT/BUCKET/KEY, and what else is known of them in ROOT/.s3."""

import base64
import hashlib
import json
import secrets
import shutil
import zlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from integrations.sandbox.s3.refusing import Refusal

BLOCK = 1 << 20


@dataclass
class About:
    """What is known of an object beside its bytes."""

    etag: str = ""
    crc32: str = ""
    algorithm: str = ""  # of an upload whose parts have checksums
    checksum_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)  # that it was made with


class Store:
    """The buckets, which are folders, and the uploads that are under way."""

    def __init__(self, root: Path, buckets: tuple[str, ...]):
        self.root = root.resolve()
        self.known = self.root / ".s3"
        for folder in (*(self.root / bucket for bucket in buckets), self.known / "uploads"):
            folder.mkdir(parents=True, exist_ok=True)

    def buckets(self) -> list[str]:
        return sorted(path.name for path in self.root.iterdir() if not path.name.startswith("."))

    def bucket(self, name: str) -> Path:
        if name not in self.buckets():
            raise Refusal(404, "NoSuchBucket")
        return self.root / name

    def place(self, bucket: str, key: str) -> Path:
        """Return where the bytes of an object are."""
        if any(part in ("", ".", "..") for part in key.split("/")):
            raise Refusal(400, "InvalidArgument")
        return self.bucket(bucket) / key

    def note(self, bucket: str, key: str) -> Path:
        return self.known / "objects" / bucket / f"{quote(key, safe='')}.json"

    def about(self, bucket: str, key: str) -> About:
        if not self.place(bucket, key).is_file():
            raise Refusal(404, "NoSuchKey")
        return About(**json.loads(self.note(bucket, key).read_text()))

    def keys(self, bucket: str, prefix: str) -> list[str]:
        folder = self.bucket(bucket)
        files = (path for path in folder.rglob("*") if path.is_file())
        found = (path.relative_to(folder).as_posix() for path in files)
        return sorted(key for key in found if key.startswith(prefix))

    def put(self, bucket: str, key: str, pieces: list[Path | bytes], about: About) -> None:
        """Make an object of the pieces: all of it, or what was there before."""
        place, note = self.place(bucket, key), self.note(bucket, key)
        made = self.known / secrets.token_hex(8)
        with made.open("wb") as file:
            for piece in pieces:
                file.writelines(blocks_of(piece))
        place.parent.mkdir(parents=True, exist_ok=True)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(asdict(about)))
        made.replace(place)

    def remove(self, bucket: str, key: str) -> None:
        self.place(bucket, key).unlink(missing_ok=True)
        self.note(bucket, key).unlink(missing_ok=True)

    def begin(self, bucket: str, key: str, about: About) -> str:
        self.place(bucket, key)
        upload = secrets.token_hex(16)
        folder = self.known / "uploads" / upload
        folder.mkdir()
        begun = {"bucket": bucket, "key": key, "at": stamp(datetime.now(UTC))}
        (folder / "upload.json").write_text(json.dumps(begun | asdict(about)))
        return upload

    def uploads(self, bucket: str) -> list[tuple[str, dict]]:
        files = sorted((self.known / "uploads").glob("*/upload.json"))
        found = [(file.parent.name, json.loads(file.read_text())) for file in files]
        return [(upload, begun) for upload, begun in found if begun["bucket"] == bucket]

    def upload(self, upload: str) -> Path:
        folder = self.known / "uploads" / upload
        if not (upload.isalnum() and folder.is_dir()):
            raise Refusal(404, "NoSuchUpload")
        return folder

    def part(self, upload: str, number: int, data: bytes) -> str:
        """Keep a part, and return its ETag."""
        folder = self.upload(upload)
        made = folder / f"{secrets.token_hex(4)}.new"
        made.write_bytes(data)
        made.replace(folder / str(number))
        return md5(data)

    def abort(self, upload: str) -> None:
        shutil.rmtree(self.upload(upload))


def blocks_of(piece):
    """Yield the bytes of a piece, a file a block at a time."""
    if isinstance(piece, bytes):
        yield piece
        return
    with piece.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def crc32(pieces: list[Path | bytes]) -> str:
    checksum = 0
    for piece in pieces:
        for block in blocks_of(piece):
            checksum = zlib.crc32(block, checksum)
    return base64.b64encode(checksum.to_bytes(4, "big")).decode()


def composite(parts: list[Path]) -> str:
    """Return the checksum of the checksums of the parts."""
    checksums = b"".join(base64.b64decode(crc32([part])) for part in parts)
    return f"{crc32([checksums])}-{len(parts)}"


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
