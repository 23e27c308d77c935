"""Renames whose answer nobody heard, as the attempts after that find them in the journal."""

import errno
import threading

import pytest
from paramiko.sftp import SFTP_FAILURE

from integrations.connectors import retry
from integrations.connectors.content import Content
from integrations.delivery import MemoryJournal
from integrations.errors import Stopped, TransientError
from integrations.sandbox import files as sandbox_files
from integrations.sandbox.files import Files
from tests.integrations.exports import (
    between,
    connector,
    content,
    die_in_mid_upload,
    hashed,
    landed,
    names,
    stored,
    temporary,
)
from tests.servers import local_delivery


class Outage:
    """The server does a rename, or not, and from then on hangs up on everybody until it is over."""

    def __init__(self):
        self.done = []  # the names that files got
        self.comes = self.is_on = False
        self.deed = lambda session, old, new: None  # in the place of the rename that it strikes at

    def strike(self, session, old, new):
        self.comes, self.is_on = False, True
        answer = self.deed(session, old, new)
        session.transport.close()
        return answer


@pytest.fixture
def outage(sandbox, monkeypatch):
    """An outage that comes with the next rename of a file, which is done."""
    rename, welcome, outage = Files.posix_rename, sandbox.welcome, Outage()

    def done(session, old, new):
        answer = rename(session, old, new)
        outage.done += [] if answer else [new]
        return answer

    def struck(session, old, new):
        strikes = outage.comes and session.name(old).exists()
        return outage.strike(session, old, new) if strikes else done(session, old, new)

    outage.comes, outage.deed = True, done
    monkeypatch.setattr(Files, "posix_rename", struck)
    monkeypatch.setattr(
        sandbox, "welcome", lambda client: client.close() if outage.is_on else welcome(client)
    )
    return outage


def struck(sandbox, rows, outage, journal=None, **settings):
    """Let an attempt fail in the outage. Return its journal once that is over, and the error."""
    journal = journal or MemoryJournal()
    delivery = local_delivery(job="12.1", journal=journal)
    with pytest.raises(TransientError) as caught:
        connector(sandbox, max_connection_retry=0, **settings).export(rows, delivery)
    outage.is_on = False
    return journal, caught.value


def next_attempt(sandbox, rows, journal, job="12.2", **settings):
    """Return the receipt of another attempt, what it sent and its log."""
    told, log = [], []
    delivery = local_delivery(job=job, journal=journal, progress=told.append, log=log.append)
    return connector(sandbox, **settings).export(rows, delivery), told, log


@pytest.mark.parametrize("job", ["12.2", "13.1"], ids=["attempt", "retry"])
@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("rename", [True, False])
def test_what_an_outage_hid_the_rename_of_is_not_sent_again(
    sandbox, rows, outage, job, taken, rename
):
    sandbox.switches.collect = taken
    settings = {"rename_file_after_upload": rename}

    journal, error = struck(sandbox, rows, outage, **settings)
    receipt, told, log = next_attempt(sandbox, rows, journal, job, **settings)

    assert error.may_be_there
    assert "/out.csv may be there: the server was asked to rename it" in error.remedy
    assert outage.done == ["/out.csv"]
    assert told == []
    assert names(sandbox) == ([] if taken else ["out.csv"])
    assert "/out.csv had arrived: only the server's last answer was lost." in log
    [file] = receipt.files
    assert (file.bytes, file.sha256) == (len(content(rows)), hashed(content(rows)))
    assert receipt.host_key.startswith("SHA256:")


def test_what_two_dead_workers_left_is_removed_by_the_one_that_finds_the_file(
    sandbox, rows, outage
):
    settings = {"rename_file_after_upload": True}
    journal = MemoryJournal()
    die_in_mid_upload(connector(sandbox, **settings), rows, journal)
    (sandbox.root / "out.csv.tmp").write_text("half a fi")

    struck(sandbox, rows, outage, journal, **settings)
    assert "out.csv.tmp" in names(sandbox)
    _, told, log = next_attempt(sandbox, rows, journal, "12.3", **settings)

    assert told == []
    assert "/out.csv had arrived: only the server's last answer was lost." in log
    assert names(sandbox) == ["out.csv"]


def test_what_an_outage_kept_from_its_name_gets_it_without_another_upload(sandbox, rows, outage):
    outage.deed = lambda *asked: None

    journal, _ = struck(sandbox, rows, outage)
    receipt, told, _ = next_attempt(sandbox, rows, journal)

    landed(sandbox, receipt, rows)
    assert told == []


def test_a_file_whose_rename_was_refused_before_an_outage_is_told_and_gets_its_name_later(
    sandbox, rows, outage
):
    def held():
        outage.is_on = True
        return True

    sandbox.switches.rename_answer, outage.comes = SFTP_FAILURE, False
    journal, log = MemoryJournal(), []
    delivery = local_delivery(job="12.1", journal=journal, held=held, log=log.append)
    settings = {"rename_file_after_upload": True, "max_connection_retry": 0}
    with pytest.raises(TransientError) as caught:
        connector(sandbox, **settings).export(rows, delivery)
    outage.is_on, sandbox.switches.rename_answer = False, 0

    receipt, told, _ = next_attempt(sandbox, rows, journal)

    assert "may be there" not in caught.value.remedy
    assert "/out.csv.tmp may be left on the server." in log[-1]
    landed(sandbox, receipt, rows)
    assert told == []


