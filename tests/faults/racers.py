"""Processes that meet right before they claim the same, again and again."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENCE = 60  # seconds that one waits for the others
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Try:
    """What one of them did in a round: when, by the clock that all processes share."""

    began: float
    ended: float
    won: bool


def tick_at(number, meet):
    """Let a tick meet the others when it has found the slot due. Return what it did."""
    from console.schedules import ticker

    tried, usual = [], ticker.fire

    def fire(keys, now):
        meet()
        tried.append(timed(lambda: usual(keys, now)))
        return tried[-1].won

    ticker.fire = fire
    try:
        ticker.tick(NOON + (number + 1) * MINUTE)
    finally:
        ticker.fire = usual
    [one] = tried
    return one


def take_job(number, meet):
    """Let a worker meet the others when it has chosen a job. Return what it did."""
    from console.jobs.lease import claim, ready

    chosen = ready().values_list("pk", flat=True).first()
    meet()
    return timed(lambda: claim(chosen) is not None)


def write_down(number, meet):
    """Let a writer meet the others, then look and write as pages and workers do."""
    from django.contrib.auth.models import User
    from django.db import transaction

    from console import jobs
    from console.models import Job

    def write():
        with transaction.atomic():
            before = Job.objects.count()  # A lock for reading, which has to become one for writing.
            job = jobs.submit("SELECT 1", database="shop", owner=User.objects.get(username="mia"))
            job.lines.create(text=f"Job {before} was before it.")
        return Job.objects.filter(pk=job.pk).update(priority=1)

    meet()
    return timed(write)


def timed(work):
    began = time.monotonic()
    won = bool(work())
    return Try(began, time.monotonic(), won)


def race(home, contest, rounds, racers=4):
    """Run so many rounds in so many processes. Return the tries of each round."""
    context = get_context("spawn")
    barrier, tries = context.Barrier(racers), context.SimpleQueue()
    given = (home, contest, rounds, barrier, tries)
    processes = [context.Process(target=run, args=given) for _ in range(racers)]
    for process in processes:
        process.start()
    found = [tries.get() for _ in processes]
    for process in processes:
        process.join(PATIENCE)
    assert not [each for each in found if isinstance(each, str)], found
    return list(zip(*found, strict=True))


def run(environment, contest, rounds, barrier, tries):
    """Take part in all rounds; send what came of them, or of the trouble with them."""
    os.environ.clear()
    os.environ.update(environment, DJANGO_SETTINGS_MODULE="console.settings")
    import django

    django.setup()
    try:
        tries.put([one_round(contest, number, barrier) for number in range(rounds)])
    except BaseException as error:
        barrier.abort()
        tries.put(repr(error))
        raise


def one_round(contest, number, barrier):
    barrier.wait(PATIENCE)  # Nobody is a round ahead.
    return contest(number, lambda: barrier.wait(PATIENCE))


def count(what, rounds):
    """Return how often a round was won once, not once, and in a sentence how close it was."""
    winners = [sum(each.won for each in tries) for tries in rounds]
    lost, doubled = winners.count(0), sum(number > 1 for number in winners)
    late = [each for tries in rounds for each in tries if not each.won]
    close = sum(
        each.began < max(other.ended for other in tries if other.won)
        for tries in rounds for each in tries if not each.won and any(o.won for o in tries)
    )  # fmt: skip
    line = (
        f"{len(rounds):,} {what}, {len(rounds[0])} processes: {winners.count(1):,} claimed once, "
        f"{doubled} doubled, {lost} lost; {len(late):,} came too late, {close:,} of them while "
        "the winner was at it"
    )
    return {"doubled": doubled, "lost": lost, "late": len(late), "close": close}, line
