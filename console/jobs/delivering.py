"""The second half of a job: its result goes to the destination and leaves a receipt."""

import logging
from contextlib import closing

from django.conf import settings
from django.db import Error

from console.jobs.damage import damage_told
from console.jobs.ending import JobError
from console.jobs.journal import FileJournal
from console.jobs.lease import Lease
from console.jobs.log import write
from console.jobs.phases import phase
from console.jobs.querying import first_of, slot_of
from console.jobs.receipts import signed, signing_key
from console.jobs.rejects import KeptRejects
from console.jobs.results import rows_of
from console.jobs.writing import OwnTables
from console.models import Job
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
    rows = rows_of(job)
    exporter = job.authentication.connector(job.authentication.settings, job.export)
    with phase(lease, Job.Phase.UPLOADING, seconds), damage_told(rows, lease):
        write(job, f"Exporting with {job.authentication.connector.label}.")
        receipt = exported(exporter, rows, job, lease)
    lease.sent_bytes = receipt.bytes
    return signed(job, receipt, seconds, key)


def exported(exporter, rows, job, lease):
    """Return the receipt. What was rejected is kept, however it ends."""
    rejects = KeptRejects(job)
    with closing(FileJournal(job)) as journal:
        try:
            around = delivery(job, lease, rejects=rejects, journal=journal)
            return exporter.deliver(rows, around)
        finally:
            lease.outcome |= rejects.close()


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
        job=f"{job.pk}.{job.attempt}",
        number=str(first_of(job).pk),
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
