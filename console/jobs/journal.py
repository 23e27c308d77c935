"""What a connector wrote down of a delivery, so that the next attempt sends nothing twice."""

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from shutil import copyfile

from django.conf import settings

from console.jobs.results import sent_path
from console.models import Job
from integrations import receipts

SUFFIX = ".journal"
PARTS = ("added", "changed", "removed")  # of what changed


class FileJournal:
    """A file of lines beside the snapshot. One for other rows, or other settings, is begun anew."""

    def __init__(self, job: Job, part: str = ""):
        self.path = journal_of(job, part)
        self.subject = {"for": receipts.digest([job.authentication_id, job.export])}
        self.lock, self.syncing = threading.Lock(), threading.Lock()
        self.file = None
        self.noted = self.safe = 0  # entries of this attempt, and how many a power cut leaves

    def read(self) -> list[dict]:
        found = list(self.lines())
        return found[1:] if found[:1] == [self.subject] else []

    def lines(self):
        with suppress(FileNotFoundError):
            for line in self.path.read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n"):  # A crash can cut off the last one.
                    yield json.loads(line)

    def write(self, entry: dict) -> None:
        number = self.note(entry)
        # Who comes while another waits for the disk shares the next wait with all who came.
        with self.syncing:
            if self.safe < number:
                noted = self.noted
                os.fsync(self.file.fileno())
                self.safe = noted

    def note(self, entry: dict) -> int:
        """Add an entry that may not be on the disk yet. Return the number of it."""
        with self.lock:
            if self.file is None:
                self.begin()
                self.file = self.path.open("ab")
            add(self.file, entry)
            self.noted += 1
            return self.noted

    def begin(self):
        """Leave a file that ends with a whole line, and is of this subject, under the name."""
        kept = self.read()
        part = self.path.with_suffix(f"{SUFFIX}.part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            add(file, self.subject, *kept)
            os.fsync(file.fileno())
        part.replace(self.path)

    def close(self) -> None:
        if self.file:
            self.file.close()


def add(file, *entries):
    file.write(b"".join(json.dumps(entry).encode() + b"\n" for entry in entries))
    file.flush()


def journal_of(job: Job, part: str = "") -> Path:
    """Return where the journal of the rows of a job is, or of those of a part that it sends."""
    path = Path(settings.RESULTS_DIR, sent_path(job))
    return path.with_suffix(f".{part}{SUFFIX}" if part else SUFFIX)


def journals_of(job: Job) -> list[Path]:
    """Return where the journals of a job can be."""
    return [journal_of(job, part) for part in ("", *(PARTS if job.changes else ()))]


def inherit(again: Job, job: Job) -> None:
    """Let a job that has another's rows know what of them was delivered already."""
    for source, copy in zip(journals_of(job), journals_of(again), strict=True):
        with suppress(FileNotFoundError):
            copyfile(source, copy)
