"""Bytes through gpg as a child process, by its pipes."""

import fcntl
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

from integrations.delivery import ignore
from integrations.encoders.patience import has_ended, patiently
from integrations.encoders.running import in_english, starting
from integrations.errors import PermanentError, TransientError

PIPE_BYTES = READ_BYTES = 1 << 20  # what Linux lets everybody have
PATIENCE = 30.0  # seconds in which gpg takes or gives something, or ends


def piped(
    chunks: Iterable[bytes], command: list[str], errors: Path, check: Callable = ignore
) -> Iterator[bytes]:
    """Yield what the command makes of the chunks; its own words go to the file of errors.

    Memory holds one chunk and one piece of output, and the two pipes. While gpg is waited for,
    check() is called, which may raise.
    """
    with child(command, errors) as process, DefaultSelector() as ready:
        ready.register(process.stdout, EVENT_READ)
        ready.register(process.stdin, EVENT_WRITE)
        for chunk in chunks:
            with explained(process, errors, check):
                yield from exchanged(chunk, process, ready, check)
        ready.unregister(process.stdin)
        process.stdin.close()
        yield from rest(process, ready, check)
        judge(status_of(process, check), errors)


@contextmanager
def child(command: list[str], errors: Path) -> Iterator[subprocess.Popen]:
    """Start the command with pipes; at the end it is gone, however the work went."""
    process = started(command, errors)
    try:
        with process.stdin, process.stdout:
            os.set_blocking(process.stdin.fileno(), False)
            widen(process.stdin)
            widen(process.stdout)
            yield process
    finally:
        process.kill()
        process.wait()


def started(command, errors):
    with starting(), errors.open("wb") as stderr:
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=in_english(),
        )


def widen(pipe):
    """Let the pipe hold more, so that the two sides wait less for each other."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):  # Somebody who has many pipes already gets no large ones.
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def exchanged(chunk, process, ready, check):
    """Give gpg the chunk, and yield what it has made where it takes no more: large pieces."""
    left = memoryview(chunk)
    while left:
        if process.stdin in awaited(ready, check):
            left = left[process.stdin.write(left) or 0 :]
        else:
            yield process.stdout.read(READ_BYTES)


def rest(process, ready, check):
    """Yield the output up to its end."""
    while awaited(ready, check) and (made := process.stdout.read(READ_BYTES)):
        yield made


def awaited(ready, check):
    """Return the pipes that can go on, once one of them can."""
    events = patiently(ready.select, PATIENCE, check)
    if not events:
        raise idle()
    return [key.fileobj for key, _ in events]


def status_of(process, check):
    if patiently(partial(has_ended, process), PATIENCE, check):
        return process.returncode
    raise idle()


def idle():
    return TransientError(f"gpg did nothing for {PATIENCE:g} seconds and was ended.")


@contextmanager
def explained(process, errors, check):
    """Say why gpg takes no more, where it does not."""
    try:
        yield
    except BrokenPipeError:
        judge(status_of(process, check), errors)
        raise TransientError("gpg ended before it had read the whole file.") from None


def judge(status: int, errors: Path) -> None:
    """Raise where gpg did not finish its work."""
    if status == 0:
        return
    if status < 0:
        raise TransientError(f"gpg was ended by signal {-status} while it encrypted.")
    said = errors.read_text(errors="replace").strip().splitlines() or ["no reason given"]
    raise PermanentError(
        f"gpg could not encrypt (status {status}): {said[-1].removeprefix('gpg: ')}",
        remedy="Check the public key and the free space on this server.",
    )
