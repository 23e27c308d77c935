"""SFTP servers that mean harm cannot fill memory: the export ends with an error."""

import struct
from contextlib import suppress

import paramiko
import pytest
from paramiko.sftp import CMD_EXTENDED_REPLY, CMD_HANDLE, CMD_STATUS

from integrations.errors import ExportError, PermanentError
from integrations.sandbox.files import Files
from integrations.transports.sftp.requests import LONGEST_ANSWER
from tests.integrations.exports import connector
from tests.servers import local_delivery

SENT = 64 * 1024 * 1024
GARBAGE = bytes(32_768)


def export(sandbox, rows, **settings):
    return connector(sandbox, max_connection_retry=0, **settings).export(rows, local_delivery())


def test_an_answer_without_an_end_is_not_kept(sandbox, rows, monkeypatch):
    sent = []
    usual = paramiko.SFTPServer._send_packet

    def endless(server, kind, packet):
        if kind != CMD_HANDLE:
            return usual(server, kind, packet)
        server.sock.sendall(struct.pack(">IBI", 0xF000_0000, CMD_HANDLE, 1))
        with suppress(OSError):
            while sum(sent) < SENT:
                server.sock.sendall(GARBAGE)
                sent.append(len(GARBAGE))
        return None

    monkeypatch.setattr(paramiko.SFTPServer, "_send_packet", endless)

    with pytest.raises(PermanentError, match="in place of SFTP"):
        export(sandbox, rows)

    assert sum(sent) < SENT / 4 + LONGEST_ANSWER


@pytest.mark.parametrize("answer", [b"", b"\0", b"\xff" * 7])
def test_answers_that_are_cut_short_are_told(sandbox, rows, monkeypatch, answer):
    usual = paramiko.SFTPServer._send_packet

    def cut(server, kind, packet):
        if kind in (CMD_HANDLE, CMD_EXTENDED_REPLY, CMD_STATUS):
            packet = paramiko.Message(packet.asbytes()[:4] + answer)
        return usual(server, kind, packet)

    monkeypatch.setattr(paramiko.SFTPServer, "_send_packet", cut)

    with suppress(ExportError):
        export(sandbox, rows)


@pytest.mark.parametrize("directory", ["/a" * 50_000, "/a\nb", "/\x1b[31m"])
def test_a_directory_that_cannot_be_one_is_refused(sandbox, rows, monkeypatch, directory):
    usual = Files.canonicalize

    def odd(files, path):
        return directory if path == "." else usual(files, path)

    monkeypatch.setattr(Files, "canonicalize", odd)

    with pytest.raises(PermanentError, match="in place of SFTP") as caught:
        export(sandbox, rows, user_directory_is_root=True)

    assert len(str(caught.value)) < 500
