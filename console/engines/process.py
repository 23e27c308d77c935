"""Ask a child, watch it, stop it in time, and return what it answers."""

import json
import logging
import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from console.engines import starting
from console.engines.statement import QueryError
from integrations.errors import Stopped

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.1
GRACE_SECONDS = 1
ENDING_SECONDS = 10  # for a child that has closed its output, or was killed
OUTPUT = "output.parquet"
NO_ROOM = re.compile("no space left|file too large|quota exceeded", re.IGNORECASE)
SPARE_MB = 1024  # beyond what is told to a person, until the child is stopped for it


class ChildError(Exception):
    """The child answered with an error; `found` tells it."""

    def __init__(self, found):
        super().__init__(found.get("message", ""))
        self.found = found


class Crashed(QueryError):
    """The child ended, or was ended, before it answered."""


def run_child(request, *, limits, stopped, progress):
    """Do one request in a child of its own and return its answer."""
    request |= {
        "memory_mb": limits.memory_mb,
        "threads": limits.threads,
        "temp_mb": limits.temp_mb,
        "file_mb": max(limits.temp_mb, limits.result_mb, request.get("max_mb", 0)) + SPARE_MB,
        "cpu_seconds": limits.seconds * limits.threads + 5,
    }
    output = Path(request["folder"], OUTPUT)
    path = Path(request["folder"], "request.json")
    path.write_text(json.dumps(request))
    with starting.child_for(path) as child:
        try:
            return listen(child, Watch(limits, stopped, progress, output))
        finally:
            end(child)


class Watch:
    """When to stop the child, and whom to tell how far it is."""

    def __init__(self, limits, stopped, progress, output):
        self.limits, self.stopped, self.progress = limits, stopped, progress
        self.output = output
        self.deadline = time.monotonic() + limits.seconds

    def check(self):
        if self.stopped():
            raise Stopped
        if time.monotonic() > self.deadline:
            raise QueryError(f"The query was stopped after {self.limits.seconds:g} seconds.")
        self.check_size()

    def check_size(self):
        most = self.limits.result_mb
        if size_of(self.output) > most << 20:
            raise QueryError(f"The result is larger than the {most:,} MB it may have.")


def size_of(output):
    """Return the bytes of a file that may not be there: where its query fails, it is removed."""
    try:
        return output.stat().st_size
    except FileNotFoundError:
        return 0


def listen(child, watch):
    """Read the child's messages until its answer."""
    for message in messages(child.stdout, watch):
        if "answer" in message:
            watch.check_size()
            return message["answer"]
        if "error" in message:
            raise ChildError(message["error"])
        watch.progress(message["progress"])
    raise silence(exit_status(child), child.said, watch.limits)


def exit_status(child):
    """Return the status of a child that has closed its output, which it does when it ends."""
    try:
        return child.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        message = "The query's process fell silent without an answer, and was stopped."
        raise QueryError(message) from None


def messages(pipe, watch):
    """Yield the child's messages as they come."""
    os.set_blocking(pipe.fileno(), False)
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            watch.check()
            if not selector.select(POLL_SECONDS):
                continue
            piece = pipe.read()
            if piece is None:
                continue
            if not piece:
                return
            *lines, rest = (rest + piece).split(b"\n")
            yield from map(json.loads, lines)


def silence(status, said, limits):
    """Return the error for a child that ended without an answer."""
    if status == starting.LOST:
        return RuntimeError("The query's process was cut off: the one it came from has ended.")
    if status == -signal.SIGXCPU:
        return QueryError(f"The query used more than its {limits.seconds:g} seconds.")
    said.seek(0)
    trace = said.read()[-2000:]
    if status == -signal.SIGKILL or "bad_alloc" in trace or "MemoryError" in trace:
        return Crashed(out_of_memory(limits))
    if status < 0:
        return Crashed(f"The query's process ended by itself ({signal.Signals(-status).name}).")
    return RuntimeError(f"The query's process ended with status {status}: {trace}")


def disk_trouble(message):
    """Return what a person is told of trouble with files; the paths of this server are logged."""
    logger.warning("A child could not read or write a file: %s", message)
    if NO_ROOM.search(message):
        return "This server has no room left for the files of the query."
    return "A file on this server could not be read or written."


def out_of_memory(limits):
    return f"The query needs more memory than the {limits.memory_mb} MB it may use."


def end(child):
    """End the child and everything it started, gently first."""
    for sign, seconds in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, ENDING_SECONDS)):
        if not child.kill(sign):
            break
        with suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
            break


class Workspace:
    """A folder beside the output for the child to write in; gone afterwards."""

    def __init__(self, output):
        self.output = Path(output)
        self.folder = self.output.with_name(f".{self.output.name}.part")

    def __enter__(self):
        (self.folder / "spill").mkdir(parents=True)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def publish(self):
        """Move the finished file to its place, safely on disk, and return its size."""
        made = self.folder / OUTPUT
        with made.open("rb") as file:
            os.fsync(file.fileno())
        made.replace(self.output)
        sync_folder(self.output.parent)
        return self.output.stat().st_size


def sync_folder(folder):
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