def test_an_attempt_that_reaches_nobody_says_what_one_before_may_have_put_there(
    sandbox, rows, outage
):
    journal, _ = struck(sandbox, rows, outage)
    outage.is_on = True

    journal, error = struck(sandbox, rows, outage, journal)

    assert error.may_be_there and "/out.csv may be there" in error.remedy


@pytest.mark.parametrize("change", ["server", "user", "host_key", "path", "bytes", "name"])
def test_a_rename_counts_of_the_same_bytes_at_the_same_place_alone(
    sandbox, rows, outage, change, tmp_path
):
    journal, _ = struck(sandbox, rows, outage)
    (sandbox.root / "out.csv").unlink()
    other = stored(tmp_path / "other.parquet", id=[3, 2, 1], name=["a", 'b "x"', None])
    for entry in journal.entries:
        if change in entry["at"]:
            entry["at"][change] = "another"
    sent = other if change == "bytes" else rows
    path = "new.csv" if change == "name" else "out.csv"

    next_attempt(sandbox, sent, journal, path=path)

    assert (sandbox.root / path).read_bytes() == content(sent)
    assert names(sandbox) == [path]


def test_bytes_that_differ_each_time_count_as_those_of_the_same_journal(
    sandbox, rows, outage, monkeypatch
):
    journal, _ = struck(sandbox, rows, outage)
    entry = journal.entries[-1]
    entry["rename"]["sha256"] = "of other bytes"
    monkeypatch.setattr(Content, "repeatable", False)

    receipt, told, _ = next_attempt(sandbox, rows, journal)

    assert (told, outage.done) == ([], ["/out.csv"])
    assert receipt.files[0].sha256 == "of other bytes"


@pytest.mark.parametrize("taken", [False, True])
def test_after_a_day_a_file_that_is_not_there_is_sent_again(sandbox, rows, outage, taken):
    sandbox.switches.collect = taken
    journal, _ = struck(sandbox, rows, outage)
    entry = journal.entries[-1]
    entry["rename"]["whole"] -= 86_400

    next_attempt(sandbox, rows, journal)

    assert outage.done == ["/out.csv"] * (1 + taken)


@pytest.mark.parametrize("look", [False, True])
@pytest.mark.parametrize("done", [False, True])
def test_a_kill_while_a_rename_has_no_answer_leaves_the_file_or_nothing(
    sandbox, rows, outage, done, look
):
    sandbox.switches.look = look
    stop, journal, log = threading.Event(), MemoryJournal(), []
    usual = outage.deed

    def killed(*asked):
        stop.set()
        outage.is_on = False
        return usual(*asked) if done else None

    outage.deed = killed
    delivery = local_delivery(job="12.1", journal=journal, stopped=stop.is_set, log=log.append)
    with pytest.raises(Stopped):
        connector(sandbox).export(rows, delivery)

    assert names(sandbox) == (["out.csv"] if done else [])
    assert done == any("/out.csv is there: the server had renamed it." in line for line in log)
    next_attempt(sandbox, rows, journal, "13.1")
    assert outage.done == ["/out.csv"]
    assert names(sandbox) == ["out.csv"]


class DyingJournal(MemoryJournal):
    """A journal of a process that dies as it writes the answer to a rename down."""

    def note(self, entry):
        if "rename" in entry:
            raise Death
        super().write(entry)


class Death(BaseException):
    """The end of a process."""


def test_a_worker_that_dies_at_the_answer_to_the_rename_has_sent_the_file_once(
    sandbox, rows, outage
):
    sandbox.switches.collect, outage.comes = True, False
    journal = DyingJournal()
    with pytest.raises(Death):
        connector(sandbox).export(rows, local_delivery(job="12.1", journal=journal))

    _, told, _ = next_attempt(sandbox, rows, MemoryJournal(journal.entries))

    assert (told, outage.done) == ([], ["/out.csv"])


def test_a_temporary_file_that_a_dead_worker_left_half_done_is_not_published(sandbox, rows, outage):
    outage.deed = lambda *asked: None
    journal, _ = struck(sandbox, rows, outage)
    temporary(sandbox).write_bytes(b"half")

    receipt, _, _ = next_attempt(sandbox, rows, journal)

    landed(sandbox, receipt, rows)


def test_a_whole_file_that_waits_for_its_name_is_left_to_the_one_who_made_it(
    sandbox, rows, many, outage, monkeypatch
):
    outage.deed, taken = lambda *asked: None, []
    export = connector(sandbox, rename_file_after_upload=True)

    def take(path, switches):
        if path.suffix == ".csv":
            taken.append(path.read_bytes())
            path.unlink()

    def meanwhile():
        outage.is_on = False
        export.export(many, local_delivery(job="2.1"))

    monkeypatch.setattr(sandbox_files, "collect", take)
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.01)

    export.export(rows, local_delivery(job="1.1", log=between(meanwhile, [])))

    assert taken == [content(many), content(rows)]
    assert names(sandbox) == []


def test_a_console_without_room_for_the_journal_says_so_and_leaves_nothing(sandbox, rows):
    class Full(MemoryJournal):
        def write(self, entry):
            if entry.get("rename"):
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write(entry)

    with pytest.raises(TransientError) as caught:
        connector(sandbox, max_connection_retry=0).export(rows, local_delivery(journal=Full()))

    assert str(caught.value) == (
        "This server could not write down what it is about to do: No space left on device."
    )
    assert "may be there" not in caught.value.remedy
    assert names(sandbox) == []
