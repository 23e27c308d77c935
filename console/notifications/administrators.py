"""Messages to those who run the console: by mail, and to the webhook of the installation."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q

from console.access import ADMIN
from console.models import Notice
from console.notifications.payload import event


def administrators() -> list[User]:
    """Return those who can be reached of the people who look after the console."""
    them = Q(is_superuser=True) | Q(is_staff=True) | Q(groups__name=ADMIN)
    return list(User.objects.filter(them, is_active=True).exclude(email="").distinct())


def tell_administrators(kind: str, subject: str, body: str) -> None:
    """Put a message to each into the outbox, and one to the webhook of the installation."""
    for user in administrators():
        Notice.objects.create(kind=kind, user=user, subject=subject, body=body)
    if settings.WEBHOOK_URL:
        Notice.objects.create(
            kind=kind, subject=subject, body=body, event=told(kind, subject, body)
        )


def told(kind: str, subject: str, body: str) -> dict:
    return event(kind, sentence=subject, details=body, url=settings.PUBLIC_URL)
