"""Under which names a file is written, on servers that allow more or less."""

import os

import pytest
from paramiko.sftp import SFTP_FAILURE, SFTP_OP_UNSUPPORTED, SFTP_PERMISSION_DENIED

from integrations.connectors.content import Content
from integrations.delivery import MemoryJournal
from integrations.errors import PermanentError, TransientError
from integrations.sandbox import files as sandbox_files
from integrations.sandbox.files import Files
from integrations.transports.sftp.leftovers import LONGEST_NAME, earlier, own_names
from tests.integrations.exports import connector, content, hashed, landed, names
from tests.servers import local_delivery

WAYS = [SFTP_OP_UNSUPPORTED, SFTP_PERMISSION_DENIED, SFTP_FAILURE]


@pytest.fixture
def made(monkeypatch):
    """The names of the files that the sandbox was asked to make."""
    asked, usual = [], Files.open

    def noted(session, path, flags, attributes):
        if flags & os.O_CREAT:
            asked.append(path)
        return usual(session, path, flags, attributes)

    monkeypatch.setattr(Files, "open", noted)
    return asked


def test_names_of_our_own_are_told_apart_and_fit():
    for name in ("a", "x" * 255, "é" * 127, "日" * 84):
        hidden, plain = own_names(f"/in/{name}", "12.1")
        assert hidden.startswith("/in/.") and hidden.endswith(".12.1.tmp")
        assert plain == "/in/upload.12.1.tmp"
        assert len(hidden.removeprefix("/in/").encode()) <= LONGEST_NAME
    assert own_names("/in/a", "12.1") != own_names("/in/a", "12.2")


def test_the_tries_of_a_job_before_are_known():
    assert earlier("12.3") == ["12.1", "12.2"]
    assert earlier("12.1") == earlier("manual") == earlier("a.b") == []


@pytest.mark.needs("sshd")
def test_a_name_of_full_length_has_a_temporary_one(sshd, rows):
    name = "x" * 247 + ".csv"

    connector(sshd, name).export(rows, local_delivery(job="123456.1"))

    assert (sshd.root / name).read_bytes() == content(rows)
    assert names(sshd) == [name]


@pytest.mark.parametrize(("answer", "threshold"), [*zip(WAYS, (0, 10, 2**32), strict=True)])
def test_a_server_that_cannot_rename_gets_the_file_straight(sandbox, rows, answer, threshold):
    (sandbox.root / "out.csv").write_text("old")
    sandbox.switches.rename_answer = answer
    log = []

    receipt = connector(sandbox, temp_file_threshold=threshold).export(
        rows, local_delivery(log=log.append)
    )

    assert (sandbox.root / "out.csv").read_bytes() == content(rows)
    assert names(sandbox) == ["out.csv"]
    assert receipt.files[0].remote_bytes == len(content(rows))
    assert len([line for line in log if "does not let files be renamed" in line]) == 1


@pytest.mark.usefixtures("impatient")
def test_a_file_that_is_sent_straight_and_breaks_is_removed_and_sent_anew(sandbox, many, faulty):
    sandbox.switches.rename_answer = SFTP_OP_UNSUPPORTED
    proxy = faulty(sandbox, cuts=[3_000_000])
    log = []

    connector(sandbox, port=proxy.port).export(many, local_delivery(log=log.append))

    assert (sandbox.root / "out.csv").read_bytes() == content(many)
    assert names(sandbox) == ["out.csv"]
    assert len([line for line in log if "does not let files be renamed" in line]) == 1


def test_nothing_of_a_file_that_is_sent_straight_stays_without_a_try_left(sandbox, many, faulty):
    sandbox.switches.rename_answer = SFTP_OP_UNSUPPORTED
    proxy = faulty(sandbox, cuts=[3_000_000])

    with pytest.raises(TransientError):
        connector(sandbox, port=proxy.port, max_connection_retry=0).export(many, local_delivery())

    assert names(sandbox) == []


@pytest.mark.parametrize("answer", WAYS[:2])
def test_nothing_is_sent_twice_to_a_server_that_says_it_cannot(sandbox, many, answer, made):
    sandbox.switches.rename_answer = answer
    told = []

    connector(sandbox).export(many, local_delivery(progress=told.append))

    assert told == sorted(set(told))
    assert made == ["/out.csv"]


@pytest.mark.parametrize("answer", WAYS[:2])
def test_who_asks_for_a_rename_is_told_that_there_is_none(sandbox, rows, answer):
    sandbox.switches.rename_answer = answer

    with pytest.raises(PermanentError, match=r"^Rename /out.csv.tmp to /out.csv"):
        connector(sandbox, rename_file_after_upload=True).export(rows, local_delivery())

    assert names(sandbox) == []


def test_a_server_that_refuses_dots_in_front_gets_another_name(sandbox, rows, made):
    sandbox.switches.refused_names = r"^\."

    connector(sandbox).export(rows, local_delivery(job="12.1"))

    assert made[-1] == "/upload.12.1.tmp"
    assert (sandbox.root / "out.csv").read_bytes() == content(rows)
    assert names(sandbox) == ["out.csv"]


def test_a_server_that_takes_certain_names_only_gets_the_file_straight(sandbox, rows, made):
    sandbox.switches.refused_names = r"(?<!\.csv)$"

    connector(sandbox).export(rows, local_delivery())

    assert made[-1] == "/out.csv"
    assert (sandbox.root / "out.csv").read_bytes() == content(rows)
    assert names(sandbox) == ["out.csv"]


