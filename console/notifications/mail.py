"""Mail from the outbox, through the mail server of the settings."""

import smtplib
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage, get_connection
from django.utils import timezone

from console.models import Notice
from console.notifications import outbox
from console.notifications.mail_trouble import FAULTS, trouble_of
from console.notifications.reach import reachable

FOR_GOOD = 500  # replies of a mail server from which on it says no for good


def mail_is_set_up() -> bool:
    return bool(settings.EMAIL_HOST)


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
    mail = outbox.waiting(now).filter(outbox.TO_PEOPLE)
    keys = list(mail.values_list("pk", flat=True)[: outbox.AT_ONCE])
    taken, connection = 0, get_connection()
    try:
        for pk in keys:
            notice = outbox.claimed(pk, now)
            if notice and not give_up_early(notice, now):
                send(notice, connection)
                taken += 1
                outbox.sent(notice)
    except FAULTS as error:
        put_off(notice, error, now)
    finally:
        connection.close()
    return taken


def give_up_early(notice, now):
    """Return whether the message is not to be sent any more, and write down why."""
    if not reachable(notice.user):
        outbox.give_up(notice, "The user was removed, or has no e-mail address any more.", now)
        return True
    return outbox.too_old(notice, now)


def send(notice, connection):
    connection.open()
    message(notice, connection).send()


def message(notice: Notice, connection=None) -> EmailMessage:
    """Return the mail that a message to a person is."""
    host = urlsplit(settings.PUBLIC_URL).hostname
    # The same at each attempt: one that comes twice after a crash can be told by it. The number
    # alone would come again after a restore.
    name = f"notice-{notice.pk}-{notice.created_at:%Y%m%d%H%M%S}"
    headers = {"Message-ID": f"<{name}@{host}>", "Auto-Submitted": "auto-generated"}
    return EmailMessage(
        notice.subject, notice.body, to=[notice.user.email], headers=headers, connection=connection
    )


def put_off(notice, error, now):
    """Try the message again later, unless the server refused it for good."""
    why = str(trouble_of(error))
    if refused_for_good(error):
        outbox.give_up(notice, why, now)
    else:
        outbox.put_off(notice, why, now)


def refused_for_good(error):
    """Return whether it is this message that the server will never take."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= FOR_GOOD for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= FOR_GOOD
