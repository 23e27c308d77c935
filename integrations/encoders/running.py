"""gpg run to its end, within a time limit."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from integrations.encoders.home import OPTIONS
from integrations.encoders.patience import patiently
from integrations.errors import TransientError

LIMIT = 10.0  # seconds; it takes a tenth of one


def said_by_gpg(home: str, *arguments: str, check: Callable) -> subprocess.CompletedProcess:
    """Run gpg in a home. Return it as it ended, with what it wrote.

    While it is waited for, check() is called, which may raise. At the end it is gone.
    """
    command = ["gpg", "--homedir", home, *OPTIONS, "--batch", "--no-tty", *arguments]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with starting():
        process = subprocess.Popen(command, env=in_english(), **pipes)
    with process:
        try:
            said = patiently(partial(all_of, process), LIMIT, check)
        finally:
            process.kill()
    if not said:
        raise TransientError(
            f"gpg did not read the key within {LIMIT:g} seconds and was ended.",
            remedy="This server may be overloaded. Tell an administrator if this goes on.",
        )
    return ended(process, *said)


def all_of(process, seconds):
    """Return what it writes until its end; nothing where that takes longer."""
    try:
        return process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None


def ended(process, output, errors):
    """Return how it ended. Raise where somebody else ended it."""
    if process.returncode < 0:
        signal = -process.returncode
        raise TransientError(f"gpg was ended by signal {signal} while it read the key.")
    texts = (each.decode(errors="replace") for each in (output, errors))
    return subprocess.CompletedProcess(process.args, process.returncode, *texts)


def in_english() -> dict[str, str]:
    """Return the environment of gpg."""
    return os.environ | {"LC_ALL": "C"}


@contextmanager
def starting() -> Iterator[None]:
    """Say why gpg cannot be started."""
    try:
        yield
    except OSError as error:
        raise TransientError(f"gpg could not be started: {error.strerror}.") from error