def test_where_there_is_no_room_for_a_new_file_the_old_one_stays(sandbox, rows, monkeypatch):
    (sandbox.root / "out.csv").write_text("old")
    sandbox.switches.quota = 1
    usual = Files.open

    def full(session, path, flags, attributes):
        if flags & os.O_CREAT and not session.place(path).exists():
            return SFTP_FAILURE
        return usual(session, path, flags, attributes)

    monkeypatch.setattr(Files, "open", full)

    with pytest.raises(TransientError, match=r"^Create .*failed without giving a reason"):
        connector(sandbox, max_connection_retry=0).export(rows, local_delivery())

    assert (sandbox.root / "out.csv").read_text() == "old"


@pytest.mark.usefixtures("impatient")
def test_a_server_that_removes_nothing_never_shows_half_a_file(
    sandbox, many, faulty, made, monkeypatch
):
    monkeypatch.setattr(Files, "remove", lambda *asked: SFTP_PERMISSION_DENIED)
    monkeypatch.setattr(Content, "repeatable", False)
    proxy = faulty(sandbox, cuts=[1_000_000] * 3)

    connector(sandbox, port=proxy.port).export(many, local_delivery())

    assert (sandbox.root / "out.csv").read_bytes() == content(many)
    assert "/out.csv" not in made


@pytest.fixture
def taken(monkeypatch):
    """Names and bytes of what a program took as soon as it was closed, temporary or not."""
    files = []

    def take(path, switches):
        if path.stat().st_size:
            files.append((path.name, path.read_bytes()))
            path.unlink()

    monkeypatch.setattr(sandbox_files, "collect", take)
    return files


def test_a_consumer_that_takes_temporary_files_too_gets_the_file_straight(sandbox, rows, taken):
    log = []

    connector(sandbox).export(rows, local_delivery(job="12.1", log=log.append))

    assert taken == [(".out.csv.12.1.tmp", content(rows)), ("out.csv", content(rows))]
    assert names(sandbox) == []
    assert any("choose Write straight under its name in the export" in line for line in log)


def test_a_consumer_that_takes_whatever_is_closed_gets_a_file_written_straight_once(
    sandbox, rows, taken
):
    log = []

    receipt = connector(sandbox, write_straight=True).export(rows, local_delivery(log=log.append))

    assert taken == [("out.csv", content(rows))]
    assert receipt.files[0].sha256 == hashed(content(rows))
    assert not any("straight" in line or "renamed" in line for line in log)


@pytest.mark.needs("sshd")
def test_a_file_is_written_straight_where_that_is_asked_for(sshd, rows):
    (sshd.root / "out.csv").write_text("older and longer than the new one is " * 9)
    before = (sshd.root / "out.csv").stat().st_ino

    receipt = connector(sshd, write_straight=True).export(rows, local_delivery())

    landed(sshd, receipt, rows)
    assert (sshd.root / "out.csv").stat().st_ino == before


@pytest.mark.parametrize(("rename", "look"), [(True, True), (False, True), (False, False)])
def test_what_a_dead_worker_left_of_the_job_is_removed(sandbox, rows, rename, look):
    sandbox.switches.look = look
    for name in (".out.csv.12.1.tmp", "upload.12.2.tmp", ".out.csv.13.1.tmp", ".out.csv.112.1.tmp"):
        (sandbox.root / name).write_text("half a fi")
    log = []

    connector(sandbox, rename_file_after_upload=rename).export(
        rows, local_delivery(job="12.3", log=log.append)
    )

    assert names(sandbox) == [".out.csv.112.1.tmp", ".out.csv.13.1.tmp", "out.csv"]
    assert "Removed /.out.csv.12.1.tmp, left behind by an earlier attempt." in log


@pytest.mark.parametrize("rename", [True, False])
@pytest.mark.parametrize("job", ["12.2", "13.1"], ids=["attempt", "retry"])
def test_what_an_outage_left_on_the_server_is_told_and_removed_by_a_retry(
    sandbox, many, faulty, rename, job
):
    proxy, journal, log = faulty(sandbox, cuts=[1_000_000, 0]), MemoryJournal(), []
    settings = {"port": proxy.port, "rename_file_after_upload": rename}
    with pytest.raises(TransientError):
        connector(sandbox, max_connection_retry=0, **settings).export(
            many, local_delivery(job="12.1", journal=journal, log=log.append)
        )
    [left] = names(sandbox)

    connector(sandbox, **settings).export(many, local_delivery(job=job, journal=journal))

    assert names(sandbox) == ["out.csv"]
    assert f"/{left} may be left on the server." in log[-1]


def test_a_file_whose_making_had_no_answer_is_removed_from_a_drop_box_too(
    sandbox, rows, monkeypatch
):
    sandbox.switches.look, usual, lost = False, Files.open, []

    def cut(session, path, flags, attributes):
        answer = usual(session, path, flags, attributes)
        if not lost:
            lost.append(path)
            session.transport.close()
        return answer

    monkeypatch.setattr(Files, "open", cut)

    with pytest.raises(TransientError):
        connector(sandbox, max_connection_retry=0).export(rows, local_delivery(job="12.1"))

    assert lost == ["/.out.csv.12.1.tmp"]
    assert names(sandbox) == []


def test_a_name_of_our_own_that_is_taken_is_left_alone(sandbox, rows):
    (sandbox.root / ".out.csv.12.1.tmp").write_text("of a copy of this console")

    connector(sandbox).export(rows, local_delivery(job="12.1"))

    assert (sandbox.root / ".out.csv.12.1.tmp").read_text() == "of a copy of this console"
    assert names(sandbox) == [".out.csv.12.1.tmp", "out.csv"]
