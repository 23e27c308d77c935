"""Files encrypted by gpg for one sub-key of a public key, streamed through a child process."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread, Timer

from integrations.encoders.bz import bzip2
from integrations.encoders.gz import gzip, level_of
from integrations.encoders.home import OPTIONS, throw_away_home
from integrations.encoders.public_keys import imported
from integrations.errors import PermanentError, TransientError

COMPRESSORS = {
    "gzip": lambda chunks, settings: gzip(chunks, level_of(settings)),
    "bzip2": lambda chunks, settings: bzip2(chunks),
}
BUILTIN = {"zip_builtin": "zip", "zlip_builtin": "zlib", "bzip2_builtin": "bzip2"}
READ_BYTES = 1 << 20
END = b""
PATIENCE = 30.0  # seconds in which gpg takes or gives a piece, or ends


def encrypt_pgp(chunks: Iterable[bytes], settings: dict) -> Iterator[bytes]:
    """Yield the chunks compressed as the settings say, and encrypted."""
    compression = settings.get("compression_type", "none")
    if compression in COMPRESSORS:
        chunks = COMPRESSORS[compression](chunks, settings)
    with throw_away_home() as home:
        key = imported(settings["public_key"], home)
        subkey = key.encryption_subkey(settings["key_identifier"])
        command = [
            *("gpg", "--homedir", home, *OPTIONS, "--batch", "--no-tty"),
            *("--trust-model", "always", "--recipient", f"{subkey.fingerprint}!"),
            *("--compress-algo", BUILTIN.get(compression, "none")),
            *(["--armor"] if settings.get("armor") else []),
            *("--output", "-", "--encrypt"),
        ]
        yield from piped(chunks, command, Path(home, "errors"))


def piped(chunks: Iterable[bytes], command: list[str], errors: Path) -> Iterator[bytes]:
    """Yield what the command makes of the chunks.

    A thread takes the output away while this one writes, so neither side waits for the
    other, and no more output waits here than one chunk makes.
    """
    with child(command, errors) as process:
        output = SimpleQueue()
        Thread(target=take, args=(process.stdout, output), daemon=True).start()
        for chunk in chunks:
            with explained(process, errors), bounded(process):
                process.stdin.write(chunk)
            yield from waiting(output)
        with explained(process, errors), bounded(process):
            process.stdin.close()
        yield from rest(process, output)
        with bounded(process):
            process.wait()
        check(process.returncode, errors)


@contextmanager
def child(command: list[str], errors: Path) -> Iterator[subprocess.Popen]:
    """Start the command with pipes; at the end it is gone, however the work went."""
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=os.environ | {"LC_ALL": "C"},
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        discard(process.stdin)


def discard(pipe):
    try:
        pipe.close()
    except BrokenPipeError:
        pass  # What was still to be written has no reader any more.


def take(pipe, output):
    """Move all output to the queue."""
    with pipe:
        while data := pipe.read1(READ_BYTES):
            output.put(data)
    output.put(END)


def waiting(output):
    """Yield what has come so far."""
    try:
        while data := output.get_nowait():
            yield data
    except Empty:
        return
    output.put(END)


def rest(process, output):
    """Yield the output up to its end."""
    data = None
    while data != END:
        with bounded(process):
            data = output.get()
        if data:
            yield data


@contextmanager
def bounded(process):
    """Kill gpg where it does not do its part in time; raise then."""
    late = Event()

    def end():
        late.set()
        process.kill()

    timer = Timer(PATIENCE, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if late.is_set():
            raise TransientError(f"gpg did nothing for {PATIENCE:g} seconds and was ended.")


@contextmanager
def explained(process, errors):
    """Say why gpg takes no more, where it does not."""
    try:
        yield
    except BrokenPipeError:
        check(process.wait(), errors)
        raise TransientError("gpg ended before it had read the whole file.") from None


def check(status: int, errors: Path) -> None:
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
