"""Exports to servers that are difficult, as the sandbox can be."""

import threading

import paramiko
import pytest
from paramiko import AUTH_FAILED, InteractiveQuery
from paramiko.sftp import CMD_WRITE, SFTP_PERMISSION_DENIED

from integrations.errors import PermanentError, TransientError
from integrations.sandbox.files import Files
from integrations.sandbox.server import Door
from tests.integrations.exports import connector, content, hashed, names, size, stored
from tests.servers import local_delivery


def test_a_password_logs_in(sandbox, rows):
    receipt = connector(sandbox, "upload/out.csv").export(rows, local_delivery())

    assert receipt.files[0].path == "/upload/out.csv"
    assert (sandbox.root / "upload/out.csv").read_bytes() == content(rows)


@pytest.mark.parametrize("given", [{"password": "wrong"}, {"username": "other"}])
def test_wrong_credentials_are_tried_once(sandbox, rows, faulty, given):
    proxy = faulty(sandbox)

    with pytest.raises(PermanentError, match="refused the user or the credentials") as caught:
        connector(sandbox, port=proxy.port, **given).export(rows, local_delivery())

    assert proxy.connections == 1
    assert "wrong" not in str(caught.value)
    assert caught.value.remedy.startswith("Check the user")


@pytest.fixture
def asking(sandbox, monkeypatch):
    """A function that lets the sandbox take a password only as the answer to its questions."""

    def ask(*questions):
        asked = InteractiveQuery("", "", *((each, False) for each in questions))
        monkeypatch.setattr(Door, "get_allowed_auths", lambda *_: "keyboard-interactive")
        monkeypatch.setattr(Door, "check_auth_password", lambda *_: AUTH_FAILED)
        monkeypatch.setattr(Door, "check_auth_interactive", lambda *_: asked)
        monkeypatch.setattr(Door, "check_auth_interactive_response", verdict)

    def verdict(door, answers):
        account = sandbox.accounts["demo"]
        return door.verdict(account, answers == ["demo"])

    return ask


def test_a_password_logs_in_where_it_is_asked_for(sandbox, rows, asking):
    asking("Password: ")

    connector(sandbox).export(rows, local_delivery())

    assert names(sandbox) == ["out.csv"]


def test_a_wrong_password_is_told_where_it_is_asked_for(sandbox, rows, asking):
    asking("Password: ")

    with pytest.raises(PermanentError, match="refused the user or the credentials") as caught:
        connector(sandbox, password="wrong").export(rows, local_delivery())

    assert caught.value.remedy.startswith("Check the user")


def test_a_server_that_asks_for_more_than_a_password_is_told(sandbox, rows, asking):
    asking("Password: ", "Code: ")

    with pytest.raises(PermanentError, match="asks for more than a password") as caught:
        connector(sandbox).export(rows, local_delivery())

    assert "one factor" in caught.value.remedy


@pytest.mark.parametrize("rename", [True, False])
@pytest.mark.parametrize("threshold", [0, 1024, 50_000])
def test_a_server_without_append_gets_the_file_in_one_piece(sandbox, tmp_path, threshold, rename):
    sandbox.switches.append = False
    some = stored(tmp_path / "some.parquet", id=list(range(5000)))
    log = []
    export = connector(sandbox, temp_file_threshold=threshold, rename_file_after_upload=rename)

    receipt = export.export(some, local_delivery(log=log.append))

    assert (sandbox.root / "out.csv").read_bytes() == content(some)
    assert receipt.files[0].sha256 == hashed(content(some))
    assert names(sandbox) == ["out.csv"]
    advice = [line for line in log if "Set the Temp filesize threshold to 0" in line]
    assert len(advice) == (threshold == 1024)


def test_a_file_is_replaced_where_renaming_cannot(sandbox, rows):
    sandbox.switches.rename_over = False
    (sandbox.root / "out.csv").write_text("old")

    connector(sandbox, rename_file_after_upload=True).export(rows, local_delivery())

    assert (sandbox.root / "out.csv").read_bytes() == content(rows)
    assert names(sandbox) == ["out.csv"]


@pytest.mark.parametrize("rename", [True, False])
def test_a_drop_box_that_shows_nothing_is_no_error(sandbox, rows, rename):
    sandbox.switches.look = False

    receipt = connector(sandbox, rename_file_after_upload=rename).export(rows, local_delivery())

    assert receipt.files[0].remote_bytes is None
    assert receipt.bytes == len(content(rows))
    assert (sandbox.root / "out.csv").read_bytes() == content(rows)


@pytest.mark.parametrize("rename", [True, False])
def test_a_file_that_is_collected_at_once_is_no_error(sandbox, rows, rename):
    sandbox.switches.collect = True

    receipt = connector(sandbox, rename_file_after_upload=rename).export(rows, local_delivery())

    assert receipt.files[0].remote_bytes == len(content(rows))
    assert names(sandbox) == []


@pytest.mark.parametrize("rename", [True, False])
def test_a_quota_is_told_and_leaves_nothing(sandbox, many, rename):
    sandbox.switches.quota = 1_000_000
    export = connector(sandbox, rename_file_after_upload=rename, max_connection_retry=0)

    with pytest.raises(TransientError, match=r"^Write .*out.csv.*failed without giving a reason"):
        export.export(many, local_delivery())

    assert names(sandbox) == []


