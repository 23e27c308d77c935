"""A home of gpg's own for one piece of work, gone afterwards."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from integrations.errors import PermanentError

# No agent, no settings of the user's, no look-ups over the network.
OPTIONS = ("--no-autostart", "--no-options", "--no-auto-key-locate")

PREFIX = "console-gnupg-"
A_WEEK = 7 * 24 * 60 * 60


@contextmanager
def throw_away_home() -> Iterator[str]:
    """Make a directory that only this user may enter, and remove it at the end."""
    if not shutil.which("gpg"):
        raise PermanentError(
            "PGP encryption needs gpg, which is not installed on this server.",
            remedy="Install the package gnupg.",
        )
    sweep()
    try:
        home = tempfile.mkdtemp(prefix=PREFIX)
    except OSError as error:
        raise no_room(error.strerror) from error
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def no_room(reason: str) -> PermanentError:
    return PermanentError(
        f"This server has no room for the files of gpg in {tempfile.gettempdir()}: {reason}.",
        remedy="Make room there, or let TMPDIR name a folder that has some.",
    )


def sweep() -> None:
    """Remove homes of exports that were killed and could not do it themselves."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):
            if home.lstat().st_mtime < time.time() - A_WEEK:
                shutil.rmtree(home, ignore_errors=True)
