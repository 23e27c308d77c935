"""One file over several channels: to servers far away, and to those that cannot do that."""

import os
import random
import threading
import time
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paramiko import (
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    SFTP_FAILURE,
    SFTP_OK,
    SFTP_OP_UNSUPPORTED,
    SFTPAttributes,
)

from bench import delay
from integrations.errors import ExportError, Stopped, TransientError
from integrations.sandbox.files import Handle
from integrations.sandbox.server import Door
from integrations.transports.sftp import Account, Connection, Files, lanes, open_file
from integrations.transports.sftp.connection import Shown
from tests.integrations.exports import connector, content, files, hashed, names, size
from tests.servers import local_delivery, wait_until

BLOCK = 10_000
pytestmark = pytest.mark.needs("sshd")
TOLD = "The server does not take one file over several channels"


@pytest.fixture
def far(monkeypatch):
    """Every server counts as far away, and every file as large."""
    monkeypatch.setattr(lanes, "FAR", 0)
    for module in (lanes, open_file):
        monkeypatch.setattr(module, "WORTH_LANES", 2 * BLOCK)


@pytest.fixture
def sessions(monkeypatch):
    """The SFTP sessions that were opened."""
    opened = []
    usual = Connection.open_sftp

    def open_sftp(*given):
        opened.append(usual(*given))
        return opened[-1]

    monkeypatch.setattr(Connection, "open_sftp", open_sftp)
    return opened


def account(server, **given):
    return Account(
        server.host, server.port, server.username, private_key=server.private_key, **given
    )


def test_a_far_server_gets_a_file_over_several_channels(sshd, many, sessions):
    log = []

    with delay.running(sshd.port, 30) as port:
        receipt = connector(sshd, port=port).export(many, local_delivery(log=log.append))

    assert len(sessions) == lanes.LANES
    assert (sshd.root / "out.csv").read_bytes() == content(many)
    assert receipt.files[0].sha256 == hashed(content(many))
    assert names(sshd) == ["out.csv"]
    assert not [line for line in log if TOLD in line]


@pytest.mark.usefixtures("far")
def test_channels_for_a_large_file_open_while_the_first_one_asks(sshd, many, sessions, monkeypatch):
    monkeypatch.setattr(lanes, "WORTH_LANES", 0)  # However much of the file was made by then.
    usual = Files.create

    def create(*given, **more):
        wait_until(lambda: len(sessions) == lanes.LANES)
        return usual(*given, **more)

    monkeypatch.setattr(Files, "create", create)

    connector(sshd, rename_file_after_upload=True).export(many, local_delivery())

    assert (sshd.root / "out.csv").read_bytes() == content(many)
    assert not [each for each in threading.enumerate() if each.name.startswith("session")]


@pytest.mark.usefixtures("far")
def test_a_file_under_its_own_name_goes_in_order_after_a_refused_append(sandbox, many, monkeypatch):
    sandbox.switches.append, sandbox.switches.rename_answer = False, SFTP_OP_UNSUPPORTED
    spread, log = [], []
    monkeypatch.setattr(open_file.OpenFile, "spread", lambda file: spread.append(file.path))
    export = connector(sandbox, temp_file_threshold=100_000)

    export.export(many, local_delivery(log=log.append))

    assert any("refused to append" in line for line in log)
    assert spread == []
    assert (sandbox.root / "out.csv").read_bytes() == content(many)


def test_a_near_server_gets_it_over_one(sshd, many, sessions, monkeypatch):
    monkeypatch.setattr(lanes, "FAR", 1)

    connector(sshd).export(many, local_delivery())

    assert len(sessions) == 1


@pytest.mark.usefixtures("far")
def test_a_small_file_goes_over_one(sshd, rows, sessions):
    connector(sshd).export(rows, local_delivery())

    assert len(sessions) == 1
    assert (sshd.root / "out.csv").read_bytes() == content(rows)


@pytest.mark.usefixtures("far")
def test_the_bytes_are_the_same_however_they_are_cut(sshd):
    path = f"{sshd.root}/out"
    with Connection(account(sshd), local_delivery()) as connection:
        some = Files(connection)

        @settings(max_examples=25, deadline=None)
        @given(st.lists(st.integers(1, 8 * BLOCK), max_size=30), st.integers())
        def check(sizes, seed):
            data = random.Random(seed).randbytes(sum(sizes))
            file = some.create(path)
            for length in sizes:
                file.write(memoryview(data)[file.size : file.size + length])
            file.close()

            assert (sshd.root / "out").read_bytes() == data
            assert file.confirmed == file.size == len(data)

        check()


