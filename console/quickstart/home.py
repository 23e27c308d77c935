"""The home of a quickstart: one at a time, and never one that holds a console in earnest."""

import fcntl
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

from django.conf import settings

from console.quickstart import Refusal

SIGN = "quickstart"


def is_one() -> bool:
    """Return whether the home is that of a quickstart."""
    return (settings.HOME / SIGN).exists()


@contextmanager
def claimed(address):
    """Hold the home, so that no second quickstart runs from it."""
    refuse_earnest()
    with (settings.HOME / SIGN).open("a+") as sign:
        try:
            fcntl.flock(sign, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sign.seek(0)
            raise Refusal(
                f"A quickstart runs from {settings.HOME} already, at {sign.read().strip()}. "
                "Use that one, or stop it, or choose another home with --home DIR."
            ) from None
        sign.truncate(0)
        sign.write(f"{address}\n")
        sign.flush()
        yield


def refuse_earnest():
    """Refuse a home with people that no quickstart made: they would get a well-known password."""
    database = settings.DATABASES["default"]["NAME"]
    if not isinstance(database, Path):
        raise Refusal(
            "CONSOLE_DATABASE_URL names a database, and the quickstart adds log-ins that everybody "
            "knows to one of its own. Unset it, or start a console in earnest: docs/operations.md."
        )
    if database.exists() and not (settings.HOME / SIGN).exists() and has_people(database):
        raise Refusal(
            f"{settings.HOME} holds a console that was not made by a quickstart, and the "
            "quickstart adds log-ins that everybody knows. Choose another home with --home DIR."
        )


def has_people(database):
    try:
        with closing(sqlite3.connect(database)) as connection:
            return bool(connection.execute("SELECT 1 FROM auth_user LIMIT 1").fetchone())
    except sqlite3.OperationalError:
        return False  # No table yet.
