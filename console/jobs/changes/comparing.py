"""The step between the query and the delivery: what differs from what was delivered before."""

from pathlib import Path

from django.conf import settings

from console.engines.differences import KeyedFile, Wanted, compare, samples_of
from console.jobs.changes.approving import needs_second
from console.jobs.changes.state import (
    FIRST,
    known_of,
    running,
    subject_now,
    subject_of_job,
    wishes,
)
from console.jobs.changes.words import bad_keys, in_words, keys_named
from console.jobs.damage import damage_before_told, damage_told
from console.jobs.ending import JobError
from console.jobs.lease import Lease
from console.jobs.log import write
from console.jobs.phases import phase
from console.jobs.results import changes_of
from console.models import Job
from integrations.errors import PermanentError
from integrations.rows import Rows

FIELDS = ("changes_path", "compared", "released_by")


class TooLate(Exception):
    """A slot comes after a later one was delivered: one sentence."""


def compare_job(job: Job, lease: Lease, seconds: dict) -> None:
    """Find out what differs, unless that is known already and still so."""
    if job.changes is None or is_known(job):
        return
    check_current(job)
    known = known_of(job)
    check_turn(job, known)
    with phase(lease, Job.Phase.WRITING, seconds):
        keep(job, lease, known)
    write(job, in_words(job.compared))


def is_known(job):
    """Return whether the rows to send are there, and what they were compared with is as it was."""
    if not job.changes_path or not changes_file(job).is_file():
        return False
    return bool(job.compared.get("fixed")) or job.compared["basis"] == known_of(job).basis


def changes_file(job: Job) -> Path:
    return Path(settings.RESULTS_DIR, job.changes_path)


def check_current(job):
    """Raise JobError where what the receiver has is not kept for such a job any more."""
    if job.authentication is None:
        raise JobError(
            "The export has no authentication.", remedy="Choose one on the query's page."
        )
    if subject_now(job.query) != subject_of_job(job):
        raise JobError(
            "The export was changed after this job was made, so it is not known what of the "
            "result its destination has. Nothing was sent.",
            remedy="Run the query again.",
        )


def check_turn(job, known):
    last = known.state.slot if known.prior.before else None
    if job.slot and last and job.slot < last:
        raise TooLate(
            f"The slot {job.slot:%Y-%m-%d %H:%M} UTC is older than the one that was delivered "
            f"last, {last:%Y-%m-%d %H:%M} UTC. Its changes would undo newer ones, so nothing was "
            "sent."
        )


def keep(job, lease, known):
    """Write the rows that differ beside the result, and what they are to the job."""
    wanted, names = wishes(job), [name for name, _ in job.result_columns]
    check_column(wanted, names)
    new = KeyedFile(str(Path(settings.RESULTS_DIR, job.result_path)),
                    [names.index(name) for name in wanted.key])  # fmt: skip
    path = changes_of(job)
    how = Wanted(
        send=wanted.send,
        column=wanted.told_in,
        words=wanted.words,
        apart=wanted.apart,
        everything=wanted.everything != known.state.everything,
    )
    with damage_told(Rows(Path(new.path)), lease), damage_before_told(known.prior):
        found = compare(new, known.prior, how, path, running(lease))
    if found.bad:
        refuse_keys(job, wanted.key, found.bad)
    job.changes_path = str(path.relative_to(settings.RESULTS_DIR))
    job.compared = found_as_told(
        wanted, known, found, new.key, job.result_columns, everything=how.everything
    )
    job.released_by = None  # If somebody released something, it was something else.
    lease.own().update(**{field: getattr(job, field) for field in FIELDS})


def refuse_keys(job, key, bad):
    """Raise PermanentError. The values of keys are only in the log: the error is read by more."""
    if named := keys_named(key, bad):
        write(job, named)
    raise PermanentError(bad_keys(key, bad), remedy=KEYS_REMEDY)


KEYS_REMEDY = (
    "Choose key columns that tell each row from all others, or change the query so that it finds "
    "each key once."
)


def check_column(wanted, names):
    if wanted.told_in.lower() in {name.lower() for name in names}:
        raise PermanentError(
            f"The result has a column {wanted.told_in}, and so is the column called that tells "
            "the operation. Nothing was sent.",
            remedy="Give one of them another name, in the query or in the export.",
        )


def found_as_told(wanted, known, found, key, columns, *, everything):
    """Return what is kept of a comparison."""
    sent = {name: found.counts[name] if on else 0 for name, on in wanted.send.items()}
    compared = {
        "basis": known.basis,
        "counts": found.counts,
        "sent": sent,
        "before": known.rows,
        "against": known.state.job_id if known.prior.before else None,
        "why": known.why,
        "everything": everything,
        "reshaped": shape_before(known) if found.reshaped else None,
        "unsure": bool(known.prior.unsure or (known.why != FIRST and known.state.unsure)),
        "doubt": known.state.doubt if known.why != FIRST else "",
        "key": key,
        "width": len(columns),
        "gone_from": sent["added"] + sent["changed"],
    }
    return compared | {"second": needs_second(wanted, compared)}


def shape_before(known):
    return [f"{name} {kind}" for name, kind in known.state.columns]


def samples_file(job: Job) -> Path:
    return samples_of(changes_file(job))
