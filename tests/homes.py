"""A console of its own, from its empty folder on, used by its commands."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import cache
from pathlib import Path

from django.core.cache.backends.filebased import FileBasedCache
from django_q.conf import Conf

from tests.servers import wait_until

ROOT = Path(__file__).parents[1]
DATABASE = "console.sqlite3"


@cache
def migrated():
    """Return an SQLite database with all tables, made once in a session."""
    home = Home(Path(os.environ["CONSOLE_HOME"], "migrated"))
    done = home.manage("migrate", "-v0")
    assert done.returncode == 0, done.stderr
    return home.folder / DATABASE


class Home:
    """A console of its own, spoken to by its commands only and looked at in its files."""

    def __init__(self, folder, **environment):
        self.folder = folder
        networks = {"CONSOLE_EGRESS_NETWORKS": "127.0.0.0/8"}
        self.environment = os.environ | networks | {"CONSOLE_HOME": str(folder)} | environment
        self.clusters = []
        self.log = folder / "said.log"

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120
        )

    def make_database(self):
        """Make the tables. Those of SQLite are copied: to make them takes three seconds."""
        if "CONSOLE_DATABASE_URL" in self.environment:
            done = self.manage("migrate", "-v0")
            assert done.returncode == 0, done.stderr
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(migrated(), self.folder / DATABASE)

    def shell(self, code):
        done = self.manage("shell", "-v0", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, *arguments):
        """Start a command that runs until it is told to stop; what it says is in the log.

        It is given elsewhere than in the folder of the checkout.
        """
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, ROOT / "manage.py", *arguments],
                cwd=self.folder, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip
        self.clusters.append(process)
        return process

    def start_cluster(self):
        cluster = self.start("cluster")
        wait_until(self.alive, 60)
        return cluster

    def said(self):
        return self.log.read_text()

    def close(self):
        """Tell all that was started to stop, in order."""
        for process in self.clusters:
            process.terminate()
        for process in self.clusters:
            process.wait(60)
        self.clusters.clear()

    def alive(self):
        """Return whether workers report; the command that knows for sure is asked last."""
        cache = FileBasedCache(self.folder / "cache", {})
        if not any(cache.get(key) for key in cache.get(Conf.Q_STAT) or ()):
            return False
        return (
            self.shell("from console.jobs import cluster_alive; print(cluster_alive())") == "True"
        )

    def rows(self, sql):
        with closing(sqlite3.connect(self.folder / DATABASE)) as database:
            return database.execute(sql).fetchall()

    def td(self, *arguments):
        return self.manage("td", "-a", "mia", *arguments)
