"""Old files on servers that rename onto none: they stay until the new one has its name."""

import threading
from contextlib import suppress
from itertools import product

import pytest
from paramiko.sftp import SFTP_FAILURE

from integrations.delivery import MemoryJournal
from integrations.errors import ExportError, Stopped, TransientError
from integrations.sandbox.files import Files
from integrations.transports.sftp import Upload
from tests.integrations.exports import connector, landed, names
from tests.servers import local_delivery

pytestmark = pytest.mark.usefixtures("impatient")
STEPS = ["the old file is set aside", "the new file is renamed", "the old file is removed"]
MOMENTS = list(product(STEPS, [True, False]))  # each step, and whether it was done yet


@pytest.fixture
def old(sandbox):
    """The file of an earlier day, on a server that does not rename onto it."""
    sandbox.switches.rename_over = False
    path = sandbox.root / "out.csv"
    path.write_text("old")
    return path


@pytest.fixture
def meddle(monkeypatch):
    """A function that has something done before or after a step that can be done."""

    def watch(step, deed, *, after=True, times=1):
        def wrap(name):
            usual = getattr(Files, name)

            def request(session, *paths):
                if step_of(*paths) != step or not (left and is_due(session, *paths)):
                    return usual(session, *paths)
                answer = usual(session, *paths) if after else None
                told = left.pop()(session)
                return answer if told is None else told

            monkeypatch.setattr(Files, name, request)

        left = [deed] * times
        for name in ("rename", "remove"):
            wrap(name)

    return watch


def step_of(name, new=""):
    """Return what is done with a name; nothing where it is no step of those."""
    aside, back = new.endswith(".old.tmp"), name.endswith(".old.tmp")
    steps = {(True, False): STEPS[0], (False, False): STEPS[1], (False, True): STEPS[2]}
    return None if back and new else steps[aside, back] if new or back else None


def is_due(session, name, new=""):
    return session.name(name).exists() and not (new and session.name(new).exists())


def hang_up(session):
    session.transport.close()


@pytest.mark.parametrize("look", [True, False])
@pytest.mark.parametrize("rename", [True, False])
def test_the_old_file_stays_where_the_new_one_alone_is_not_renamed(
    sandbox, rows, old, meddle, rename, look
):
    sandbox.switches.look = look
    meddle(STEPS[1], lambda _: SFTP_FAILURE, after=False, times=99)

    with pytest.raises(TransientError, match=r"^Rename /.*tmp to /out.csv: "):
        connector(sandbox, rename_file_after_upload=rename, max_connection_retry=2).export(
            rows, local_delivery()
        )

    assert old.read_text() == "old"
    assert names(sandbox) == ["out.csv"]


def test_a_file_that_is_renamed_at_the_second_go_replaces_the_old_one(sandbox, rows, old, meddle):
    meddle(STEPS[1], lambda _: SFTP_FAILURE, after=False)

    landed(sandbox, connector(sandbox).export(rows, local_delivery()), rows)


@pytest.mark.parametrize("rename", [True, False])
def test_an_old_file_that_is_taken_in_between_is_no_error(sandbox, rows, old, rename, monkeypatch):
    usual_rename, usual_stat, refused = Files.rename, Files.stat, []

    def note(session, *paths):
        answer = usual_rename(session, *paths)
        refused.extend([answer] * (answer == SFTP_FAILURE))
        return answer

    def take(session, path):
        if refused and path.endswith(".tmp"):
            old.unlink(missing_ok=True)
        return usual_stat(session, path)

    monkeypatch.setattr(Files, "rename", note)
    monkeypatch.setattr(Files, "stat", take)
    export = connector(sandbox, rename_file_after_upload=rename, max_connection_retry=0)

    receipt = export.export(rows, local_delivery())

    assert refused
    landed(sandbox, receipt, rows)


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize("moment", MOMENTS)
def test_wherever_the_line_is_lost_the_new_file_gets_its_place(sandbox, rows, meddle, moment):
    step, after = moment
    meddle(step, hang_up, after=after)

    receipt = connector(sandbox, max_connection_retry=0).export(rows, local_delivery())

    landed(sandbox, receipt, rows)


