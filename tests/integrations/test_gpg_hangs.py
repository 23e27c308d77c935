"""A gpg that hangs: it is ended in time, and keeps nobody who ends the job."""

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from integrations.connectors.content import Content
from integrations.connectors.sftp_v2 import SFTPv2
from integrations.delivery import Delivery
from integrations.encoders import EncoderSettings, encode, running
from integrations.errors import Stopped, TransientError
from tests.integrations.openpgp import Receiver
from tests.integrations.test_pgp import SERVER, THERE, children, settings_for
from tests.servers import wait_until

pytestmark = pytest.mark.needs("gpg")


@pytest.fixture(scope="module")
def receiver():
    """Have a key with one sub-key that encrypts."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        receiver = Receiver(Path(home))
        receiver.first = receiver.add(receiver.make("ed25519", "cert"), "cv25519")
        receiver.key = receiver.public()
        yield receiver
        receiver.close()


HANGING = """\
#!{python}
import os, signal, sys
if "{word}" in sys.argv:
    os.kill(os.getpid(), signal.SIGSTOP)
os.execv("{gpg}", sys.argv)
"""


@pytest.fixture
def hang(tmp_path, monkeypatch):
    """Let gpg be stopped once it is asked for something: yield what does that."""
    gpg, folder = shutil.which("gpg"), tmp_path / "bin"
    folder.mkdir()

    def stop_at(word):
        script = folder / "gpg"
        script.write_text(HANGING.format(python=sys.executable, word=word, gpg=gpg))
        script.chmod(0o755)

    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return stop_at


def stopped_ones():
    """Return the children of this process that are stopped."""
    lists = (path.read_text().split() for path in Path("/proc/self/task").glob("*/children"))
    states = {pid: Path("/proc", pid, "stat").read_text() for pids in lists for pid in pids}
    return [int(pid) for pid, state in states.items() if state.rpartition(")")[2].split()[0] == "T"]


class Long(Content):
    """More than what is made ahead of what is read."""

    def __init__(self, receiver, delivery):
        super().__init__(None, settings_for(receiver), delivery)

    def lines(self):
        yield from [bytes(1 << 20)] * 64


def test_a_kill_while_gpg_hangs_at_a_key_ends_it_soon(receiver, hang, homes, rows):
    form = SFTPv2.Export.from_json(THERE | settings_for(receiver))
    assert form.is_valid(), form.errors
    hang("--import")
    began = time.monotonic()

    with pytest.raises(Stopped):
        SFTPv2(SERVER, form.cleaned_data).deliver(
            rows, Delivery(stopped=lambda: bool(stopped_ones()))
        )

    assert time.monotonic() - began < 5
    assert not stopped_ones() and not list(homes.iterdir())


def stopping(content):
    """Yield the content, and stop its gpg."""
    for chunk in content:
        for child in children():
            os.kill(child, signal.SIGSTOP)
        yield chunk


def nothing_comes(content):
    """Return whether, at one look after the other, gpg is stopped and its reader waits."""
    looks = []

    def look():
        looks.append((bool(stopped_ones()), content.waiting, content.bytes))
        return looks[-5:] == [(True, 0, content.bytes)] * 5

    return look


def test_a_kill_while_gpg_is_stopped_in_mid_file_ends_it_soon(receiver, homes):
    stop = Event()
    content = Long(receiver, Delivery(stopped=stop.is_set))
    killer = Thread(target=lambda: (wait_until(nothing_comes(content)), stop.set()))
    killer.start()
    began = time.monotonic()

    with pytest.raises(Stopped):
        list(stopping(content))

    killer.join()
    assert time.monotonic() - began < 5
    assert not children() and not list(homes.iterdir())


def test_an_upload_that_fails_waits_for_no_gpg_that_is_stopped(receiver, homes):
    content = Long(receiver, Delivery())
    chunks = stopping(content)
    next(chunks)
    wait_until(stopped_ones)
    began = time.monotonic()

    content.close()

    assert time.monotonic() - began < 5
    assert not children() and not list(homes.iterdir())


def test_a_gpg_that_hangs_at_a_key_is_ended(receiver, hang, homes, monkeypatch):
    hang("--import")
    monkeypatch.setattr(running, "LIMIT", 0.3)

    form = EncoderSettings.from_json(settings_for(receiver))

    [said] = form.errors["public_key"]
    assert "gpg did not read the key within 0.3 seconds and was ended." in said
    with pytest.raises(TransientError, match="did not read the key"):
        next(encode([b"a"], settings_for(receiver)))
    assert not stopped_ones() and not list(homes.iterdir())
