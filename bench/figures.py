"""Figures that are kept: JSON with what was measured, when, and on what."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

KEPT = Path(__file__).parent / "figures"
PACKAGES = ("duckdb", "pyarrow", "numba", "paramiko", "cryptography", "isal")
PROGRAMS = {
    "OpenSSH": ["ssh", "-V"],
    "gpg": ["gpg", "--version"],
    "gzip": ["gzip", "--version"],
    "bzip2": ["bzip2", "--help"],
    "pigz": ["pigz", "--version"],
    "lbzip2": ["lbzip2", "--version"],
    "rclone": ["rclone", "version"],
}


def circumstances() -> dict:
    """Return the date, the kind of machine, how busy it is, and the versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {memory / 2**30:.0f} GiB, {platform.system()}",
        "load_before": round(os.getloadavg()[0], 2),
        "versions": {"Python": platform.python_version()}
        | {name: version(name) for name in PACKAGES}
        | {name: said for name, command in PROGRAMS.items() if (said := first_line(command))},
    }


def first_line(command: list[str]) -> str:
    """Return what a program says of its version, or nothing where it is not installed."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, input="")
    except FileNotFoundError:
        return ""
    line = next(iter((done.stdout + done.stderr).splitlines()), "")
    return next((word.strip(",v") for word in line.replace("_", " ").split() if number(word)), line)


def number(word):
    """Return whether a word looks like a version."""
    return any(char.isdigit() for char in word) and "." in word


def keep(path: Path, name: str, found: dict) -> None:
    """Put the figures of one work into the file, in the place of earlier ones."""
    figures = read(path) | {name: found}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=1) + "\n")


def read(path: Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}
