"""The right to run a job: claimed by one worker, renewed while it lives, lost when it dies."""

import os
import threading
import time
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from console.jobs.places import STARTS_WITH_EXPORT, NoPlace, full, lock
from console.jobs.shares import exhausted, taking
from console.models import Job, Query
from console.outages import OUTAGES, PAUSE
from integrations.connectors.base import Share
from integrations.errors import Stopped

SECONDS = 45  # and ten more until a lost job is noticed: less than a minute in all
RENEWED_EVERY = 15
LOOKED_EVERY = 1
KILLED, TOO_LONG, LOST = "killed", "too long", "lost"


def ready(now=None):
    """Return the queued jobs that may start now, the most urgent first."""
    due = Q(not_before=None) | Q(not_before__lte=now or Now())
    waiting = Job.objects.filter(due, status=Job.Status.QUEUED, held_because="")
    blocked = STARTS_WITH_EXPORT & (Q(authentication__in=full()) | Q(account__in=exhausted()))
    scheduled, again = before()
    not_its_turn = Q(in_turn=True) & (Exists(scheduled) | Exists(again))
    compares = Q(changes__isnull=False, query__isnull=False)
    too_early = compares & Exists(comparing(OuterRef("query"), OuterRef("pk")))
    free = waiting.exclude(blocked).exclude(not_its_turn).exclude(too_early)
    return free.order_by("-priority", "pk")


def comparing(query, job):
    """Return the jobs of a query that have to end before one which compares with what they send."""
    same = Job.objects.filter(query=query, changes__isnull=False).exclude(pk=job)
    earlier = Q(status=Job.Status.QUEUED, held_because="", pk__lt=job)
    return same.filter(earlier | Q(status=Job.Status.RUNNING))


def before():
    """Return what each job in turn waits for: scheduled runs of its query, slots made again.

    One that is held has no end. They are two questions, as an index answers each of them.
    """
    unfinished = [Job.Status.QUEUED, Job.Status.RUNNING]
    earlier = Job.objects.filter(pk__lt=OuterRef("pk"), held_because="", status__in=unfinished)
    # A slot that is made again is of no schedule: that has its job already.
    own = Query.objects.filter(pk=OuterRef(OuterRef("query"))).values("schedule")
    scheduled = earlier.filter(schedule=Coalesce(OuterRef("schedule"), Subquery(own)))
    # Few jobs without a schedule are not done; of a query there may be many that are.
    again = earlier.filter(schedule=None, in_turn=True).alias(of=Coalesce("query", 0))
    return scheduled, again.filter(of=OuterRef("query"))


def claim(job_id: int) -> Job | None:
    """Make a queued job this worker's own. One of many that try at once gets it."""
    token = f"{os.getpid()}-{uuid4().hex}"
    with transaction.atomic():
        lock(jobs=job_id)
        won = ready().filter(pk=job_id).update(
            status=Job.Status.RUNNING,
            phase=Case(
                When(STARTS_WITH_EXPORT, Value(Job.Phase.UPLOADING)), default=F("phase")
            ),
            attempt=F("attempt") + 1,
            worker=token,
            lease_until=Now() + timedelta(seconds=SECONDS),
            not_before=None,
            progress=None,
            started_at=timezone.now(),
        )  # fmt: skip
    # All that the receipt needs: once a file is delivered nothing is asked that could fail.
    whole = Job.objects.select_related("owner", "authentication", "query", "released_by")
    return whole.get(pk=job_id) if won else None


class Lease:
    """Renews a claim from a thread, and tells the work when it has to end, and why."""

    def __init__(self, job: Job):
        self.job = job
        self.reason = ""
        self.progress = None
        self.sent_bytes = 0  # by this attempt
        self.sent_before = job.sent_bytes if job.sends_in_parts else 0
        self.requests = 0  # that the receiver may be sent at once, where these are counted
        self.delivery = None  # what was handed over, counted with how the job ended
        self.outcome = {}  # fields of the job that are written with how it ended
        self.with_success = None  # what is done in the transaction that ends it well
        self.written = (None, 0)
        self.over = threading.Event()
        self.ends_at = time.monotonic() + SECONDS
        self.job_ends_at = time.monotonic() + settings.JOB_SECONDS
        self.thread = threading.Thread(target=self.keep, name=f"lease of job {job.pk}")

    def __enter__(self):
        self.thread.daemon = True
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(5)

    def stopped(self) -> bool:
        """Return whether the work has to end: killed, too long, or another worker's now."""
        if not self.reason and time.monotonic() > self.ends_at:
            self.reason = LOST
        return bool(self.reason)

    def held(self) -> bool:
        """Renew the lease. Return whether the job is this worker's, as the database has it.

        A database that is away is waited for as long as the lease lasts: hours of work hang on it.
        """
        while not self.is_renewed():
            if self.stopped():
                return False
            time.sleep(PAUSE)
        return self.reason != LOST

    def is_renewed(self):
        try:
            self.renew(time.monotonic())
        except OUTAGES:
            connection.close()
            return False
        return True

    def own(self):
        """Return the job's row as long as it is this worker's."""
        return Job.objects.filter(pk=self.job.pk, worker=self.job.worker, status=Job.Status.RUNNING)

    def take_place(self, share: Share | None = None) -> None:
        """Enter the phase that logs in, with a share of the account's requests.

        NoPlace: too many others are in it, or have all requests that the account takes at once.
        """
        place = Q(phase=Job.Phase.UPLOADING) | ~Q(authentication__in=full())
        own = (
            {"type": self.job.authentication.type} if share else {"pk": self.job.authentication_id}
        )
        with transaction.atomic():
            lock(**own)
            taken = taking(share, self.job) if share else {}
            entered = (
                self.own().filter(place).update(phase=Job.Phase.UPLOADING, progress=None, **taken)
            )
        if self.stopped() or not (entered or self.own().exists()):
            raise Stopped
        self.requests = taken.get("requests", 0)
        if not entered or (share and not self.requests):
            raise NoPlace

    def keep(self):
        renewed = time.monotonic()
        try:
            while not self.over.wait(LOOKED_EVERY) and not self.reason:
                try:
                    renewed = self.look(renewed)
                except OUTAGES:  # Go on for as long as the lease holds.
                    connection.close()
        finally:
            connection.close()

    def look(self, renewed):
        now = time.monotonic()
        if Job.objects.filter(pk=self.job.pk, kill_requested_at__isnull=False).exists():
            self.reason = KILLED
        elif now > self.job_ends_at:
            self.reason = TOO_LONG
        elif now - renewed >= RENEWED_EVERY:
            self.renew(now)
            return now
        elif self.written != (self.progress, self.sent_bytes):
            self.note_progress()
        return renewed

    def renew(self, now):
        if self.own().update(lease_until=Now() + timedelta(seconds=SECONDS)):
            self.ends_at = now + SECONDS
        else:
            self.reason = LOST

    def note_progress(self):
        news = self.progress, self.sent_bytes
        self.own().update(progress=self.progress, sent_bytes=self.most_sent)
        self.written = news

    @property
    def most_sent(self) -> int:
        """How much one of the attempts has sent: what is there stays there."""
        return max(self.sent_bytes, self.sent_before)
