"""A home of gpg's own for one piece of work, gone afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from integrations.errors import PermanentError

# No agent, no settings of the user's, no look-ups over the network.
OPTIONS = ("--no-autostart", "--no-options", "--no-auto-key-locate")


@contextmanager
def throw_away_home() -> Iterator[str]:
    """Make a directory that only this user may enter, and remove it at the end."""
    if not shutil.which("gpg"):
        raise PermanentError(
            "PGP encryption needs gpg, which is not installed on this server.",
            remedy="Install the package gnupg.",
        )
    home = tempfile.mkdtemp(prefix="gnupg-")
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
