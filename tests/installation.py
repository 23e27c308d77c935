"""A console in a home of its own, spoken to by its commands and looked at from outside."""

import os
import subprocess
import sys
from pathlib import Path

from django.core.cache.backends.filebased import FileBasedCache
from django_q.conf import Conf

from tests.servers import wait_until

ROOT = Path(__file__).parent.parent


class Installation:
    """Its processes end with close()."""

    def __init__(self, folder: Path, **environ):
        self.folder = folder
        ours = {name: text for name, text in os.environ.items() if "CONSOLE_" not in name}
        networks = {"CONSOLE_EGRESS_NETWORKS": "127.0.0.0/8"}
        self.environment = ours | networks | {"CONSOLE_HOME": str(folder)} | environ
        self.processes = []

    def manage(self, *arguments, **more):
        command = [sys.executable, "manage.py", *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def done(self, *arguments, **more):
        """Run a command that has to end well. Return what it said."""
        done = self.manage(*arguments, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def refused(self, *arguments, **more):
        """Run a command that has to end with a sentence. Return that."""
        done = self.manage(*arguments, **more)
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr

    def shell(self, code):
        done = self.manage("shell", "-v0", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, *arguments):
        """Start a command that goes on. What it says is in the log of its name."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            command = [sys.executable, "manage.py", *map(str, arguments)]
            process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def said(self, name):
        return (self.folder / f"{name}.log").read_text()

    def start_cluster(self, *arguments):
        process = self.start("cluster", *arguments)
        wait_until(self.alive, 90)
        return process

    def alive(self):
        """Return whether workers report; the command that knows for sure is asked last."""
        cache = FileBasedCache(self.folder / "cache", {})
        if not any(cache.get(key) for key in cache.get(Conf.Q_STAT) or ()):
            return False
        return (
            self.shell("from console.jobs import cluster_alive; print(cluster_alive())") == "True"
        )

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        self.processes.clear()
