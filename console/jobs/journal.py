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
    """A file of lines beside the snapshot.

    One for other rows, for other settings, or of another account is begun anew.
    """

    def __init__(self, job: Job, part: str = ""):
        self.path = journal_of(job, part)
        self.subject = subject_of(job)
        self.older = older_subject(job)
        self.lock, self.syncing = threading.Lock(), threading.Lock()
        self.file = None
        self.noted = self.safe = 0  # entries of this attempt, and how many a power cut leaves

    def read(self) -> list[dict]:
        subject, *entries = self.lines() or [None]
        return entries if subject in (self.subject, self.older) else []

    def of_another_account(self) -> bool:
        """Return whether it has what the same settings brought to another account."""
        subject, *entries = self.lines() or [{}]
        same = subject.get("for") == self.subject["for"]
        return same and bool(entries) and subject not in (self.subject, self.older)

    def lines(self) -> list[dict]:
        try:
            lines = self.path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        # A crash can cut off the last one.
        return [json.loads(line) for line in lines if line.endswith(b"\n")]

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
            with suppress(OSError):  # What had to be there for good was flushed, or has failed.
                self.file.close()


def subject_of(job: Job) -> dict:
    """Return what a journal is of: the settings, and the account that they lead to by now."""
    kept = job.authentication
    account = kept.connector(kept.plain_settings).account() if kept else {}
    return older_form(job) | {"account": receipts.digest(account)}


def older_subject(job: Job) -> dict | None:
    """Return it as older versions wrote it, where the account cannot be another one since then."""
    kept = job.authentication
    changed = kept and not kept.inline and kept.updated_at > job.origin.created_at
    return None if changed else older_form(job)


def older_form(job):
    return {"for": receipts.digest([job.authentication_id, job.export])}


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
