"""What a server is asked together with something else, and what its answers say."""

import struct

import pytest

from integrations.transports.sftp import Files
from integrations.transports.sftp.attributes import attributes
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
