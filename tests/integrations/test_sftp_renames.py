"""Renames that are refused for once, or whose request or answer is lost."""

import os
import threading
import time

import pytest
from paramiko.sftp import SFTP_FAILURE

from integrations.connectors.content import Content
from integrations.errors import ExportError, Stopped, TransientError
from integrations.sandbox.files import Files
from tests.integrations.exports import between, connector, content, landed, names, temporary
from tests.servers import local_delivery, wait_until

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.mark.parametrize("rename", [True, False])
def test_a_refused_rename_is_tried_again_without_another_upload(sandbox, many, rename, monkeypatch):
    monkeypatch.setattr(Content, "repeatable", rename)
    (sandbox.root / "out.csv").mkdir()
    (sandbox.root / "out.csv/inside").touch()
    log, told = [], []

    def clear_the_way():
        (sandbox.root / "out.csv/inside").unlink()
        (sandbox.root / "out.csv").rmdir()

    receipt = connector(sandbox, rename_file_after_upload=rename).export(
        many, local_delivery(log=between(clear_the_way, log), progress=told.append)
    )

    landed(sandbox, receipt, many)
    assert told == sorted(set(told)), "nothing was sent twice"
    assert any("is whole already" in line for line in log)


def test_a_whole_file_that_was_changed_is_not_published(sandbox, rows):
    (sandbox.root / "out.csv").mkdir()
    (sandbox.root / "out.csv/inside").touch()

    def meddle():
        (sandbox.root / "out.csv/inside").unlink()
        (sandbox.root / "out.csv").rmdir()
        path = temporary(sandbox)
        path.write_bytes(b"x" * path.stat().st_size)
        os.utime(path, (2_000_000_000, 2_000_000_000))

    receipt = connector(sandbox).export(rows, local_delivery(log=between(meddle, [])))

    landed(sandbox, receipt, rows)


@pytest.fixture
def lost_request(sandbox, monkeypatch):
    """The connection ends before the first rename of a file that is there is done."""
    usual, lost = Files.posix_rename, []

    def rename(session, old, new):
        if lost or not session.name(old).exists():
            return usual(session, old, new)
        lost.append(old)
        for deed in after_loss:
            deed(session.name(old))
        session.transport.close()
        return None

    after_loss = []
    monkeypatch.setattr(Files, "posix_rename", rename)
    return after_loss


@pytest.mark.usefixtures("lost_request")
@pytest.mark.parametrize("retries", [0, 1])
def test_a_rename_that_was_never_done_is_done_without_another_upload(sandbox, many, retries):
    told = []

    receipt = connector(sandbox, max_connection_retry=retries).export(
        many, local_delivery(progress=told.append)
    )

    landed(sandbox, receipt, many)
    assert told == sorted(set(told))


def test_an_old_file_of_the_same_size_is_not_taken_for_the_new_one(sandbox, rows, lost_request):
    old = sandbox.root / "out.csv"
    old.write_bytes(b"x" * len(content(rows)))
    os.utime(old, (1_000_000_000, 1_000_000_000))
    lost_request.append(lambda path: path.unlink())

    receipt = connector(sandbox).export(rows, local_delivery())

    landed(sandbox, receipt, rows)


def test_a_file_that_was_taken_away_after_a_lost_answer_is_not_sent_twice(sandbox, many):
    sandbox.switches.collect = True
    sandbox.switches.lost_renames = 1
    log, told = [], []

    receipt = connector(sandbox).export(many, local_delivery(log=log.append, progress=told.append))

    assert names(sandbox) == []
    assert receipt.files[0].remote_bytes == receipt.bytes == len(content(many))
    assert told == sorted(set(told))
    assert any("only the server's last answer was lost" in line for line in log)


def test_a_lost_answer_of_a_drop_box_is_made_good_by_asking_again(sandbox, many):
    sandbox.switches.look = False
    sandbox.switches.lost_renames = 1
    told = []

    connector(sandbox).export(many, local_delivery(progress=told.append))

    assert (sandbox.root / "out.csv").read_bytes() == content(many)
    assert names(sandbox) == ["out.csv"]
    assert told == sorted(set(told))


def test_the_old_file_stays_where_the_new_one_vanished_before_its_rename(sandbox, rows):
    (sandbox.root / "out.csv").write_text("old")
    export = connector(sandbox, rename_file_after_upload=True, max_connection_retry=0)

    def held():
        (sandbox.root / "out.csv.tmp").unlink(missing_ok=True)
        return True

    with pytest.raises(TransientError, match=r"out.csv.tmp was removed before it could be renamed"):
        export.export(rows, local_delivery(held=held))

    assert (sandbox.root / "out.csv").read_text() == "old"


@pytest.mark.parametrize("rename", [True, False])
def test_a_worker_that_wakes_after_its_fence_does_not_remove_what_the_next_one_sent(
    sandbox, rows, rename
):
    asked = []

    def held():
        asked.append(True)
        if len(asked) == 1:  # The next one removes what the one before left, and publishes.
            temporary(sandbox).unlink()
            (sandbox.root / "out.csv").write_text("of the next worker")
        return len(asked) == 1

    with pytest.raises((ExportError, Stopped)):
        connector(sandbox, rename_file_after_upload=rename, max_connection_retry=0).export(
            rows, local_delivery(held=held)
        )

    assert (sandbox.root / "out.csv").read_text() == "of the next worker"


def test_the_old_file_stays_where_no_rename_is_ever_done(sandbox, rows):
    (sandbox.root / "out.csv").write_text("old")
    sandbox.switches.rename_answer = SFTP_FAILURE
    export = connector(sandbox, rename_file_after_upload=True, max_connection_retry=1)

    with pytest.raises(TransientError, match=r"^Rename /out.csv.tmp to /out.csv"):
        export.export(rows, local_delivery())

    assert (sandbox.root / "out.csv").read_text() == "old"
    assert names(sandbox) == ["out.csv"]


def test_a_file_that_vanished_after_a_refused_rename_did_not_arrive(sandbox, rows):
    sandbox.switches.rename_answer = SFTP_FAILURE
    log = []

    def meddle():
        temporary(sandbox).unlink()
        sandbox.switches.rename_answer = 0

    receipt = connector(sandbox, rename_file_after_upload=True).export(
        rows, local_delivery(log=between(meddle, log))
    )

    landed(sandbox, receipt, rows)
    assert not any("had arrived" in line for line in log)


def test_a_stop_while_a_lost_answer_is_looked_for_is_obeyed(sandbox, rows, faulty, lost_request):
    proxy = faulty(sandbox)
    lost_request.append(lambda path: setattr(proxy, "swallow_after", 0))
    stop = threading.Event()
    export = connector(sandbox, port=proxy.port, max_connection_retry=0)

    def run():
        with pytest.raises(TransientError):
            export.export(rows, local_delivery(stopped=stop.is_set))

    running = threading.Thread(target=run)
    running.start()
    wait_until(lambda: proxy.connections == 2)
    stop.set()
    asked = time.monotonic()
    running.join()

    assert time.monotonic() - asked < 5