def upload(there, path, data, tell):
    """Write the data, and tell the open file before."""
    with Connection(there, local_delivery()) as connection:
        file = Files(connection).create(path)
        tell(file)
        for start in range(0, len(data), BLOCK):
            file.write(memoryview(data)[start : start + BLOCK])
        file.close()


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("reset", [True, False])
def test_what_is_confirmed_is_there_wherever_the_line_breaks(sshd, faulty, reset):
    cuts = random.Random(1)
    data = cuts.randbytes(200 * BLOCK)
    for number in range(8):
        name = f"out{number}"
        proxy = faulty(sshd, cuts=[cuts.randrange(8_000, len(data))], reset=reset)
        there = replace(account(sshd), port=proxy.port)

        opened = []
        with pytest.raises(ExportError, match="connection was lost"):
            upload(there, f"{sshd.root}/{name}", data, opened.append)

        confirmed = opened[0].confirmed if opened else 0
        stored = (sshd.root / name).read_bytes() if opened else b""
        assert stored[:confirmed] == data[:confirmed]
        assert len(stored) >= confirmed


@pytest.mark.usefixtures("far", "impatient")
def test_broken_uploads_over_several_channels_are_made_good(sshd, many, faulty):
    proxy = faulty(sshd, cuts=[2_000_000, 2_000_000, 2_000_000])
    export = connector(sshd, port=proxy.port)

    receipt = export.export(many, local_delivery())

    assert (sshd.root / "out.csv").read_bytes() == content(many)
    assert receipt.files[0].sha256 == hashed(content(many))
    assert names(sshd) == ["out.csv"]


@pytest.mark.usefixtures("far", "impatient")
def test_after_two_broken_uploads_one_channel_has_to_do(sshd, many, faulty, sessions):
    proxy = faulty(sshd, cuts=[2_000_000, 2_000_000])

    connector(sshd, port=proxy.port).export(many, local_delivery())

    assert len(sessions) == 2 * lanes.LANES + 1


@pytest.mark.usefixtures("far")
def test_a_break_at_the_end_of_a_file_is_one_of_them(sshd, faulty):
    proxy = faulty(sshd)
    there = replace(account(sshd), port=proxy.port)

    with Connection(there, local_delivery()) as connection:
        file = Files(connection).create(f"{sshd.root}/out")
        for _ in range(9):
            file.write(memoryview(bytes(BLOCK)))
        proxy.close()
        with pytest.raises(ExportError, match="connection was lost"):
            file.close()

    assert file.shown.breaks == 1


@pytest.mark.usefixtures("far")
def test_a_server_that_allows_one_session_gets_the_file_in_order(sshd, many, sessions):
    sshd.restart("MaxSessions 1")
    log = []

    connector(sshd).export(many, local_delivery(log=log.append))

    assert len(sessions) == 1
    assert (sshd.root / "out.csv").read_bytes() == content(many)
    assert len([line for line in log if TOLD in line]) == 1


@pytest.mark.usefixtures("far")
def test_a_server_that_allows_two_sessions_gets_the_file_over_both(sshd, many, sessions):
    sshd.restart("MaxSessions 2")
    log = []

    connector(sshd).export(many, local_delivery(log=log.append))

    assert len(sessions) == 2
    assert (sshd.root / "out.csv").read_bytes() == content(many)
    assert not [line for line in log if TOLD in line]


def refuse_gaps(handle, offset, data):
    """Fail to write beyond the end, as servers do that store objects."""
    if offset > size(handle.path):
        return SFTP_FAILURE
    return WRITE(handle, offset, data)


def ignore_offsets(handle, offset, data):
    """Append whatever comes."""
    return WRITE(handle, size(handle.path), data)


