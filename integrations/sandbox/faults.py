"""Faults to rehearse: what the servers of the sandbox do wrong because a file says so.

The file can change while they run. Each of them looks at it now and then.
"""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

FILE_NAME = "faults.json"
LOOK = 0.2  # seconds between looks at the file
LITTLE = 1024  # bytes
PERMISSION_DENIED = 3  # of SFTP; the library takes a while to load, and S3 does without


@dataclass(frozen=True)
class Fault:
    """What a server does wrong, and what that shows."""

    label: str
    switches: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """Servers of one kind, and what they can do wrong."""

    label: str
    faults: dict[str, Fault]


AS_USUAL = {"": Fault("Works as it should")}
KINDS = {
    "sftp": Kind(
        "SFTP, Rokt and CleverTap SFTP import",
        AS_USUAL
        | {
            "full": Fault("Its disk is full after 1 KB of a file", {"quota": LITTLE}),
            "rename": Fault("It lets nobody rename", {"rename_answer": PERMISSION_DENIED}),
            "rename_over": Fault("It never renames onto an existing file", {"rename_over": False}),
            "lost": Fault("It renames once, and hangs up without an answer", {"lost_renames": 1}),
            "append": Fault("It refuses to append", {"append": False}),
            "look": Fault("It is a drop box: nobody sees what is in it", {"look": False}),
            "collect": Fault("Files are taken away as soon as they are whole", {"collect": True}),
            "damage": Fault("It stores the first byte as another one", {"damage": True}),
        },
    ),
    "clevertap": Kind(
        "CleverTap",
        AS_USUAL
        | {
            "partial": Fault("It refuses the first record of a request", {"faults": ["partial"]}),
            "vague": Fault(
                "It refuses the first record of a request, and names none", {"faults": ["vague"]}
            ),
            "fail": Fault("It refuses all records of a request", {"faults": ["fail"]}),
            "busy": Fault("It is busy (429) for two requests", {"faults": ["429"] * 2}),
            "away": Fault("It is not available (503) for two requests", {"faults": ["503"] * 2}),
            "drop": Fault(
                "It takes a request, and hangs up without an answer", {"faults": ["drop"]}
            ),
            "malformed": Fault("It gives an answer that is no JSON", {"faults": ["malformed"]}),
            "credentials": Fault("It refuses the credentials (401) once", {"faults": ["401"]}),
            "slow": Fault("Each of its answers takes 3 seconds", {"delay": 3.0}),
        },
    ),
    "s3": Kind(
        "S3 and Salesforce DMP",
        AS_USUAL
        | {
            "busy": Fault(
                "It is busy (503 SlowDown) for two requests",
                {"refusals": {"*": [(503, "SlowDown")] * 2}},
            ),
            "denied": Fault(
                "It denies access (403) once", {"refusals": {"*": [(403, "AccessDenied")]}}
            ),
            "full": Fault("It takes no object beyond 1 KB", {"quota": LITTLE}),
            "drop": Fault(
                "It hangs up in the middle of an object",
                {"dropped": {"PutObject": 1, "UploadPart": 1}},
            ),
            "lost": Fault(
                "It stores an object, and hangs up without an answer",
                {"lost": {"PutObject": 1, "CompleteMultipartUpload": 1}},
            ),
            "look": Fault("Objects can be written and not looked at", {"look": False}),
            "damage": Fault("It stores the first byte as another one", {"damage": True}),
        },
    ),
}


def choose(path: Path, chosen: dict[str, str]) -> None:
    """Let the servers of each kind have the fault of this name; a blank one is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    fresh.write_text(json.dumps(chosen))
    fresh.replace(path)


def chosen(path: Path) -> dict[str, str]:
    """Return the name of the fault of each kind of servers."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        found = {}
    return {kind: name_in(found, kind) for kind in KINDS}


def name_in(found, kind):
    name = found.get(kind) if isinstance(found, dict) else ""
    return name if isinstance(name, str) and name in KINDS[kind].faults else ""


@contextmanager
def rehearsed(path: Path, kind: str, switches: Any) -> Iterator[None]:
    """Keep the switches of a server as the file says, until the end of the block."""
    over = threading.Event()
    thread = threading.Thread(target=follow, args=(path, kind, switches, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def follow(path, kind, switches, over):
    """Set the switches whenever the file is written; choosing the same again counts too."""
    seen = None
    while not over.wait(0 if seen is None else LOOK):
        now = written(path)
        if now != seen:
            set_switches(switches, KINDS[kind].faults[chosen(path)[kind]].switches)
        seen = now


def written(path):
    """Return what tells one writing of the file from the next."""
    with suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_ino
    return ()


def set_switches(switches, given):
    """Set the switches that are given, and all others as they are without a fault."""
    usual = type(switches)()
    for each in fields(switches):
        if each.init and each.name != "lock":
            value = given.get(each.name, getattr(usual, each.name))
            setattr(switches, each.name, deepcopy(value))
