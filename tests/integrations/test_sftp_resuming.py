"""Uploads that break go on behind what the server has of them."""

import math
import os
import re

import pytest

from integrations.connectors.content import Content
from integrations.errors import TransientError
from integrations.sandbox.files import Files
from integrations.transports.sftp import lanes, requests
from integrations.transports.sftp.resuming import after
from tests.integrations.exports import between, connector, content, landed, names, temporary
from tests.servers import local_delivery

RESUMED = re.compile(r"^Resumed .* at ([\d,]+) of ([\d,]+) bytes sent before\.$")
CUT = 4_000_000  # bytes to the server, of about 6 million

pytestmark = pytest.mark.usefixtures("impatient", "confirmed")


@pytest.fixture
def confirmed(monkeypatch):
    """However slow the machine is, most of what was sent before a cut is confirmed, in order."""
    monkeypatch.setattr(requests, "UNDER_WAY", CUT // 4)
    monkeypatch.setattr(lanes, "FAR", math.inf)


def resumed(log):
    """Return where uploads went on, and how much had been sent before."""
    found = (RESUMED.match(line) for line in log)
    return [
        tuple(int(text.replace(",", "")) for text in match.groups()) for match in found if match
    ]


@pytest.mark.needs("sshd")
@pytest.mark.parametrize(("rename", "threshold"), [(True, 700_000), (False, 0), (False, 700_000)])
def test_a_broken_upload_goes_on_where_it_broke(sshd, many, faulty, rename, threshold):
    proxy = faulty(sshd, cuts=[CUT, 1_000_000])
    log = []
    export = connector(
        sshd, port=proxy.port, rename_file_after_upload=rename, temp_file_threshold=threshold
    )

    receipt = export.export(many, local_delivery(log=log.append))

    landed(sshd, receipt, many)
    (first, before), (second, _) = resumed(log)
    assert 1_000_000 < first <= before
    assert first <= second  # As little as the server had time to confirm.
    assert proxy.connections == 3


@pytest.mark.needs("sshd")
def test_what_was_confirmed_is_not_sent_again(sshd, many, faulty):
    proxy = faulty(sshd, cuts=[CUT])
    log, told = [], []

    connector(sshd, port=proxy.port).export(
        many, local_delivery(log=log.append, progress=told.append)
    )

    [(offset, sent)] = resumed(log)
    assert told.count(sent) >= 1
    again = told[told.index(sent) + 1 :]
    assert min(again) > offset


@pytest.mark.needs("sshd")
@pytest.mark.parametrize(
    ("change", "rename"),
    [
        (lambda path, start: path.write_bytes(start[:9] + b"x" * len(start[9:])), False),
        (lambda path, start: path.write_bytes(start[: len(start) // 2]), True),
        (lambda path, start: path.unlink(), False),
    ],
    ids=["damaged", "shortened", "removed"],
)
def test_what_is_not_there_any_more_is_sent_anew(sshd, many, faulty, change, rename):
    proxy = faulty(sshd, cuts=[CUT])
    log = []

    def meddle():
        path = temporary(sshd)
        start = path.read_bytes()
        assert content(many).startswith(start)
        change(path, start)

    receipt = connector(sshd, port=proxy.port, rename_file_after_upload=rename).export(
        many, local_delivery(log=between(meddle, log))
    )

    landed(sshd, receipt, many)
    assert resumed(log) == []


@pytest.mark.needs("sshd")
def test_bytes_behind_the_end_of_those_that_count_are_written_over(sshd, many, faulty):
    proxy = faulty(sshd, cuts=[CUT])
    log = []

    def lengthen():
        with temporary(sshd).open("ab") as file:
            file.write(b"\0" * 500_000)

    receipt = connector(sshd, port=proxy.port, temp_file_threshold=700_000).export(
        many, local_delivery(log=between(lengthen, log))
    )

    landed(sshd, receipt, many)
    assert len(resumed(log)) == 1


@pytest.mark.needs("sshd")
def test_a_file_that_became_too_long_is_not_published(sshd, many, faulty):
    proxy = faulty(sshd, cuts=[CUT])
    (sshd.root / "out.csv").write_text("old")
    log = []

    def lengthen():
        with temporary(sshd).open("ab") as file:
            file.write(b"\0" * 9_000_000)

    receipt = connector(sshd, port=proxy.port).export(
        many, local_delivery(log=between(lengthen, log))
    )

    landed(sshd, receipt, many)
    assert any("holds" in line and "Retrying 2/" in line for line in log)


def test_content_that_is_made_anew_each_time_is_sent_anew(sandbox, many, faulty, monkeypatch):
    monkeypatch.setattr(Content, "repeatable", False)
    proxy = faulty(sandbox, cuts=[CUT])
    log = []

    receipt = connector(sandbox, port=proxy.port).export(many, local_delivery(log=log.append))

    landed(sandbox, receipt, many)
    assert resumed(log) == []


def test_a_drop_box_that_lets_nothing_be_read_gets_the_file_anew(sandbox, many, faulty):
    sandbox.switches.look = False
    proxy = faulty(sandbox, cuts=[CUT])
    log = []

    connector(sandbox, port=proxy.port).export(many, local_delivery(log=log.append))

    assert (sandbox.root / "out.csv").read_bytes() == content(many)
    assert names(sandbox) == ["out.csv"]
    assert resumed(log) == []


@pytest.fixture
def emptying(monkeypatch):
    """The server empties each file that is opened to be written, and writes where it is told."""
    usual = Files.open

    def empty(session, path, flags, attributes):
        flags &= ~os.O_APPEND
        return usual(session, path, flags | (flags & os.O_WRONLY and os.O_TRUNC), attributes)

    monkeypatch.setattr(Files, "open", empty)


@pytest.mark.usefixtures("emptying")
@pytest.mark.parametrize(("threshold", "cuts"), [(0, [CUT]), (700_000, []), (700_000, [CUT])])
def test_a_server_that_empties_what_is_opened_gets_no_file_with_a_hole(
    sandbox, many, faulty, threshold, cuts
):
    proxy = faulty(sandbox, cuts=list(cuts))
    log = []
    export = connector(sandbox, port=proxy.port, temp_file_threshold=threshold)

    receipt = export.export(many, local_delivery(log=log.append))

    landed(sandbox, receipt, many)
    assert resumed(log) == []
    assert any("refused to append" in line for line in log) == bool(threshold)


@pytest.mark.needs("sshd")
@pytest.mark.parametrize("rename", [True, False])
def test_when_no_try_is_left_no_part_of_the_file_is(sshd, many, faulty, rename):
    (sshd.root / "out.csv").write_text("old")
    proxy = faulty(sshd, cuts=[CUT, 500_000])
    export = connector(
        sshd, port=proxy.port, rename_file_after_upload=rename, max_connection_retry=1
    )

    with pytest.raises(TransientError):
        export.export(many, local_delivery())

    assert names(sshd) == ["out.csv"]
    assert (sshd.root / "out.csv").read_text() == "old"


def test_what_was_kept_is_compared_wherever_chunks_end():
    data = bytes(range(100))
    for size in (1, 7, 30, 99, 100):
        chunks = [data[start : start + size] for start in range(0, 100, size)]
        for length in (1, 30, 99, 100):
            rest = iter(chunks)
            taken = after(data[:length], rest)
            assert b"".join([*taken, *rest]) == data[length:]
            assert after(data[: length - 1] + b"\xff", iter(chunks)) is None
    assert after(data + b"more", iter([data])) is None
