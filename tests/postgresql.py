"""A PostgreSQL server of a test's own, on a free port of 127.0.0.1, that can be stopped."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from tests.needs import find
from tests.servers import free_port, wait_until

USER, PASSWORD = "console", "pass:word/1"
READY = "ready to accept connections"


class Postgresql:
    """The server, its folder and its one user. The programs refuse to be run by root."""

    def __init__(self, folder: Path):
        self.folder, self.port = folder, free_port()
        self.log = folder / "log"
        self.binaries = Path(find("postgres")).resolve().parent
        self.as_who = ["setpriv", "--reuid=nobody", "--clear-groups"] if os.geteuid() == 0 else []
        self.process = None
        self.make()

    @property
    def address(self):
        return self.address_of("postgres")

    def address_of(self, database):
        password = quote(PASSWORD, safe="")
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def make(self):
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if self.as_who:
            shutil.chown(self.folder, "nobody")
            shutil.chown(password, "nobody")
        command = [*self.as_who, self.binaries / "initdb", "-D", self.folder / "data", "-U", USER]
        command += ["--no-sync", "-A", "scram-sha-256", "--pwfile", password]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)

    def start(self):
        command = [*self.as_who, self.binaries / "postgres", "-D", self.folder / "data"]
        command += ["-h", "127.0.0.1", "-p", str(self.port), "-k", "", "-F"]
        with self.log.open("wb") as errors:
            self.process = subprocess.Popen(command, stderr=errors, cwd=self.folder)
        wait_until(lambda: READY in self.log.read_text() or self.process.poll() is not None, 30)
        assert self.process.poll() is None, self.log.read_text()

    def crash(self):
        """Stop at once, without a word to those who are connected."""
        self.end(signal.SIGQUIT)

    def stop(self):
        """Stop in order. What is connected is cut off."""
        if self.process and self.process.poll() is None:
            self.end(signal.SIGINT)

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait(30)
