"""The outbox: messages wait in the database until the mail server has taken them."""

import smtplib
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage, get_connection
from django.db.models import F
from django.utils import timezone

from console.models import Notice

AT_ONCE = 50  # messages in one round
LEASE = timedelta(minutes=5)  # in which one process sends a message, and no other
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
KEPT_TRYING = timedelta(days=3)
STUCK_AFTER = timedelta(minutes=10)
FOR_GOOD = 500  # replies of a mail server from which on it says no for good


def mail_is_set_up() -> bool:
    return bool(settings.EMAIL_HOST)


def waiting(now: datetime):
    """Return the messages that are to be sent, the oldest first."""
    unsent = Notice.objects.filter(sent_at=None, given_up_at=None)
    return unsent.filter(not_before__lte=now).order_by("pk")


def stuck(now: datetime | None = None) -> Notice | None:
    """Return the oldest message that could not be sent for a while, with why."""
    now = now or timezone.now()
    unsent = Notice.objects.filter(sent_at=None, given_up_at=None)
    return unsent.filter(created_at__lt=now - STUCK_AFTER).order_by("pk").first()


def send_test(user: User) -> Notice:
    """Put a message into the outbox that only says that mail works."""
    body = f"Mail from the console at {settings.PUBLIC_URL} reaches {user.email}.\n"
    return Notice.objects.create(
        kind=Notice.Kind.TEST, user=user, subject="Mail from the console works", body=body
    )


def send_waiting(now: datetime | None = None) -> int:
    """Send what waits, until the mail server cannot be used. Return how many it took."""
    now = now or timezone.now()
    if not mail_is_set_up():
        return 0
    keys = list(waiting(now).values_list("pk", flat=True)[:AT_ONCE])
    sent, connection = 0, get_connection()
    try:
        for pk in keys:
            notice = claimed(pk, now)
            if notice and not give_up_early(notice, now):
                send(notice, connection)
                sent += 1
                Notice.objects.filter(pk=pk).update(sent_at=timezone.now(), error="")
    except (OSError, smtplib.SMTPException) as error:
        put_off(notice, error, now)
    finally:
        connection.close()
    return sent


def claimed(pk, now):
    """Make the message this process's own. One of many that try at once gets it."""
    ours = waiting(now).filter(pk=pk).update(not_before=now + LEASE, attempts=F("attempts") + 1)
    return Notice.objects.select_related("user").get(pk=pk) if ours else None


def give_up_early(notice, now):
    """Return whether the message is not to be sent any more, and write down why."""
    if not (notice.user.is_active and notice.user.email):
        return give_up(notice, "The user was removed, or has no e-mail address any more.", now)
    if notice.created_at < now - KEPT_TRYING:
        return give_up(notice, f"Tried for {KEPT_TRYING.days} days. {notice.error}", now)
    return False


def give_up(notice, why, now):
    return Notice.objects.filter(pk=notice.pk).update(given_up_at=now, error=why)


def send(notice, connection):
    connection.open()
    host = urlsplit(settings.PUBLIC_URL).hostname
    # The same at each attempt: one that comes twice after a crash can be told by it.
    headers = {"Message-ID": f"<notice-{notice.pk}@{host}>", "Auto-Submitted": "auto-generated"}
    EmailMessage(
        notice.subject, notice.body, to=[notice.user.email], headers=headers, connection=connection
    ).send()


def put_off(notice, error, now):
    """Try the message again later, unless the server refused it for good."""
    why = f"{settings.EMAIL_HOST}: {error}"
    if refused_for_good(error):
        give_up(notice, why, now)
        return
    wait = min(FIRST_WAIT * 2 ** (notice.attempts - 1), LONGEST_WAIT)
    Notice.objects.filter(pk=notice.pk).update(not_before=now + wait, error=why)


def refused_for_good(error):
    """Return whether it is this message that the server will never take."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= FOR_GOOD for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= FOR_GOOD
