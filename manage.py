#!/usr/bin/env python3
"""Run the console's commands. Build .venv first where there is none."""

# Old Pythons, down to 3.6, have to understand this file: it tells them what is needed.
import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin/python"
INSTALL_LOG = VENV / "install.log"
RUNTIME, TESTS = "requirements.txt", "tests/requirements.txt"
OFTEN = 50_000  # objects made, after which Python looks for garbage: imports make much, and none

# Of numpy's linear algebra nothing is used, but its threads look for work from the start on.
LIBRARIES = {"OPENBLAS_NUM_THREADS": "1"}
if sys.platform == "linux":  # where Arrow has it: an export takes a sixth less memory, as quickly
    LIBRARIES["ARROW_DEFAULT_MEMORY_POOL"] = "jemalloc"


def main(arguments):
    if sys.version_info < (3, 11):
        sys.exit(
            f"The console needs Python 3.11 or newer, and this is {sys.version.split()[0]}. "
            f"Start it with a newer one: python3.11 manage.py {' '.join(arguments)}"
        )
    testing = arguments[:1] == ["test"]
    enter_venv([RUNTIME, TESTS] if testing else [RUNTIME], arguments)
    if testing:
        os.chdir(HERE)
        os.execv(sys.executable, [sys.executable, "-m", "tests", *arguments[1:]])
    run(arguments)


def run(arguments):
    """Hand over to Django."""
    settle()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    home = home_among(arguments)
    if home:
        os.environ["CONSOLE_HOME"] = home
    try:
        from django.core.management import execute_from_command_line
    except ModuleNotFoundError as error:
        sys.exit(
            f"{error.name} is not installed in {sys.prefix}. Run pip install -r {HERE / RUNTIME} "
            "there, or remove that environment and start again."
        )
    execute_from_command_line([__file__, *arguments])


def settle():
    """Make this process, and those that it starts, quick to start and small."""
    gc.set_threshold(OFTEN)
    for name, value in LIBRARIES.items():
        os.environ.setdefault(name, value)


def home_among(arguments):
    """Return the --home of the quickstart: settings are read before it reads its arguments."""
    if arguments[:1] != ["quickstart"]:
        return ""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == "--home":
            return following
        if argument.startswith("--home="):
            return argument[len("--home=") :]
    return ""


def enter_venv(wanted, arguments):
    """Go on in .venv, with all that is wanted installed in it.

    An environment that a person made is used as it is: an active one, or a .venv without stamps.
    """
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if sys.prefix != sys.base_prefix and not inside:
        return
    if not made_by_hand() and missing(wanted):
        with Alone():
            install(missing(wanted))
    if not inside:
        os.execv(PYTHON, [str(PYTHON), str(HERE / "manage.py"), *arguments])


def made_by_hand():
    return PYTHON.exists() and not stamp(RUNTIME).exists()


def missing(wanted):
    """Return the requirements files that are not, or not any more, what is installed."""
    if not PYTHON.exists():
        return wanted
    return [name for name in wanted if content(stamp(name)) != content(HERE / name)]


def stamp(requirements):
    """Return where .venv keeps a copy of the requirements that are installed in it."""
    return VENV / (requirements.replace("/", "-") + ".installed")


def content(path):
    return path.read_text() if path.exists() else ""


class Alone:
    """Hold off other starts of this file while .venv changes."""

    def __enter__(self):
        import fcntl

        self.folder = os.open(HERE, os.O_RDONLY)
        try:
            fcntl.flock(self.folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start is setting up .venv: waiting for it.")
            fcntl.flock(self.folder, fcntl.LOCK_EX)

    def __exit__(self, *_):
        os.close(self.folder)


def install(requirements):
    if not requirements:
        return  # The start that was waited for did it.
    try:
        if not PYTHON.exists() or not content(stamp(RUNTIME)):
            say("Setting up .venv (once; it takes up to a minute).")
            make_venv()
        for name in requirements:
            say(f"Installing {name}.")
            pip_install(name)
    except OSError as error:
        sys.exit(f"{VENV} cannot be made ({error.strerror}). Make {HERE} writable, or remove it.")


def make_venv():
    """Make .venv anew. Its stamp is empty until the packages are in, so a break is noticed."""
    VENV.mkdir(exist_ok=True)
    stamp(RUNTIME).write_text("")
    for path in VENV.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != stamp(RUNTIME):
            path.unlink()
    if logged([sys.executable, "-m", "venv", str(VENV)]):
        sys.exit(
            "Python's venv module is missing or incomplete. On Debian or Ubuntu: "
            f"sudo apt install python3-venv (elsewhere {INSTALL_LOG} says more)."
        )


def pip_install(name):
    """Install the requirements, and keep a copy of them as the sign that they are in."""
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--no-compile"]
    if logged([*pip, "--requirement", str(HERE / name)]):
        errors = [line for line in content(INSTALL_LOG).splitlines() if line.startswith("ERROR: ")]
        reason = errors[-1][len("ERROR: ") :] if errors else "pip gave no reason"
        sys.exit(
            f"The packages of {name} could not be installed: {reason.rstrip('.')}. Check the "
            f"network and pip's proxy settings, and start again; {INSTALL_LOG} says more."
        )
    temporary = stamp(name).with_suffix(".new")
    temporary.write_text(content(HERE / name))
    temporary.replace(stamp(name))


def logged(command):
    """Run the command with its output in the log; return its exit status."""
    with INSTALL_LOG.open("w") as log:
        return subprocess.call(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
