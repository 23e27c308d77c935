"""What a server is asked together with something else, and what its answers say."""

import hashlib
import struct

import pytest
from paramiko import SFTP_EOF, SFTP_OP_UNSUPPORTED, SFTPServer, sftp_server
from paramiko.sftp import CMD_DATA

from integrations.connectors.sftp.login import account_of
from integrations.errors import ExportError, PermanentError
from integrations.sandbox.files import Handle
from integrations.transports.sftp import Connection, Files
from integrations.transports.sftp.attributes import attributes
from integrations.transports.sftp.faults import FEW
from integrations.transports.sftp.files import LEAST_BLOCK
from integrations.transports.sftp.open_file import OpenFile
from tests.integrations.exports import connector, content
from tests.servers import local_delivery

WHOLE = struct.pack(">IQIIIII", 1 | 2 | 4 | 8, 5_000_000_000, 10, 20, 0o100640, 1, 2)


@pytest.fixture
def looks(monkeypatch):
    """The paths that the server was asked about in a request of its own."""
    asked, usual = [], Files.stat

    def stat(files, path):
        asked.append(path)
        return usual(files, path)

    monkeypatch.setattr(Files, "stat", stat)
    return asked


@pytest.mark.needs("sshd")
def test_openssh_says_what_it_has_with_the_answer_to_the_close(sshd, many, looks):
    receipt = connector(sshd).export(many, local_delivery())

    [file] = receipt.files
    kept = sshd.root / "out.csv"
    assert looks == []
    assert kept.read_bytes() == content(many)
    assert file.remote_bytes == file.bytes == kept.stat().st_size
    assert file.remote_permissions.startswith("rw-") and file.remote_modified


@pytest.mark.needs("sshd")
def test_a_file_that_was_not_whole_yet_is_looked_at_once_more(sshd, many, looks, monkeypatch):
    def shorter(file):
        file.look.content = struct.pack(">IQ", 1, file.size - 1)
        return usual(file)

    usual = OpenFile.as_closed
    monkeypatch.setattr(OpenFile, "as_closed", shorter)

    receipt = connector(sshd).export(many, local_delivery())

    assert len(looks) == 1
    assert receipt.files[0].remote_bytes == receipt.bytes


def test_other_servers_are_asked_once_the_file_is_closed(sandbox, many, looks):
    receipt = connector(sandbox).export(many, local_delivery())

    assert len(looks) == 1
    assert receipt.files[0].remote_bytes == receipt.bytes


@pytest.mark.needs("sshd")
def test_how_much_one_write_takes_is_asked_with_the_first_file(sshd, many, monkeypatch):
    blocks, usual = [], Files.opened

    def opened(files, *given):
        before = files.block
        file = usual(files, *given)
        blocks.append((before, files.block))
        return file

    monkeypatch.setattr(Files, "opened", opened)

    connector(sshd, temp_file_threshold=200_000).export(many, local_delivery())

    assert blocks[0][0] == LEAST_BLOCK < blocks[0][1]


def test_attributes_are_read_as_the_server_writes_them():
    found = attributes(WHOLE)

    assert (found.st_size, found.st_mode, found.st_mtime) == (5_000_000_000, 0o100640, 2)


@pytest.mark.parametrize("size", range(len(WHOLE)))
def test_attributes_that_are_cut_off_are_unknown(size):
    found = attributes(WHOLE[:size])

    assert found.st_mtime is None
    assert found.st_size in (None, 5_000_000_000)


def test_attributes_that_were_not_sent_are_unknown():
    found = attributes(struct.pack(">III", 8, 1, 2))

    assert (found.st_size, found.st_mode, found.st_mtime) == (None, None, 2)


def speak(monkeypatch, words):
    """Let the sandbox say all it has to say in bytes that are no UTF-8."""
    with pytest.raises(UnicodeDecodeError):
        words.decode()
    monkeypatch.setattr(sftp_server, "SFTP_DESC", [words] * 9)


