"""Who got what: written to a file before a job sends anything, and counted when the job ends."""

import logging
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from console.deliveries import keys
from console.jobs.journal import FileJournal
from console.jobs.lease import Lease
from console.jobs.phases import enter
from console.jobs.rejects import KeptRejects
from console.models import Delivery, Job, LogKey
from console.outages import OUTAGES
from console.tables import log
from integrations.delivery import NO_ANSWER
from integrations.errors import Stopped, TransientError
from integrations.rows.chosen import Chosen
from integrations.rows.joined import Joined

logger = logging.getLogger(__name__)


def path_of(job: Job) -> Path:
    """Return where a claim of the job writes down what it hands over."""
    day = f"{job.started_at:%Y-%m-%d}"
    return Path(settings.DELIVERIES_DIR, day, f"job-{job.pk}-{job.worker}.parquet")


def facts_of(job: Job) -> dict:
    """Return what all entries of a job have in common."""
    about = job.about or {}
    texts = {
        **{name: about.get(name) for name in ABOUT},
        "integration_type": job.authentication.type,
        "attempt_id": f"{job.pk}.{job.attempt}",
        "connection_id": job.authentication_id,
        "query_name": job.name,
    }
    known = {name: None if text is None else str(text) for name, text in texts.items()}
    return known | {"time": int(timezone.now().timestamp()), "session_id": job.pk}


@contextmanager
def trouble_told():
    """Say in a sentence that the log cannot be written, such as for want of room."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # It is of the rows.
            raise
        raise TransientError(
            f"It cannot be written down who gets what ({error.strerror}), so nothing was sent.",
            remedy="Ask an administrator to look at the disk of this server.",
        ) from error


ABOUT = ("segment_name", "segment_id", "audience_name", "audience_id")
ABOUT += ("activation_id", "activation_name")


class Carrying:
    """What one attempt at a job hands over. Nothing is sent that cannot be written down."""

    def __init__(self, job: Job, connector, rejects: KeptRejects, lease: Lease):
        self.job, self.connector = job, connector
        self.rejects, self.lease = rejects, lease
        self.key = keys.current() if settings.DELIVERY_LOG else None
        self.keyed = self.key and keys.keyed(self.key)
        self.rows = self.summary = None
        self.rejected = 0  # rows that were, before any was sent

    def prepare(self, rows: Joined) -> None:
        """Write down all rows that are to be sent: they hold to what is asked of them."""
        if self.connector.contract:
            enter(self.lease, Job.Phase.UPLOADING)
        if self.key and rows.count:
            self.rows, self.rejected = rows, self.rejects.count
            with trouble_told():
                self.summary = self.write(self.check)

    def check(self):
        if self.lease.stopped():
            raise Stopped

    def write(self, check, **carried):
        from console.deliveries.writing import Carried, Log  # They load Arrow.

        written = Log(path_of(self.job), self.keyed, self.connector.identifiers(), self.key.number)
        return written.write(self.sent(), Carried(**carried), facts_of(self.job), check)

    def sent(self) -> Joined | Chosen:
        """Return the rows with the columns that are sent."""
        names = self.rows.schema.names
        sent = self.connector.columns_sent(names)
        return self.rows if sent == names else Chosen(self.rows, sent)

    def delivered(self) -> Delivery | None:
        """Return what to keep of a job that delivered all rows but those that were rejected."""
        if self.summary is None:
            return None
        if self.rejects.count > self.rejected:
            self.rewrite(self.numbers)
        return self.kept(Delivery.Status.DELIVERED)

    def unsure(self, error: BaseException) -> Delivery | None:
        """Return what to keep of a job that failed where some rows may have arrived."""
        sent = self.lease.sent_bytes or getattr(error, "unanswered", False)
        whole = getattr(error, "may_be_there", False)
        if self.summary is None or not (whole or (sent and self.in_parts)):
            return None
        self.rewrite(self.what_may_be_there)
        return self.kept(Delivery.Status.UNSURE)

    def what_may_be_there(self):
        numbers = self.numbers() if self.rejects.count > self.rejected else {}
        return {"status": Delivery.Status.UNSURE.value, "before": self.reached()} | numbers

    @property
    def in_parts(self):
        """Whether some of the rows can be there without the others."""
        return self.connector.in_parts or len(self.rows.parts) > 1

    def reached(self):
        """Return the row from which on none was sent, where that can be told."""
        if len(self.rows.parts) > 1:
            return None
        return self.connector.reached(FileJournal(self.job).read(), self.rejected)

    def rewrite(self, carried):
        """Write down what went out after all. Where that fails, what was to go out stays.

        The delivery is done: no trouble here may let the job end in another way.
        """
        try:
            self.summary = self.write(lambda: None, **carried())
        except Exception:
            logger.exception("Of job %s it is logged what was to go out.", self.job.pk)

    def numbers(self):
        """Return the numbers of rejected rows, apart from those that may have been taken."""
        doubtful = self.rejects.numbers(NO_ANSWER)
        left_out = set(self.rejects.numbers()) - set(doubtful)
        return {"left_out": sorted(left_out), "doubtful": sorted(doubtful)}

    def kept(self, status):
        summary, path = self.summary, path_of(self.job)
        return Delivery(
            job=self.job,
            key=self.key,
            at=timezone.now(),
            status=status,
            path=str(path.relative_to(settings.DELIVERIES_DIR)) if summary.entries else "",
            identifiers=[list(each) for each in summary.identifiers],
            attributes=summary.attributes,
            entries=summary.entries,
            bytes=summary.bytes,
        )


FIELDS = ("key", "at", "status", "path", "identifiers", "attributes", "entries", "bytes")


def record(delivery: Delivery) -> None:
    """Count a delivery in, in the place of what an earlier attempt at the job may have sent.

    To be called in the transaction that ends the attempt.
    """
    fields = {name: getattr(delivery, name) for name in FIELDS}
    before = Delivery.objects.filter(job_id=delivery.job_id).first() or Delivery()
    Delivery.objects.update_or_create(job_id=delivery.job_id, defaults=fields)
    log.count(delivery.entries - before.entries, delivery.bytes - before.bytes)


def of_the_dead(job: Job) -> Delivery | None:
    """Return what to keep of a job whose worker died while it was sending: it may have arrived."""
    if not (job.worker and job.started_at and job.phase == Job.Phase.UPLOADING):
        return None
    path = path_of(job)
    if not path.exists():
        return None
    try:
        return as_unsure(job, path)
    except OUTAGES:
        raise
    except Exception:  # The job has to go on all the same.
        logger.exception("What job %s may have delivered could not be counted.", job.pk)
        return None


def as_unsure(job, path):
    """Write the file anew with all entries unsure. Return what to keep."""
    from console.deliveries.files import changed, told  # They load Arrow.

    about = told(path)
    key = LogKey.objects.get(number=about["key"])
    new = path.with_name(f"{path.stem}.unsure-{uuid4().hex[:8]}.parquet")  # Two may be at it.
    entries, size = changed(path, new, status=Delivery.Status.UNSURE.value)
    return Delivery(
        job=job,
        key=key,
        at=timezone.now(),
        status=Delivery.Status.UNSURE,
        path=str(new.relative_to(settings.DELIVERIES_DIR)),
        identifiers=about["identifiers"],
        attributes=about["attributes"],
        entries=entries,
        bytes=size,
    )
