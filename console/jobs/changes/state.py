"""What the receiver has, as far as it is known: the row of a query, and the files it names."""

import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from console import tables
from console.engines.differences import KeyedFile, Prior, Running
from console.engines.process import sync_folder
from console.jobs.changes.wishes import Changes, is_of, subject_of
from console.jobs.lease import Lease
from console.jobs.retrying import first_of, link
from console.models import Delivered, Job, Query
from integrations import receipts
from integrations.errors import PermanentError

FIRST, OTHER_KEY, LOST = "first", "key", "lost"


@dataclass(frozen=True)
class Known:
    """What a result is compared with."""

    state: Delivered
    prior: Prior
    basis: str  # what tells it from any other state
    why: str = ""  # why there is nothing to compare with: FIRST, OTHER_KEY, LOST

    @property
    def rows(self) -> int:
        return self.state.rows if self.prior.before else 0


def file_of(name: str) -> Path:
    return Path(settings.DELIVERED_DIR, name)


def wishes(job: Job) -> Changes:
    return Changes.of(job.changes)


def subject_of_job(job: Job) -> str:
    return subject_of(job.authentication, job.export, job.changes)


def subject_now(query: Query | None) -> str | None:
    """Return what the query's export is of now; None where it sends everything, or nothing."""
    now = query and Query.objects.select_related("authentication").filter(pk=query.pk).first()
    if now is None or now.changes is None or now.authentication is None:
        return None
    return subject_of(now.authentication, now.export or {}, now.changes)


def known_of(job: Job) -> Known:
    """Return what is known of the receiver of a job."""
    check_key(wishes(job).key, job.result_columns)
    subject, own = subject_of_job(job), own_of(job)
    return known_to(job.query, subject, job.result_columns, wishes(job).key, own)


def check_key(key: list[str], columns: list) -> None:
    """Raise PermanentError where the result lacks a key column."""
    names = [name for name, _ in columns]
    if missing := [name for name in key if name not in names]:
        raise PermanentError(
            f"The result has no column {missing[0]}, which is a key of the export. Its columns "
            f"are {', '.join(names)}. Nothing was sent.",
            remedy="Choose the key columns anew in the export, or name the column in the query.",
        )


def known_to(query: Query, subject: str, columns: list, key: list[str], own: int = 0) -> Known:
    """Return what is known of the receiver, for a result with these columns and this key.

    What the job `own` itself has sent does not make another basis.
    """
    state = Delivered.objects.filter(query=query).first() or Delivered(query=query)
    others = [each["path"] for each in state.unsure if each["job"] != own]
    basis = receipts.digest([subject, state.revision, state.subject, others])
    if not is_of(state.subject, subject) or not files_of(state):
        return Known(state, Prior(), basis, FIRST)
    if not all(file_of(name).is_file() for name in files_of(state)):
        return Known(state, Prior(), basis, LOST)
    now = [[name for name, _ in columns].index(name) for name in key]
    unsure = [unsure_file(each, key, now) for each in state.unsure]
    unsure = [each for each in unsure if each]
    if not state.path:
        return Known(state, Prior(unsure=unsure), basis, FIRST)
    if not (places := places_before(state, key, now)):
        return Known(state, Prior(), basis, OTHER_KEY)
    before = KeyedFile(str(file_of(state.path)), places)
    return Known(state, Prior(before, unsure), basis)


def places_before(state, key, now):
    """Return where the key was in what was delivered; nothing where it was another one.

    It is found by its names; or by its place, where only names have changed.
    """
    names = [name for name, _ in state.columns]
    before = [names.index(name) for name in state.key]
    return before if state.key == key or before == now else None


def unsure_file(entry, key, now) -> KeyedFile | None:
    """Return a file of what was sent, with the key found by its names or its place."""
    names = entry["columns"]
    by_name = [names.index(name) for name in key if name in names]
    places = by_name if len(by_name) == len(key) else now
    if max(places) >= len(names):
        return None
    return KeyedFile(
        str(file_of(entry["path"])),
        places,
        skip=entry["skip"],
        width=len(names),
        gone_from=entry["gone_from"],
    )


def files_of(state: Delivered) -> list[str]:
    """Return the files that a row names, which have to be kept."""
    return [*filter(None, [state.path]), *(each["path"] for each in state.unsure)]


def sent_file(job: Job) -> KeyedFile:
    """Return the file of what a job sends."""
    told = job.compared
    path = str(Path(settings.RESULTS_DIR, job.changes_path))
    return KeyedFile(path, told["key"], width=told["width"], gone_from=told["gone_from"])


def own_of(job: Job) -> int:
    """Return under which number a job keeps what it sent: a retry has that of the first."""
    return first_of(job).pk


def keep_file(path: Path, name: str) -> str:
    """Keep a file of a result as one of what was delivered. Return its name."""
    target = file_of(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    link(path, part)
    os.utime(part)  # It is new here, whatever its age: the tidying spares what is new.
    part.replace(target)
    part.unlink(missing_ok=True)  # Of two names of the same file, both stay.
    sync_folder(target.parent)
    return name


def running(lease: Lease) -> Running:
    def progress(share):
        lease.progress = share

    return Running(tables.limits(), lease.stopped, progress)
