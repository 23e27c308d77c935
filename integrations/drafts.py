"""What was entered for an authentication that is not saved yet: sealed, in the session."""

from datetime import datetime, timedelta

from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from integrations import secrets
from integrations.settings_form import SecretField
from integrations.trials import Trial

KEY = "authentication drafts"  # in the session: type of the connector -> token
TESTS = "authentication tests"  # type of the connector -> what came of the last test


def entered(request, type):
    """Return the settings entered so far; nothing where they can no longer be opened."""
    token = request.session.get(KEY, {}).get(type)
    try:
        return secrets.unseal(token) if token else {}
    except secrets.SecretUnreadable:
        return {}


def mark(request, type):
    """Return what tells whether the draft is another than a page showed."""
    return secrets.fingerprint(entered(request, type))


def beneath(request, type):
    """Return the settings that a sent form leaves blank: those it was shown over, or none.

    Where another tab has entered others meanwhile, its secrets are not for what was typed here.
    """
    now = mark(request, type)
    return entered(request, type) if request.POST.get("shown", now) == now else {}


def keep(request, type, settings):
    request.session[KEY] = request.session.get(KEY, {}) | {type: secrets.seal(settings)}


def typed(form):
    """Return what was entered and is not right yet, for the page to show it again."""
    wrong = form.fields.keys() & form.errors.keys()
    shown = (name for name in wrong if not isinstance(form.fields[name], SecretField))
    return {name: form[name].data for name in shown if form[name].data}


def says_something(connector, settings):
    """Return whether somebody entered more than the form has by itself."""
    own = connector.Authentication.defaults()
    return any(value not in ("", None, own.get(name)) for name, value in settings.items())


def drop(request, type):
    for key in (KEY, TESTS):
        kept = request.session.get(key, {})
        if kept.pop(type, None):
            request.session[key] = kept


def keep_test(request, type, settings, trial):
    """Remember a test, and of which settings; of these not more than their fingerprint."""
    tested = {
        "of": secrets.fingerprint(settings),
        "at": trial.at.isoformat(),
        "seconds": trial.took.total_seconds(),
        "steps": trial.steps,
    }
    request.session[TESTS] = request.session.get(TESTS, {}) | {type: tested}


def test_of(request, type, settings):
    """Return the last test if it was of exactly these settings, or None."""
    tested = request.session.get(TESTS, {}).get(type)
    if not tested or tested["of"] != secrets.fingerprint(settings):
        return None
    took = timedelta(seconds=tested.get("seconds", 0))  # The version before kept none.
    return Trial(tested["steps"], datetime.fromisoformat(tested["at"]), took)


def tokens():
    """Yield (session, type, token) of every draft that people still work on."""
    for row in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        session = SessionStore(row.session_key)
        for type, token in list(session.get(KEY, {}).items()):  # Who asks may drop one.
            yield session, type, token