@pytest.mark.usefixtures("impatient")
def test_a_failure_without_a_reason_is_not_tried_for_long(sandbox, many, faulty):
    sandbox.switches.quota = 1000
    proxy = faulty(sandbox)
    export = connector(sandbox, port=proxy.port, max_connection_retry=100)

    with pytest.raises(TransientError):
        export.export(many, local_delivery())

    assert proxy.connections == 4


def test_a_rename_whose_answer_was_lost_is_recognized(sandbox, many, faulty):
    sandbox.switches.lost_renames = 1
    proxy = faulty(sandbox)
    log, told = [], []
    export = connector(sandbox, port=proxy.port, rename_file_after_upload=True)

    receipt = export.export(many, local_delivery(log=log.append, progress=told.append))

    assert proxy.connections == 2
    assert told == sorted(set(told)), "nothing was sent twice"
    assert any("only the server's last answer was lost" in line for line in log)
    assert receipt.files[0].sha256 == hashed((sandbox.root / "out.csv").read_bytes())
    assert receipt.files[0].remote_bytes == size(sandbox.root / "out.csv") == len(content(many))
    assert names(sandbox) == ["out.csv"]


def test_a_lost_answer_to_the_rename_of_the_last_try_is_recognized(sandbox, rows):
    sandbox.switches.lost_renames = 1
    export = connector(sandbox, rename_file_after_upload=True, max_connection_retry=0)

    receipt = export.export(rows, local_delivery())

    assert (sandbox.root / "out.csv").read_bytes() == content(rows)
    assert receipt.files[0].path == "/out.csv"
    assert receipt.files[0].sha256 == hashed(content(rows))
    assert names(sandbox) == ["out.csv"]


@pytest.fixture
def lost_creation(monkeypatch):
    """The server makes each file that it is asked for, and is gone before it says so."""
    create = Files.open

    def create_and_go(session, *asked):
        handle = create(session, *asked)
        session.transport.close()
        return handle

    monkeypatch.setattr(Files, "open", create_and_go)


@pytest.mark.usefixtures("lost_creation")
def test_a_lost_answer_to_the_creation_leaves_no_empty_file(sandbox, rows):
    export = connector(sandbox, max_connection_retry=0)

    with pytest.raises(TransientError):
        export.export(rows, local_delivery())

    assert names(sandbox) == []


def test_a_file_that_may_not_be_replaced_stays(sandbox, rows, monkeypatch):
    (sandbox.root / "out.csv").touch()
    monkeypatch.setattr(Files, "open", lambda *asked: SFTP_PERMISSION_DENIED)

    with pytest.raises(PermanentError):
        connector(sandbox, max_connection_retry=0).export(rows, local_delivery())

    assert names(sandbox) == ["out.csv"]


def test_nothing_is_asked_of_the_server_after_the_rename(sandbox, rows, monkeypatch):
    rename = Files.posix_rename

    def rename_and_go_blind(session, *paths):
        sandbox.switches.look = False
        return rename(session, *paths)

    monkeypatch.setattr(Files, "posix_rename", rename_and_go_blind)

    export = connector(sandbox, rename_file_after_upload=True, max_connection_retry=0)
    receipt = export.export(rows, local_delivery())

    assert receipt.files[0].remote_bytes == len(content(rows))


def test_a_refused_rename_is_not_taken_for_a_lost_answer(sandbox, rows):
    (sandbox.root / "out.csv").mkdir()
    (sandbox.root / "out.csv/inside").touch()
    export = connector(sandbox, rename_file_after_upload=True, max_connection_retry=1)

    with pytest.raises(TransientError, match="Rename"):
        export.export(rows, local_delivery())

    assert names(sandbox) == ["out.csv"]


def test_an_error_while_the_file_is_made_leaves_the_old_one(sandbox, tmp_path):
    (sandbox.root / "out.csv").write_text("old")
    broken = stored(tmp_path / "broken.parquet", id=list(range(1_000_000)))
    data = bytearray(broken.path.read_bytes())
    data[len(data) // 2 :][:1000] = b"x" * 1000
    data[len(data) // 2 : len(data) // 2 + 50_000] = b"x" * 50_000
    broken.path.write_bytes(data)

    with pytest.raises(OSError, match=r"."):
        connector(sandbox).export(broken, local_delivery())

    assert (sandbox.root / "out.csv").read_text() == "old"
    assert names(sandbox) == ["out.csv"]


def test_answers_may_come_in_any_order(sandbox, many, monkeypatch):
    usual, send = paramiko.SFTPServer._process, paramiko.SFTPServer._send_packet
    writing, kept = threading.local(), []

    def process(server, kind, number, message):
        writing.now = kind == CMD_WRITE
        usual(server, kind, number, message)

    def send_late(server, *packet):
        late = getattr(writing, "now", False)
        if late and not kept:
            return kept.append(packet)  # until the next one is sent
        send(server, *packet)
        if late and len(kept) == 1:
            kept.append(send(server, *kept[0]))
        return None

    monkeypatch.setattr(paramiko.SFTPServer, "_process", process)
    monkeypatch.setattr(paramiko.SFTPServer, "_send_packet", send_late)

    connector(sandbox, max_connection_retry=0).export(many, local_delivery())

    assert len(kept) == 2
    assert (sandbox.root / "out.csv").read_bytes() == content(many)
