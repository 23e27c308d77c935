"""Messages without an outbox, for when the database is gone."""

from django.core.mail import EmailMessage

from console.models import Notice
from console.notifications.administrators import told
from console.notifications.mail import mail_is_set_up
from console.notifications.mail_trouble import FAULTS, trouble_of
from console.notifications.webhooks import LIMITS, installation, post, surroundings
from integrations.errors import ExportError
from integrations.transports.http import Client

MAIL, WEBHOOK = "mail", "webhook"


def ways() -> set[str]:
    """Return how administrators can be reached."""
    return ({MAIL} if mail_is_set_up() else set()) | ({WEBHOOK} if installation() else set())


def send_direct(notice: Notice, addresses: list[str], over: set[str]) -> dict[str, str]:
    """Send a message, which is not in the database, over these ways. Return what went wrong."""
    wrong = {}
    if MAIL in over and addresses:
        try:
            EmailMessage(notice.subject, notice.body, to=addresses).send()
        except FAULTS as error:
            wrong[MAIL] = str(trouble_of(error))
    if WEBHOOK in over:
        notice.event = notice.event or told(notice.kind, notice.subject, notice.body)
        try:
            with Client(surroundings(), LIMITS) as client:
                post(notice, installation(), client).check()
        except ExportError as error:
            wrong[WEBHOOK] = str(error)
    return wrong
