"""The processes that the quickstart starts, watches and stops."""

import os
import signal
import subprocess
import sys
import time

from django.conf import settings

from console.orphans import end_with
from console.priority import give_way
from console.quickstart import Refusal
from console.quickstart.family import family, processes

GRACE = 0.7  # seconds between asking a process to end and ending it


class Children:
    """Processes in sessions of their own, so that Ctrl-C reaches only the quickstart."""

    def __init__(self, environ):
        self.environ = os.environ | environ
        self.processes = {}

    def start(self, name, *arguments, niceness=0):
        """Start Python with the arguments; what it prints goes to a log of its name."""

        quickstart = os.getpid()

        def settle():
            end_with(quickstart)
            give_way(niceness)

        log_of(name).parent.mkdir(parents=True, exist_ok=True)
        with log_of(name).open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=settings.BASE_DIR,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=settle,
            )

    def check(self):
        """Raise Refusal where one of them has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise Refusal(
                    f"The {name} ended with status {process.returncode}"
                    f"{last_line(log_of(name))}. The whole story is in {log_of(name)}."
                )

    def stop(self):
        """End them and all they have started, within two seconds."""
        leaders = [process.pid for process in self.processes.values()]
        everyone = family(leaders)
        for process in self.processes.values():
            process.terminate()
        deadline = time.monotonic() + GRACE
        for process in self.processes.values():
            wait(process, max(0, deadline - time.monotonic()))
        everyone |= family(leaders)
        for relative in everyone & {relative for relative, _ in processes()}:
            kill(relative.pid)
        for process in self.processes.values():
            process.wait()


def wait(process, seconds):
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass  # It is ended by force, with all the others that are left.


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # It ended by itself.


def log_of(name):
    return settings.HOME / "logs" / f"{name.replace(' ', '-')}.log"


def last_line(path):
    """Return what the process said last, in brackets."""
    lines = path.read_text(errors="replace").strip().splitlines()
    return f" ({lines[-1].strip().rstrip('.')})" if lines else ""
