"""A test mail: sent at once, so that a person sees what the mail server says to it."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.mail import get_connection
from django.db import transaction
from django.utils import timezone

from console.models import Notice
from console.notifications import outbox
from console.notifications.mail import send, send_test
from console.notifications.mail_trouble import FAULTS, trouble_of

MOST, WITHIN = 5, timedelta(minutes=10)
SILENCE = 10  # seconds without an answer, after which somebody who waits is told


class TooMany(Exception):
    """Somebody sent as many as may be."""

    def __init__(self):
        minutes = WITHIN // timedelta(minutes=1)
        super().__init__(f"{MOST} test mails within {minutes} minutes are enough. Wait a moment.")


def try_mail(user: User) -> Notice:
    """Send the person a test. Return it, with what became of it: it is not tried again."""
    with transaction.atomic():
        notice = send_test(user)
        if tests_of(user) > MOST:
            raise TooMany
    claim = outbox.claimed(notice.pk, timezone.now())
    if claim:  # Else the dispatcher was quicker.
        attempt(claim)
    notice.refresh_from_db()
    return notice


def tests_of(user):
    since = timezone.now() - WITHIN
    return Notice.objects.filter(user=user, kind=Notice.Kind.TEST, created_at__gt=since).count()


def attempt(notice):
    connection = get_connection(timeout=SILENCE)
    try:
        send(notice, connection)
        outbox.sent(notice)
    except FAULTS as error:
        outbox.give_up(notice, str(trouble_of(error)), timezone.now())
    finally:
        connection.close()
