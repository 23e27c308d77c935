"""What has to change in a database that is back: the world went on after its backup was made."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction
from django_q.models import OrmQ

from console.backups import databases
from console.jobs.rerun import changes_a_table
from console.models import Delivered, DueSlot, Job, JobLine, Notice, Pulse, Schedule
from console.schedules import keeping as schedules
from console.watch import BACKUP

RESTORED = f"{schedules.RESTORED} {{}}"
PAUSED = f"{RESTORED}: slots since then may have been delivered already."
HELD = f"{RESTORED}: this file may have been delivered since then."
DOUBT = (
    f"{RESTORED}: changes may have been delivered since then, and what was sent is compared with "
    "what was there before. To be sure of the destination, drop this and send everything."
)
NOT_SENT = f"{RESTORED}: the message may have been sent since then, and is not sent again."
# Numbers of jobs that are passed by: more than were given since the backup, in however many lives.
AT_ONCE, A_SECOND = 10_000, 10
UNFINISHED = (Job.Status.QUEUED, Job.Status.RUNNING)


@dataclass(frozen=True)
class Settled:
    """How many schedules were paused, and how many exports wait for a person."""

    paused: int
    held: int


def settle(about: dict, now: datetime, *, resume: bool) -> Settled:
    """Let nothing be sent a second time by itself, unless somebody says that nothing was sent."""
    taken_at = datetime.fromisoformat(about["taken_at"])
    when = taken_at.strftime("%Y-%m-%d %H:%M UTC")
    with transaction.atomic():
        OrmQ.objects.all().delete()  # The dispatcher sends new messages for jobs that can start.
        Session.objects.all().delete()
        pass_by_numbers(taken_at, now)
        Pulse.objects.update_or_create(name=BACKUP, defaults={"at": taken_at})
        unsent = Notice.objects.filter(sent_at=None, given_up_at=None)
        unsent.update(given_up_at=now, error=NOT_SENT.format(when))
        if not about["results"]:
            gone = {"result_path": "", "rejects_path": "", "changes_path": ""}
            Job.objects.filter(status__in=Job.FINISHED).update(**gone)
        if resume:
            return Settled(0, 0)
        Delivered.objects.exclude(path="").update(doubt=DOUBT.format(when))
        return Settled(pause_all(now, when), hold_all(when))


def pass_by_numbers(taken_at, now):
    """Give no job a number that one had after the backup: files and receipts have it in them."""
    since = max((now - taken_at).total_seconds(), 0)
    databases.own().skip_numbers(Job._meta.db_table, AT_ONCE + A_SECOND * int(since))


def pause_all(now, when):
    DueSlot.objects.all().delete()
    running = Schedule.objects.filter(paused_at=None)
    return running.update(paused_at=now, paused_because=PAUSED.format(when))


def hold_all(when):
    """Hold the exports that were not done. What is not exported runs again as after any crash.

    One that waited for somebody anyhow may have been released since then.
    """
    exports = Job.objects.filter(status__in=UNFINISHED, export__isnull=False)
    wanted = exports.filter(kill_requested_at=None)
    return sum(hold(job, HELD.format(when)) for job in wanted)


def hold(job, why):
    if job.status == Job.Status.RUNNING:
        if changes_a_table(job) and not job.result_path:
            return 0  # Not to be run again by itself; the dispatcher ends it.
        job.attempt -= 1  # as an attempt that was none
    job.status, job.phase = Job.Status.QUEUED, Job.Phase.QUEUED
    job.worker, job.lease_until, job.not_before, job.started_at = "", None, None, None
    job.progress, job.held_because = None, f"{job.held_because} {why}".strip()
    job.save()
    JobLine.objects.create(job=job, text=f"Held: {why} Somebody has to release or drop it.")
    return 1