@pytest.mark.parametrize("words", ["opération".encode("latin-1"), "失敗".encode("shift-jis")])
@pytest.mark.parametrize(
    "switches", [{}, {"rename_over": False}, {"rename_answer": SFTP_OP_UNSUPPORTED}]
)
def test_servers_that_speak_no_english_get_the_file(sandbox, many, monkeypatch, words, switches):
    speak(monkeypatch, words)
    for name, value in switches.items():
        setattr(sandbox.switches, name, value)
    to_a_new_folder = connector(sandbox, "new/folder/out.csv")

    for _ in range(2):
        receipt = to_a_new_folder.export(many, local_delivery())

    [file] = sandbox.root.rglob("*.*")
    assert file.read_bytes() == content(many)
    assert receipt.files[0].remote_bytes == receipt.bytes


def test_what_such_a_server_refuses_is_told_as_by_any_other(sandbox, many, monkeypatch):
    speak(monkeypatch, "d\xe9fendu".encode("latin-1"))
    sandbox.switches.refused_names = "."

    with pytest.raises(PermanentError, match="permission denied"):
        connector(sandbox).export(many, local_delivery())


FULL, QUOTA = "the server's disk is full", "a quota on the server is reached"
PROTECTED, VAGUE = "write-protected", "the server failed without giving a reason"


def refused(sandbox, rows, monkeypatch, code, words):
    """Return how it is told that the server takes no byte, and the old file stays."""
    (sandbox.root / "out.csv").write_text("old")
    monkeypatch.setattr(sftp_server, "SFTP_DESC", [words] * 32)
    monkeypatch.setattr(Handle, "write", lambda *asked: code)
    with pytest.raises(ExportError) as caught:
        connector(sandbox, max_connection_retry=0).export(rows, local_delivery())
    assert [path.read_text() for path in sandbox.root.iterdir()] == ["old"]
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    ("code", "words", "told"),
    [
        (14, "プ", FULL),
        (15, "", QUOTA),
        (12, "", PROTECTED),
        (4, "No space left on device", FULL),
        (4, "write: Disk quota exceeded", QUOTA),
        (4, "Read-only file system", PROTECTED),
        (4, "Antivirus: \r\n\x1b[1m try  later.", 'said "Antivirus: [1m try later"'),
        (4, 'A "hold" is on /in/quota', "said \"A 'hold' is on /in/quota\""),
        (4, "Failure", VAGUE),
        (4, "", VAGUE),
        (4, "The password demo is too weak.", VAGUE),
        (4, "é" * 9000, f'said "{"é" * 120}…"'),
    ],
)
def test_what_the_server_says_of_its_refusal_is_told(sandbox, rows, monkeypatch, code, words, told):
    error = refused(sandbox, rows, monkeypatch, code, words)

    assert told in str(error)
    assert isinstance(error, PermanentError) if told == PROTECTED else error.retries == FEW


def test_a_file_is_read_back_block_by_block_as_the_server_gives_them(sandbox, monkeypatch):
    data = bytes(range(251)) * 9_000
    sandbox.root.joinpath("large").write_bytes(data)
    usual = Handle.read
    monkeypatch.setattr(Handle, "read", lambda file, offset, size: usual(file, offset, 9_999))

    with Connection(account_of(connector(sandbox).authentication), local_delivery()) as connection:
        files = Files(connection)

        assert files.sha256("/large") == hashlib.sha256(data).hexdigest()
        assert files.read("/large", 1_000_000, 65_536) == data[1_000_000:1_065_536]
        assert files.read("/large", len(data) - 10, 65_536) == data[-10:]
        assert files.read("/missing", 0, 9) == b"" == files.sha256("/missing").encode()


@pytest.mark.parametrize("most", [700, 32_768])
def test_a_file_ends_with_an_empty_answer_too(sandbox, monkeypatch, most):
    data = bytes(range(251)) * 200
    sandbox.root.joinpath("file").write_bytes(data)
    usual, told = Handle.read, SFTPServer._send_status

    def empty(server, number, code, desc=None):
        if code == SFTP_EOF:
            server._response(number, CMD_DATA, b"")
        else:
            told(server, number, code, desc)

    monkeypatch.setattr(Handle, "read", lambda file, at, size: usual(file, at, min(size, most)))
    monkeypatch.setattr(SFTPServer, "_send_status", empty)

    with Connection(account_of(connector(sandbox).authentication), local_delivery()) as connection:
        assert Files(connection).sha256("/file") == hashlib.sha256(data).hexdigest()
