"""Custom lists: an address for a file, the file, and the word that it is complete."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from integrations.sandbox.clevertap import ADMIN
from integrations.sandbox.clevertap.store import Store

HEADER = b"type,identity"
BLOCK = 1 << 20


class Lists:
    """The segments of the account that are custom lists."""

    def __init__(self, store: Store, address: str, most_bytes: int):
        self.store, self.address, self.most_bytes = store, address, most_bytes
        self.uploads = store.lists / "uploads"
        self.uploads.mkdir(exist_ok=True)
        self.given = set()  # names of files that have an address
        self.segments = {entry["name"]: entry["id"] for entry in store.read("lists")}

    def give_url(self) -> dict:
        name = secrets.token_hex(8)
        self.given.add(name)
        signed = f"{self.address}/lists/{name}.csv?X-Amz-Signature={secrets.token_hex(16)}"
        return {"presignedS3URL": signed, "expiry": "in 24 hours", "status": "success"}

    def path(self, target: str) -> Path | None:
        """Return the file of an address that was given, without its signature."""
        name = target.partition("?")[0].removeprefix("/lists/").removesuffix(".csv")
        return self.uploads / f"{name}.csv" if name in self.given else None

    def put(self, target: str, blocks: Iterator[bytes], size: int) -> int:
        """Keep a file, and return the status of the answer."""
        path = self.path(target)
        if path is None:
            return 403
        if size > self.most_bytes:
            return 400
        with path.open("wb") as file:
            for block in blocks:
                file.write(block)
        return 200

    def complete(self, said: dict) -> dict:
        """Make a segment of a file, or put it in the place of another."""
        name, path = said.get("name"), self.path(url_path(said.get("url")))
        wrong = self.wrong(said, name, path)
        if wrong:
            return {"status": "fail", "error": wrong}
        people = lines_in(path) - 1
        number = self.segments.setdefault(name, len(self.segments) + 1)
        replaced = self.store.lists / f"{number}.csv"
        replaced.unlink(missing_ok=True)
        replaced.hardlink_to(path)
        self.store.add("lists", {"name": name, "id": number, "people": people, **about(said)})
        return {"status": "success", "Segment ID": number}

    def wrong(self, said, name, path) -> str:
        if not name or not said.get("filename") or not said.get("creator"):
            return "name, filename and creator are mandatory"
        if said.get("email") != ADMIN:
            return "The email is not that of a user with an admin role"
        if path is None or not path.exists():
            return "No file was uploaded to the url"
        if not begins_rightly(path):
            return "The file does not begin with Type,Identity"
        if said.get("replace") and name not in self.segments:
            return "There is no segment of that name"
        if not said.get("replace") and name in self.segments:
            return "A segment of that name exists"
        return ""


def begins_rightly(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(HEADER)).lower() == HEADER


def lines_in(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))


def url_path(url) -> str:
    return "/" + str(url).partition("://")[2].partition("/")[2]


def about(said: dict) -> dict:
    return {name: said[name] for name in ("filename", "email", "creator", "replace")}
