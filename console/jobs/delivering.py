"""The second half of a job: its result goes to the destination and leaves a receipt."""

import logging
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial

from django.conf import settings
from django.db import Error

from console.jobs.carrying import Carrying
from console.jobs.changes.sending import parts_of
from console.jobs.changes.settling import begin, settled
from console.jobs.changes.state import wishes
from console.jobs.changes.words import ALL_ROWS, MODE_REMEDY, REMOVALS_REMEDY, nothing_changed
from console.jobs.damage import damage_told
from console.jobs.ending import JobError
from console.jobs.journal import FileJournal
from console.jobs.lease import Lease
from console.jobs.log import write
from console.jobs.phases import enter, phase
from console.jobs.querying import slot_of
from console.jobs.receipts import signed, signing_key
from console.jobs.rejects import KeptRejects
from console.jobs.results import sent_rows_of
from console.jobs.retrying import first_of
from console.jobs.testing import few_rows, part_for
from console.jobs.writing import OwnTables
from console.models import Job
from integrations.connectors.receipt import Receipt
from integrations.delivery import Delivery
from integrations.models import PinnedHosts

logger = logging.getLogger(__name__)


def deliver(job: Job, lease: Lease, seconds: dict) -> dict:
    """Export the snapshot. Return the receipt, ready to be kept as JSON."""
    if job.authentication is None:
        raise JobError(
            "The export has no authentication.", remedy="Choose one on the query's page."
        )
    key = signing_key()  # What cannot be receipted is not sent.
    rows = sent_rows_of(job)
    exporter = job.authentication.connector(job.authentication.settings, job.export)
    if job.test:
        few_rows(exporter, job.test["changes"]).check()
    if job.changes is not None:
        check_changes(wishes(job), exporter)
    known = begin(job, lease) if job.changes is not None else None
    with phase(lease, Job.Phase.UPLOADING, seconds), damage_told(rows, lease):
        write(job, f"Exporting with {job.authentication.connector.label}.")
        receipt = exported(exporter, rows, job, lease)
        lease.with_success = settled(job, lease, known) if known else None
    lease.sent_bytes = receipt.bytes
    return signed(job, receipt, seconds, key)


def check_changes(wanted, exporter):
    """Raise JobError where what changed cannot be told to the destination as it is set up now."""
    if exporter.replaced():
        raise JobError(ALL_ROWS.format(exporter.replaced()), remedy=MODE_REMEDY)
    if wanted.removed and (why := exporter.removals()):
        raise JobError(why, remedy=f"In the export of the query: {REMOVALS_REMEDY}")


def exported(exporter, rows, job, lease):
    """Return the receipt. What was rejected, and who got what, is kept however it ends."""
    if job.changes is not None and not rows.count:
        return nothing_sent(job)
    apart = job.changes is not None and wishes(job).apart
    carrying = Carrying(job, exporter, KeptRejects(job), lease)
    if exporter.contract:
        enter(lease, Job.Phase.CHECKING)
    try:
        receipt = (exported_apart if apart else exported_whole)(
            exporter, rows, job, lease, carrying
        )
    except BaseException as error:
        lease.delivery = carrying.unsure(error)
        raise
    lease.delivery = carrying.delivered()
    return receipt


def exported_whole(exporter, rows, job, lease, carrying):
    with closing(FileJournal(job)) as journal:
        try:
            own = {"rejects": carrying.rejects, "journal": journal, "sending": carrying.prepare}
            return exporter.deliver(rows, delivery(job, lease, **own))
        finally:
            lease.outcome |= carrying.rejects.close()


def nothing_sent(job):
    """Return the receipt of a run that found no change to send."""
    note(job, f"Nothing is sent: {nothing_changed(job.compared)}")
    return Receipt(rows=0, bytes=0, skipped=nothing_changed(job.compared))


def exported_apart(exporter, rows, job, lease, carrying):
    """Return the receipt of a file for each operation that has rows."""
    rejects, sent = carrying.rejects, {}
    with ExitStack() as journals:
        parts = []
        for part in parts_of(job, rows):
            journal = journals.enter_context(closing(FileJournal(job, part.name)))
            own = {"rejects": part.rejects(rejects), "journal": journal}
            around = delivery(job, lease, sending=carrying.prepare, **own)
            progress = partial(note_part, job, lease, sent, part.name)
            parts.append((part.rows, replace(around, part=part.name, progress=progress)))
        try:
            return exporter.deliver_parts(parts)
        finally:
            lease.outcome |= rejects.close()


def note_part(job, lease, sent, name, count):
    sent[name] = count
    note_sent(job, lease, sum(sent.values()))


def delivery(job, lease, **more):
    return Delivery(
        known_hosts=PinnedHosts(),
        networks=tuple(settings.EGRESS_NETWORKS),
        stopped=lease.stopped,
        held=lease.held,
        progress=lambda count: note_sent(job, lease, count),
        log=lambda text: note(job, text),
        tables=OwnTables(job, lease),
        slot=slot_of(job),
        requests=lease.requests,
        whole=job.changes is None or not job.compared["counts"]["same"],
        job=f"{job.pk}.{job.attempt}",
        number=str(first_of(job).pk),
        test=bool(job.test),
        part=part_for(job.test and job.test["changes"]),
        **more,
    )


def note(job, text):
    """Write a line of the log. Where that fails, the delivery goes on: it can be done already."""
    try:
        write(job, text)
    except Error:
        logger.exception("A line of the log of job %s could not be written.", job.pk)


def note_sent(job, lease, count):
    lease.sent_bytes = count
