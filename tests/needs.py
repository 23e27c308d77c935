"""The marker `needs`: programs beside Python that a test starts, and what happens without them.

`@pytest.mark.needs("sshd")` skips the test where OpenSSH's server is missing, counted and listed
at the end. With CI or CONSOLE_TESTS_STRICT in the environment a missing program is a failure.
"""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

# Debian keeps each version of the server's programs in a folder of its own.
SERVERS = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/postgres")), reverse=True)
# Name -> the commands that will do, and Debian's packages that bring them.
NEEDS = {
    "sshd": (["sshd", "/usr/sbin/sshd"], ["openssh-server"]),
    "sftp": (["sftp"], ["openssh-client"]),
    "ssh-keygen": (["ssh-keygen"], ["openssh-client"]),
    "gpg": (["gpg"], ["gnupg"]),
    "postgres": (["postgres", *SERVERS], ["postgresql"]),
    "redis-server": (["redis-server"], ["redis-server"]),
    "nginx": (["nginx", "/usr/sbin/nginx"], ["nginx-light"]),
    "systemd-analyze": (["systemd-analyze"], ["systemd"]),
    "chromium": (
        ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"],
        ["chromium", "fonts-dejavu-core", "fonts-noto-core"],
    ),
}
REASON = "needs "


def find(name):
    """Return the path of the program, or None."""
    commands, _ = NEEDS[name]
    return next(filter(None, map(shutil.which, commands)), None)


def missing():
    return [name for name in NEEDS if not find(name)]


def strict():
    on = {"1", "true", "yes", "on"}
    return any(os.environ.get(name, "").lower() in on for name in ("CI", "CONSOLE_TESTS_STRICT"))


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*programs): skip where one of them is not installed")


def pytest_runtest_setup(item):
    wanted = {name for mark in item.iter_markers("needs") for name in mark.args}
    absent = sorted(name for name in wanted if not find(name))
    if absent and strict():
        pytest.fail(REASON + ", ".join(absent), pytrace=False)
    if absent:
        pytest.skip(REASON + ", ".join(absent))


def pytest_terminal_summary(terminalreporter):
    """List what was not tested, and what would have to be installed for it."""
    reasons = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])]
    reasons = [reason.removeprefix("Skipped: ") for reason in reasons]
    counts = Counter(reason for reason in reasons if reason.startswith(REASON))
    if counts:
        terminalreporter.section("not tested here")
    for reason, count in sorted(counts.items()):
        terminalreporter.write_line(f"{count} skipped: {reason}")
