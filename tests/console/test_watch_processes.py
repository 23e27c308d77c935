"""Real processes that die: a web server watches, a cluster is killed, and mail arrives."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import free_port, wait_until

ROOT = Path(__file__).parents[2]
SETUP = """\
from django.contrib.auth.models import User
User.objects.create_superuser("ada", "ada@example.com", "pass-word-1")
"""
SIGN = """\
from console.models import Pulse
print(Pulse.objects.filter(name="dispatcher").exists())
"""


class Home:
    """A console of its own, whose processes are started one by one."""

    def __init__(self, folder, mail_port, webhook):
        self.folder = folder
        self.environment = os.environ | {
            "CONSOLE_HOME": str(folder),
            "CONSOLE_MAIL_HOST": "127.0.0.1",
            "CONSOLE_MAIL_PORT": str(mail_port),
            "CONSOLE_MAIL_SECURITY": "none",
            "CONSOLE_ALARM_SECONDS": "10",
            "CONSOLE_EGRESS_NETWORKS": "127.0.0.0/8",
            "CONSOLE_WEBHOOK_URL": webhook,
        }
        self.processes = []

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def shell(self, code):
        return self.manage("shell", "-v0", "-c", code)

    def start(self, *arguments):
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "manage.py", *arguments],
                    cwd=ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                )
            )
        return self.processes[-1]

    def start_web(self):
        return self.start("web", "--listen", f"127.0.0.1:{free_port()}")

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def console(tmp_path, mailbox, settings, endpoint):
    home = tmp_path / "home"
    home.mkdir()
    console = Home(home, settings.EMAIL_PORT, endpoint.url("/hush-hush"))
    console.manage("migrate", "-v0")
    console.shell(SETUP)
    yield console
    console.stop()


def subjects(mailbox):
    return sorted(message["Subject"] for message in mailbox)


def silences(mailbox):
    """Return the messages of a silent dispatcher, be it alone or with the workers."""
    found = subjects(mailbox)
    return [each for each in found if each.startswith("Alarm: schedules do not start")]


def test_a_killed_cluster_is_told_of_by_mail_and_so_is_its_return(console, mailbox, endpoint):
    cluster = console.start("cluster")
    wait_until(lambda: console.shell(SIGN) == "True", 60)
    console.start_web()
    console.start_web()  # a second one, that tells of nothing

    cluster.send_signal(signal.SIGKILL)
    cluster.wait()

    wait_until(lambda: silences(mailbox), 90)
    console.start("cluster")
    wait_until(lambda: any(each.startswith("Over: ") for each in subjects(mailbox)), 90)
    wait_until(lambda: len(endpoint.requests) >= 2, 30)
    assert len(silences(mailbox)) == 1


def test_a_database_that_breaks_is_told_of_by_each_web_server(console, mailbox):
    console.start("dispatcher")
    wait_until(lambda: console.shell(SIGN) == "True", 60)
    console.processes[-1].kill()
    console.start_web()
    wait_until(lambda: silences(mailbox), 90)

    for path in console.folder.glob("console.sqlite3*"):
        if not path.name.endswith("-shm"):  # Who has that one in memory would be ended by it.
            path.write_bytes(b"this is no database any more" * 1000)

    wait_until(lambda: "Alarm: the database is gone" in subjects(mailbox), 90)
