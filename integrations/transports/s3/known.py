"""What the tries of one upload know of each other, those of workers that died too."""

import secrets
from dataclasses import asdict

from integrations.delivery import Journal
from integrations.transports.s3.arriving import Asked
from integrations.transports.s3.parts import Part


class Known:
    """Uploads that are under way, their parts, and what was asked for without an answer yet."""

    def __init__(self, journal: Journal, job: str = ""):
        self.journal = journal
        self.job = job.partition(".")[0]  # the same for all attempts at it
        self.uploads = {}  # id -> key
        self.tokens = {}  # id -> what marks the object as this upload's
        self.wholes = set()  # ids of uploads whose objects have one checksum of all their bytes
        self.parts = {}  # (id, number) -> Part
        self.asked = None
        self.untold = ""  # why nobody knows whether that is there, as far as somebody looked
        self.checksums = True  # whether the server takes them, as far as it has told
        self.read = False

    def recall(self) -> None:
        """Read what earlier attempts wrote down."""
        if self.read:
            return
        self.read = True
        for entry in self.journal.read():
            self.take(entry)

    def take(self, entry):
        match entry:
            case {"part": number, "upload": upload, "sha256": sha256, "etag": etag}:
                self.parts[upload, number] = Part(sha256, etag, entry.get("crc32"))
            case {"upload": upload, "key": key, "token": token}:
                self.uploads[upload], self.tokens[upload] = key, token
                self.checksums = entry.get("checksums", True)
                self.wholes |= {upload} if entry.get("whole") else set()
            case {"asked": asked}:
                self.asked = Asked(**asked)
            case _:
                self.take_end(entry)

    def take_end(self, entry):
        match entry:
            case {"refused": upload}:
                self.settle(upload)
            case {"ended": upload}:
                self.settle(upload)
                self.forget(upload)
            case {"dropped": upload}:
                self.forget(upload)
            case {"unsure": upload, "job": job} if job != self.job:
                self.forget(upload)  # Somebody was told, and asked for it once more.

    def begun(self, upload: str, key: str, token: str, *, whole: bool) -> None:
        self.uploads[upload], self.tokens[upload] = key, token
        self.wholes |= {upload} if whole else set()
        told = {"checksums": self.checksums, "whole": whole}
        self.journal.write({"upload": upload, "key": key, "token": token} | told)

    def confirmed(self, upload: str, number: int, part: Part) -> None:
        self.parts[upload, number] = part
        self.journal.write({"upload": upload, "part": number, **asdict(part)})

    def parts_of(self, upload: str) -> list[tuple[int, Part]]:
        """Return the parts of an upload in their order, each with its number."""
        return sorted((place[1], part) for place, part in self.parts.items() if place[0] == upload)

    def ask(self, asked: Asked) -> None:
        """Note that the object is asked for; parts of an upload are noted for later attempts."""
        self.asked = asked
        if asked.upload:
            self.journal.write({"asked": asdict(asked)})

    def done(self) -> None:
        """Note that what was asked for is there."""
        asked, self.asked = self.asked, None
        if asked.upload:
            self.ended(asked.upload)

    def refused(self) -> None:
        """Note that what was asked for is not there, and that the server is not at it."""
        asked, self.asked = self.asked, None
        if asked.upload:
            self.journal.write({"refused": asked.upload})

    def unsure(self) -> None:
        """Note that nobody knows whether what was asked for is there, and that a person is told."""
        self.journal.write({"unsure": self.asked.upload, "job": self.job})

    def ended(self, upload: str) -> None:
        """Note that the server knows nothing of the upload any more; its object can be there."""
        self.forget(upload)
        self.journal.write({"dropped" if self.is_asked_of(upload) else "ended": upload})

    def settle(self, upload):
        self.asked = None if self.is_asked_of(upload) else self.asked

    def is_asked_of(self, upload):
        return bool(self.asked) and self.asked.upload == upload

    def forget(self, upload):
        """Go on without the upload. What was asked for of it is known still: it can be there."""
        self.uploads.pop(upload, None)
        self.tokens.pop(upload, None)
        self.parts = {place: part for place, part in self.parts.items() if place[0] != upload}


def new_token() -> str:
    return secrets.token_hex(16)
