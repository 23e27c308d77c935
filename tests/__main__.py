"""Install the programs that tests start, where that is allowed, and run the tests."""

import os
import shutil
import subprocess
import sys

from tests import trino_server
from tests.needs import NEEDS, TRINO, find, missing, strict

MOST_CORES, WAITING = 4, 3
SILENT = {"capture_output": True, "check": False}


def apt():
    """Return how apt-get is called here, or None where it is not there or not allowed."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return ["apt-get"]
    if not shutil.which("sudo") or subprocess.run(["sudo", "-n", "true"], **SILENT).returncode:
        return None
    return ["sudo", "-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]


def install(programs):
    """Install the programs' packages by apt. Return what went wrong, or an empty text."""
    if trouble := call_apt("update"):
        return trouble
    packages = sorted({package for name in programs for package in known_packages(name)})
    if not packages:
        return "it knows no packages of theirs"
    print(f"Installing {', '.join(packages)} for the tests.", flush=True)
    return call_apt("install", "--yes", "--no-install-recommends", *packages)


def call_apt(*arguments):
    """Return what went wrong, or an empty text."""
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run([*apt(), "-q", *arguments], env=environ, text=True, **SILENT)
    if done.returncode:
        return (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
    return ""


def known_packages(name):
    """Return a program's packages, or none where apt does not know them all."""
    packages = [chosen(package) for package in NEEDS[name].packages]
    return packages if all(map(is_known, packages)) else []


def chosen(package):
    """Return the first of the alternatives that apt knows, else the first."""
    alternatives = package.split(" | ")
    return next(filter(is_known, alternatives), alternatives[0])


def is_known(package):
    if not shutil.which("apt-cache"):
        return False
    return subprocess.run(["apt-cache", "show", package], **SILENT).returncode == 0


def download():
    """Prepare Trino, which no package brings, where it can run."""
    if not find("trino"):
        return
    if not TRINO.is_dir():
        print("Downloading Trino for the tests.", flush=True)
    try:
        trino_server.loaded()
    except (trino_server.Missing, AssertionError) as trouble:
        print(f"Trino could not be prepared: {str(trouble).splitlines()[-1]}", flush=True)


def prepare():
    programs = missing()
    if programs and apt() and (trouble := install(programs)):
        print(f"apt-get could not install them: {trouble}", flush=True)
    download()
    for name in missing():
        packages = " ".join(map(chosen, NEEDS[name].packages))
        outcome = "fail" if strict() else "are skipped"
        print(f"{name} is missing: its tests {outcome}. To have it: apt install {packages}")
    sys.stdout.flush()


def processes():
    """Return more than there are cores, within reason: many tests wait for other programs."""
    return min(os.cpu_count() or 1, MOST_CORES) + WAITING


def run(arguments):
    """Become pytest, in parallel where nothing else was asked for."""
    parallel = [] if arguments else ["--numprocesses", str(processes()), "--dist", "worksteal"]
    # Tests start hundreds of Pythons: what one has compiled the others shall find.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *parallel, *arguments])


if __name__ == "__main__":
    prepare()
    run(sys.argv[1:])