@pytest.mark.usefixtures("old")
def test_a_try_that_finds_the_old_file_set_aside_begins_with_it_in_its_place(sandbox, many, meddle):
    meddle(STEPS[0], hang_up)
    told = []

    receipt = connector(sandbox).export(many, local_delivery(progress=told.append))

    landed(sandbox, receipt, many)
    assert told == sorted(set(told)), "nothing was sent twice"


@pytest.mark.usefixtures("old")
def test_an_old_file_set_aside_goes_where_a_consumer_was_quicker(sandbox, rows, meddle):
    def take(session):
        (sandbox.root / "out.csv").unlink()
        session.transport.close()

    meddle(STEPS[1], take)

    connector(sandbox, max_connection_retry=0).export(rows, local_delivery())

    assert names(sandbox) == []


@pytest.mark.parametrize("step", STEPS[:2])
def test_after_a_stop_in_between_the_old_file_is_back(sandbox, rows, old, meddle, step):
    stop = threading.Event()

    def stop_and_hang_up(session):
        stop.set()
        session.transport.close()

    meddle(step, stop_and_hang_up, after=step == STEPS[0])

    with pytest.raises(Stopped):
        connector(sandbox).export(rows, local_delivery(stopped=stop.is_set))

    assert old.read_text() == "old"
    assert names(sandbox) == ["out.csv"]


@pytest.fixture
def died(sandbox, rows, old, meddle, monkeypatch):
    """A function that lets the first worker die at a step; it returns what that wrote down."""

    def die(step, *, after):
        journal = MemoryJournal()
        meddle(step, hang_up, after=after)
        with monkeypatch.context() as dead:
            for name in ("found", "clear"):
                dead.setattr(Upload, name, lambda upload: None)
            with suppress(ExportError):
                connector(sandbox, max_connection_retry=0).export(
                    rows, local_delivery(job="12.1", journal=journal)
                )
        return journal

    return die


@pytest.mark.parametrize("moment", MOMENTS)
def test_wherever_a_worker_dies_the_next_one_leaves_the_new_file_alone(sandbox, rows, died, moment):
    step, after = moment
    journal = died(step, after=after)

    receipt = connector(sandbox).export(rows, local_delivery(job="12.2", journal=journal))

    landed(sandbox, receipt, rows)


@pytest.mark.parametrize("moment", [(STEPS[0], True), (STEPS[1], False)])
def test_the_old_file_of_a_dead_worker_is_back_where_the_next_one_fails(
    sandbox, rows, died, meddle, moment
):
    step, after = moment
    journal = died(step, after=after)
    assert not (sandbox.root / "out.csv").exists()
    meddle(STEPS[1], lambda _: SFTP_FAILURE, after=False, times=99)

    with pytest.raises(TransientError):
        connector(sandbox, max_connection_retry=0).export(
            rows, local_delivery(job="12.2", journal=journal)
        )

    assert (sandbox.root / "out.csv").read_text() == "old"
    assert not any(name.endswith(".old.tmp") for name in names(sandbox))


def test_a_worker_that_lost_its_job_leaves_the_old_file_to_the_next(sandbox, rows, old, died):
    journal, log = died(STEPS[0], after=True), []
    [aside] = [name for name in names(sandbox) if name.endswith(".old.tmp")]
    given = {"job": "12.1", "journal": journal, "log": log.append}

    with pytest.raises(Stopped):
        connector(sandbox).export(rows, local_delivery(held=lambda: False, **given))

    assert not old.exists()
    assert (sandbox.root / aside).read_text() == "old"
    assert not any(aside in line for line in log)


def test_an_old_file_that_cannot_be_removed_is_told_of(sandbox, rows, old, meddle):
    meddle(STEPS[2], lambda _: SFTP_FAILURE, after=False, times=99)
    log = []

    connector(sandbox).export(rows, local_delivery(log=log.append))

    [left, _] = names(sandbox)
    assert (sandbox.root / left).read_text() == "old"
    assert any(f"before may still be there as /{left}." in line for line in log)
