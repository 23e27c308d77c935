"""What the receiver has, written down: before the first row is sent, and when all were taken.

Before: what a job is about to send. If it ends without a receipt, nobody knows how much of it
came, and those keys are sent again. After: the rows that were delivered, in the transaction that
ends the job, and in no other.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from console.engines.differences import KeyedFile, settle
from console.jobs.changes.state import (
    Known,
    file_of,
    keep_file,
    known_of,
    own_of,
    running,
    sent_file,
    subject_now,
    subject_of_job,
    wishes,
)
from console.jobs.changes.wishes import is_of
from console.jobs.changes.words import total
from console.jobs.lease import Lease
from console.models import Delivered, Job, Query
from integrations.delivery import NO_ANSWER
from integrations.errors import Stopped

MOST_UNSURE = 8  # files of failed runs, before the latest stands for all
BEGINNING = {"path": "", "columns": [], "key": [], "rows": 0, "unsure": [], "job": None}
BEGINNING |= {"slot": None, "everything": "", "doubt": ""}


def begin(job: Job, lease: Lease) -> Known | None:
    """Write down what a job is about to send. Return what it is to be settled with.

    None: its query is gone, or of another destination by now. Stopped: it is another worker's.
    """
    name = sent_name(job) if total(job.compared) else ""
    if name:
        keep_file(Path(settings.RESULTS_DIR, job.changes_path), name)
    with transaction.atomic():
        known = noted(job, name) if is_there(job.query_id) else None
        job.compared |= {"begun": True}
        if not lease.own().update(compared=job.compared):
            raise Stopped  # and take back what was written
    return known


def sent_name(job):
    return f"{job.query_id}/sent-{job.pk}-{Path(job.changes_path).name}"


def noted(job, name):
    """Add what is sent to what nobody knows of. What the job was compared with stays the same."""
    state, _ = Delivered.objects.select_for_update().get_or_create(query=job.query)
    before = known_of(job)
    if not is_of(state.subject, subject_of_job(job)) and not is_current(job):
        return None
    if name:
        note_sent(job, state, before, name)
    after = known_of(job)
    if job.compared["basis"] == before.basis:
        job.compared |= {"basis": after.basis}
    return after


def note_sent(job, state, before, name):
    if not is_of(state.subject, subject := subject_of_job(job)):
        begin_anew(state, subject)
    state.subject = subject
    if all(each["path"] != name for each in state.unsure):
        entry = {"job": own_of(job), "path": name, "skip": 0, "columns": columns_of(job)}
        entry |= {"gone_from": job.compared["gone_from"]}
        state.unsure = [*still_unsure(job, state, before), entry]
    state.save()


def begin_anew(state, subject):
    """Let the row be of another destination, to which nothing was delivered yet."""
    for name, value in BEGINNING.items():
        setattr(state, name, value)
    state.subject = subject
    state.revision += 1


def still_unsure(job, state, before):
    """Return what was unsure before. A job that sends all that differs can stand for much of it."""
    covers = job.compared["basis"] == before.basis and all(wishes(job).send.values())
    if not covers or len(state.unsure) < MOST_UNSURE:
        return state.unsure
    job.compared |= {"merged": True}
    return []


def columns_of(job):
    return [name for name, _ in job.result_columns][: job.compared["width"]]


def is_current(job):
    """Return whether the job sends to where the query's next job will."""
    return subject_now(job.query) == subject_of_job(job)


def settled(job: Job, lease: Lease, known: Known | None) -> Callable[[], None] | None:
    """Make the files of what was delivered. Return what names them, to be done with the end."""
    if known is None or (job.compared.get("fixed") and not total(job.compared)):
        return None
    try:
        fields = fields_after(job, lease, known)
    except Exception:  # What was delivered stays so, though files go with a query that is deleted.
        if is_there(job.query_id):
            raise
        return None
    return lambda: switch(job, known.state, fields)


def is_there(query):
    return Query.objects.filter(pk=query).exists()


def switch(job, before, fields):
    """Let the row name the new files. If it changed meanwhile, all that was sent stays unsure."""
    state = Delivered.objects.select_for_update().filter(query=job.query_id).first()
    if state is None or state.revision != before.revision:  # Without a row the query is gone.
        return
    handed_in = [each for each in state.unsure if each not in before.unsure]
    for name, value in fields.items():
        setattr(state, name, value)
    if "unsure" in fields:  # Of failures that were handed in meanwhile the files know nothing.
        state.unsure = [*state.unsure, *handed_in]
    state.revision += 1
    state.save()


def fields_after(job, lease, known):
    """Return the fields of the row after a delivery."""
    rejects = lease.outcome.get("rejects_path") if lease.outcome.get("rejected") else ""
    if job.compared["basis"] != known.basis:
        return added_onto(job, lease, known, rejects)
    fields = {"subject": subject_of_job(job), "columns": job.result_columns, "doubt": ""}
    fields |= {"key": wishes(job).key, "everything": wishes(job).everything}
    fields |= {"slot": latest(job.slot, known.state.slot), "job": known.state.job}
    if total(job.compared) or known.state.job is None:
        fields["job"] = job
    result = Path(settings.RESULTS_DIR, job.result_path)
    if not rejects:
        path = keep_file(result, name_of(job, "rows"))
        return fields | {"path": path, "rows": job.rows, "unsure": []}
    base = KeyedFile(str(result), job.compared["key"])
    return fields | written(job, lease, base, known, rejects)


def latest(*slots):
    """Return the latest slot. One of the future, of a clock that was ahead, is before none."""
    now = timezone.now()
    return max((slot for slot in slots if slot and slot <= now), default=None)


def name_of(job, kind):
    return f"{job.query_id}/{kind}-{job.pk}-{job.worker or 0}.parquet"


def added_onto(job, lease, known, rejects):
    """Return the fields after rows were sent that are not of the latest comparison."""
    kinds = [kind for _, kind in job.result_columns][: job.compared["width"]]
    same_shape = [kind for _, kind in known.state.columns] == kinds
    if not (known.prior.before and same_shape):
        return {}  # What was sent stays unsure: the next run sends those keys again.
    return written(job, lease, known.prior.before, known, rejects, onto=True)


def written(job, lease, base, known, rejects, *, onto=False):
    names = name_of(job, "rows"), name_of(job, "unsure")
    outputs = [file_of(name) for name in names]
    outputs[0].parent.mkdir(parents=True, exist_ok=True)
    refused = str(Path(settings.RESULTS_DIR, rejects)) if rejects else None
    rows, unsure = settle(
        base, prior_of(job, known), sent_file(job), refused, outputs, running(lease),
        onto=onto, no_answer=NO_ANSWER,
    )  # fmt: skip
    columns = known.state.columns if onto else job.result_columns
    entry = {"job": 0, "path": names[1], "skip": 0, "columns": [name for name, _ in columns]}
    entry |= {"gone_from": 1 << 52}
    return {"path": names[0], "rows": rows, "unsure": [entry] if unsure else []}


def prior_of(job, known: Known):
    """Return what the receiver had or may have had before the job began."""
    if job.attempt > 1 or job.compared.get("merged"):
        return known.prior
    own = str(file_of(sent_name(job)))
    return replace(known.prior, unsure=[each for each in known.prior.unsure if each.path != own])
