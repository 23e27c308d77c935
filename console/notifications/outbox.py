"""The outbox: messages wait in the database until somebody has taken them."""

from datetime import datetime, timedelta

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from console.models import Notice

AT_ONCE = 50  # messages in one round
LEASE = timedelta(minutes=5)  # in which one process sends a message, and no other
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
KEPT_TRYING = timedelta(days=3)
STUCK_AFTER = timedelta(minutes=10)
TO_PEOPLE, TO_WEBHOOKS = Q(user__isnull=False), Q(user=None)
URGENT = Case(When(kind__in=(Notice.Kind.ALARM, Notice.Kind.OVER), then=0), default=Value(1))


def unsent():
    return Notice.objects.filter(sent_at=None, given_up_at=None)


def waiting(now: datetime):
    """Return the messages that are to be sent: alarms, what was not tried yet, and the rest."""
    return unsent().filter(not_before__lte=now).order_by(URGENT, "attempts", "pk")


def stuck(now: datetime | None = None, whose: Q = TO_PEOPLE) -> Notice | None:
    """Return the oldest message that could not be sent for a while, with why."""
    now = now or timezone.now()
    return unsent().filter(whose, created_at__lt=now - STUCK_AFTER).order_by("pk").first()


def claimed(pk: int, now: datetime) -> Notice | None:
    """Make the message this process's own. One of many that try at once gets it."""
    ours = waiting(now).filter(pk=pk).order_by()
    won = ours.update(not_before=now + LEASE, attempts=F("attempts") + 1)
    return Notice.objects.select_related("user", "webhook").get(pk=pk) if won else None


def too_old(notice: Notice, now: datetime) -> bool:
    """Return whether it was tried for long enough, and write that down."""
    if notice.created_at >= now - KEPT_TRYING:
        return False
    give_up(notice, f"Tried for {KEPT_TRYING.days} days. {notice.error}", now)
    return True


def wait_no_longer(now: datetime) -> None:
    """Let nothing wait for longer than it can: a clock that was ahead had it wait until then."""
    longest = now + LONGEST_WAIT
    unsent().filter(not_before__gt=longest).update(not_before=longest)
    Notice.objects.filter(created_at__gt=now).update(created_at=now)


def sent(notice: Notice) -> None:
    Notice.objects.filter(pk=notice.pk).update(sent_at=timezone.now(), error="")


def give_up(notice: Notice, why: str, now: datetime) -> None:
    Notice.objects.filter(pk=notice.pk).update(given_up_at=now, error=why)


def put_off(notice: Notice, why: str, now: datetime, after: float = 0) -> None:
    """Try the message again later; no sooner than after so many seconds."""
    wait = min(FIRST_WAIT * 2 ** min(notice.attempts - 1, 10), LONGEST_WAIT)
    wait = max(wait, timedelta(seconds=after))
    Notice.objects.filter(pk=notice.pk).update(not_before=now + wait, error=why)