WRITE = Handle.write


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("write", [refuse_gaps, ignore_offsets])
def test_a_server_that_writes_in_order_only_gets_the_file_so(sandbox, many, monkeypatch, write):
    monkeypatch.setattr(Handle, "write", write)
    log = []
    export = connector(sandbox, max_connection_retry=0)

    export.export(many, local_delivery(log=log.append))

    assert (sandbox.root / "out.csv").read_bytes() == content(many)
    assert names(sandbox) == ["out.csv"]
    assert len([line for line in log if TOLD in line]) == 1


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("look", [True, False])
def test_a_server_that_keeps_blocks_for_each_handle_gets_the_file_in_order(
    sandbox, many, monkeypatch, look
):
    sandbox.switches.look = look
    kept = buffered_by_handle(monkeypatch)
    log = []

    connector(sandbox, max_connection_retry=0).export(many, local_delivery(log=log.append))

    assert kept and (sandbox.root / "out.csv").read_bytes() == content(many)
    assert len([line for line in log if TOLD in line]) == 1


def buffered_by_handle(monkeypatch):
    """Let what is written be kept for each handle, and replace the file once that is closed.

    Servers do so that keep files as objects elsewhere. Return what is kept.
    """
    kept, close = defaultdict(bytearray), Handle.close

    def write(handle, offset, data):
        kept[handle].extend(bytes(max(0, offset - len(kept[handle]))))
        kept[handle][offset : offset + len(data)] = data
        return SFTP_OK

    def stat(handle):
        found = SFTPAttributes()
        found.st_size = len(kept[handle])
        return found

    def replace_file(handle):
        if data := kept[handle]:
            os.truncate(handle.path, 0)
            os.pwrite(handle.descriptor, data, 0)
        close(handle)

    for name, function in {"write": write, "stat": stat, "close": replace_file}.items():
        monkeypatch.setattr(Handle, name, function)
    return kept


@pytest.mark.usefixtures("far")
def test_a_server_that_tells_no_sizes_gets_the_file_in_order(sandbox, many):
    sandbox.switches.look = False
    log = []

    connector(sandbox, max_connection_retry=0).export(many, local_delivery(log=log.append))

    assert (sandbox.root / "out.csv").read_bytes() == content(many)
    assert len([line for line in log if TOLD in line]) == 1


@pytest.mark.usefixtures("far", "impatient")
def test_a_server_that_hangs_up_on_a_second_session_is_asked_for_one_next(
    sandbox, many, monkeypatch
):
    asked = []

    def check(door, kind, chanid):
        asked.append(door)
        if asked.count(door) > 1:
            door.transport.close()
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        return 0

    monkeypatch.setattr(Door, "check_channel_request", check)

    connector(sandbox, max_connection_retry=1).export(many, local_delivery())

    assert (sandbox.root / "out.csv").read_bytes() == content(many)


@pytest.mark.usefixtures("far")
def test_a_full_disk_is_told_over_several_channels_too(sshd, many, sessions):
    sshd.limit_file_size(1_000_000)
    export = connector(sshd, rename_file_after_upload=True, max_connection_retry=0)

    with pytest.raises(TransientError, match="failed without giving a reason"):
        export.export(many, local_delivery())

    assert len(sessions) == lanes.LANES
    assert names(sshd) == []


@pytest.mark.usefixtures("far")
def test_silence_is_noticed_on_several_channels(sshd, many, faulty):
    proxy = faulty(sshd, swallow_after=1_000_000)
    export = connector(sshd, port=proxy.port, timeout=2, max_connection_retry=0)
    began = time.monotonic()

    with pytest.raises(TransientError, match="did not answer for 1 seconds"):
        export.export(many, local_delivery())

    assert time.monotonic() - began < 8


@pytest.mark.usefixtures("far")
def test_a_stop_is_obeyed_on_several_channels(sshd, many, faulty):
    proxy = faulty(sshd, bytes_per_second=1_000_000)
    stop = threading.Event()
    ended = []

    def run():
        with pytest.raises(Stopped):
            connector(sshd, port=proxy.port).export(many, local_delivery(stopped=stop.is_set))
        ended.append(time.monotonic())

    running = threading.Thread(target=run)
    running.start()
    wait_until(lambda: any(size(path) > 1_000_000 for path in files(sshd)))
    stop.set()
    asked = time.monotonic()
    running.join()

    assert ended[0] - asked < 5
    assert names(sshd) == []


def test_what_a_server_has_shown_is_no_part_of_who_logs_in():
    assert Account("a", 1, "b") == Account("a", 1, "b", shown=Shown(several=False))
