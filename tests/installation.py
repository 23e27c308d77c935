"""A console of its own whose commands have to end well, or with a sentence."""

import os
import subprocess
import sys

from tests.homes import ROOT, Home
from tests.servers import wait_until


class Installation(Home):
    """A home with nothing of the tests' own settings. Each command that goes on has its own log."""

    def __init__(self, folder, **environ):
        super().__init__(folder)
        ours = {name: text for name, text in os.environ.items() if "CONSOLE_" not in name}
        networks = {"CONSOLE_EGRESS_NETWORKS": "127.0.0.0/8"}
        self.environment = ours | networks | {"CONSOLE_HOME": str(folder)} | environ

    def manage(self, *arguments, **more):
        command = [sys.executable, "manage.py", *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=300,
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

    def start(self, *arguments):
        self.log = self.folder / f"{arguments[0]}.log"
        return super().start(*arguments)

    def start_cluster(self, *arguments):
        cluster = self.start("cluster", *arguments)
        wait_until(self.alive, 90)
        return cluster

    def said(self, name):
        return (self.folder / f"{name}.log").read_text()
