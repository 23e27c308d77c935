"""Whether somebody has removed the demo: then the quickstart does not make it again by itself."""

from django.conf import settings


def sign():
    return settings.HOME / "demo-removed"


def is_removed() -> bool:
    return sign().exists()


def note() -> None:
    sign().touch()


def forget() -> None:
    sign().unlink(missing_ok=True)
