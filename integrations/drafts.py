"""What was entered for an authentication that is not saved yet: sealed, in the session."""

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from integrations import secrets

KEY = "authentication drafts"  # in the session: type of the connector -> token


def entered(request, type):
    """Return the settings entered so far; nothing where they can no longer be opened."""
    token = request.session.get(KEY, {}).get(type)
    try:
        return secrets.unseal(token) if token else {}
    except secrets.SecretUnreadable:
        return {}


def keep(request, type, settings):
    request.session[KEY] = request.session.get(KEY, {}) | {type: secrets.seal(settings)}


def drop(request, type):
    drafts = request.session.get(KEY, {})
    if drafts.pop(type, None):
        request.session[KEY] = drafts


def tokens():
    """Yield (session, type, token) of every draft that people still work on."""
    for row in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        session = SessionStore(row.session_key)
        for type, token in session.get(KEY, {}).items():
            yield session, type, token
