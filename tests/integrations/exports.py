"""Results to export, and what the tests of exports ask of servers."""

import hashlib
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.connectors import retry
from integrations.connectors.sftp_v2 import SFTPv2
from integrations.rows import Rows
from tests.servers import local_delivery


@pytest.fixture
def rows(tmp_path):
    """Three rows: a number, a text, a null."""
    return stored(tmp_path / "three.parquet", id=[1, 2, 3], name=["a", 'b "x"', None])


@pytest.fixture(scope="session")
def many(tmp_path_factory):
    """About 6 MB as CSV, no two lines alike."""
    numbers = range(150_000)
    texts = [hashlib.md5(b"%d" % number).hexdigest() for number in numbers]
    return stored(tmp_path_factory.mktemp("many") / "many.parquet", id=list(numbers), text=texts)


@pytest.fixture
def impatient(monkeypatch):
    """Retries come soon after each other."""
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.01)


def stored(path, **columns):
    pq.write_table(pa.table(columns), path)
    return Rows(path)


def connector(server, path="out.csv", **settings):
    """Return the connector for a file in the server's folder."""
    login = server.settings | {
        name: settings.pop(name) for name in list(settings) if name in server.settings
    }
    form = SFTPv2.Authentication.from_json(login)
    assert not form.errors
    base = {"path_prefix": f"{server.shown_root}/{path}", "user_directory_is_root": False}
    export = SFTPv2.Export.from_json(base | settings)
    assert not export.errors
    return SFTPv2(form.cleaned_data, export.cleaned_data)


def content(rows, **settings):
    """Return the bytes that the file must have."""
    export = SFTPv2.Export.from_json(
        {"path_prefix": "/x", "user_directory_is_root": False} | settings
    )
    return SFTPv2({}, export.cleaned_data).preview(rows, limit=1 << 40)


def names(server):
    return sorted(path.name for path in server.root.iterdir())


def hashed(data):
    return hashlib.sha256(data).hexdigest()


def files(server):
    return [Path(entry.path) for entry in os.scandir(server.root)]


def size(path):
    return path.stat().st_size


def between(deed, log):
    """Return a log that does something when the first try has failed, before the next one."""

    def note(line):
        log.append(line)
        if "Retrying 1/" in line:
            deed()

    return note


def temporary(server):
    [path] = (path for path in server.root.iterdir() if path.name.endswith(".tmp"))
    return path


def landed(server, receipt, rows):
    """Assert that the file is there, whole and alone."""
    data = (server.root / "out.csv").read_bytes()
    assert data == content(rows)
    assert receipt.files[0].sha256 == hashed(data)
    assert receipt.bytes == receipt.files[0].remote_bytes == len(data)
    assert names(server) == ["out.csv"]


def die_in_mid_upload(export, rows, journal):
    """Leave behind what a process does that ends at once: its journal, as it was then."""

    def die(count):
        entries.extend(journal.read())
        raise InterruptedError

    entries = []
    with pytest.raises(InterruptedError):
        export.export(rows, local_delivery(job="7.1", journal=journal, progress=die))
    journal.entries = entries
