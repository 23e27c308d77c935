"""What a test session has to itself: a home of its own, set before Django reads its settings."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest

MADE_HERE = []
# Modules with a test of half a minute and more. They begin first: what is long ends nobody's wait.
LONG = {f"test_{name}.py" for name in ("postgresql", "day", "drill", "quickstart")}
LONG |= {"test_watch_processes.py", "test_bench.py"}


def own_home():
    """Return a fresh folder. Workers of a parallel run get one inside their session's."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        return Path(os.environ["CONSOLE_HOME"]) / worker
    MADE_HERE.append(tempfile.mkdtemp(prefix="console-tests-"))
    return Path(MADE_HERE[0])


def isolate():
    home = own_home()
    for name in [name for name in os.environ if name.startswith("CONSOLE_")]:
        if not name.startswith("CONSOLE_TESTS_"):
            del os.environ[name]
    os.environ["CONSOLE_HOME"] = str(home)
    if database := os.environ.get("CONSOLE_TESTS_DATABASE_URL"):
        os.environ["CONSOLE_DATABASE_URL"] = database


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for no garbage while tests are found: all that is made then stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(items):
    """Let what takes longest come first; all else stays in its order."""
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_collection_finish():
    """Look for garbage less often, and not in what all tests share."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_unconfigure():
    while MADE_HERE:
        shutil.rmtree(MADE_HERE.pop(), ignore_errors=True)


isolate()
