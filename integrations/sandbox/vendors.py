"""The vendors of the sandbox: an account each, and what becomes of the files that come in."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from integrations.sandbox import CLEVERTAP, ROKT, SAVED_KEYS
from integrations.sandbox.accounts import Account
from integrations.sandbox.clevertap_imports import Importer
from integrations.sandbox.rokt_files import Consumer

PAUSE = 0.3  # seconds between looks at the folders

logger = logging.getLogger(__name__)


def accounts(root: Path, home: Path) -> dict[str, Account]:
    """Return the users of the vendors. They log in with keys, those of the file."""
    keys = home / SAVED_KEYS
    return {
        CLEVERTAP: Account((root / "clevertap").resolve(), saved_keys=keys),
        ROKT: Account((root / "rokt").resolve(), saved_keys=keys),
    }


@contextmanager
def watching(root: Path) -> Iterator[None]:
    """Let the vendors process what comes into their folders."""
    vendors = (
        Importer(root / "clevertap", root / "clevertap-imported"),
        Consumer(root / "rokt", root / "rokt-processed"),
    )
    ended = threading.Event()
    thread = threading.Thread(target=watch, args=(vendors, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def watch(vendors, ended):
    while not ended.wait(PAUSE):
        for vendor in vendors:
            try:
                vendor.look()
            except Exception:  # Files that somebody else takes away are looked at again.
                logger.exception("The sandbox could not look at %s.", vendor.folder)
