"""Checksums that servers make themselves are asked for, and what does not fit is not published."""

import hashlib
import threading

import pytest
from paramiko import SFTPServer
from paramiko.sftp import SFTPError
from paramiko.sftp_server import _hash_class

from integrations.errors import TransientError
from integrations.transports.sftp import checksums
from integrations.transports.sftp.checksums import parsed
from tests.integrations.exports import connector, content, names, stored
from tests.servers import local_delivery


@pytest.mark.parametrize("rename", [True, False])
def test_the_server_confirms_what_was_sent(sandbox, rows, rename):
    receipt = connector(sandbox, rename_file_after_upload=rename).export(rows, local_delivery())

    sha1 = hashlib.sha1(content(rows)).hexdigest()
    assert receipt.files[0].remote_checksum == f"sha1:{sha1}"


def test_a_file_written_straight_is_confirmed_too(sandbox, rows):
    sandbox.switches.refused_names = r"(?<!\.csv)$"

    receipt = connector(sandbox).export(rows, local_delivery())

    assert receipt.files[0].remote_checksum.startswith("sha1:")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("rename", [True, False])
def test_a_file_that_was_damaged_is_not_published(sandbox, rows, rename):
    (sandbox.root / "out.csv").write_text("old")
    sandbox.switches.damage = True
    export = connector(sandbox, rename_file_after_upload=rename, max_connection_retry=1)

    with pytest.raises(TransientError, match="is not that of what was sent") as caught:
        export.export(rows, local_delivery())

    assert "Nothing was published." in str(caught.value)
    assert names(sandbox) == ["out.csv"]
    assert (sandbox.root / "out.csv").read_text() == "old"


@pytest.fixture
def wrong(monkeypatch):
    """The server makes checksums, but wrong ones."""
    monkeypatch.setitem(_hash_class, "sha1", lambda: hashlib.sha1(b"!"))


@pytest.mark.usefixtures("wrong")
def test_a_server_that_cannot_count_is_found_out_by_reading_the_file_back(sandbox, rows):
    log = []

    receipt = connector(sandbox).export(rows, local_delivery(log=log.append))

    assert receipt.files[0].remote_checksum == ""
    assert (sandbox.root / "out.csv").read_bytes() == content(rows)
    assert any("byte for byte what was sent" in line for line in log)


@pytest.mark.usefixtures("wrong")
def test_one_that_cannot_count_and_damages_the_file_is_found_out_too(sandbox, rows):
    sandbox.switches.damage = True

    with pytest.raises(TransientError, match="is not that of what was sent"):
        connector(sandbox, max_connection_retry=0).export(rows, local_delivery())

    assert names(sandbox) == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("moment", [1, 2], ids=["before", "after"])
def test_a_server_that_never_comes_back_with_a_checksum_is_not_asked_again(
    sandbox, rows, monkeypatch, moment
):
    asked, over = [], threading.Event()
    usual = SFTPServer._check_file

    def wait(server, *request):
        asked.append(request)
        if len(asked) == moment:
            over.wait()
        return usual(server, *request)

    monkeypatch.setattr(SFTPServer, "_check_file", wait)

    receipt = connector(sandbox, timeout=2).export(rows, local_delivery())

    over.set()
    assert len(asked) == moment
    assert receipt.files[0].remote_checksum == ""
    assert (sandbox.root / "out.csv").read_bytes() == content(rows)
    assert names(sandbox) == ["out.csv"]


@pytest.mark.parametrize("size", ["large", "empty"])
def test_where_there_is_no_checksum_there_is_none_in_the_receipt(sandbox, tmp_path, many, size):
    rows = many if size == "large" else stored(tmp_path / "none.parquet", id=[])

    receipt = connector(sandbox, header_line=False).export(rows, local_delivery())

    empty = f"sha1:{hashlib.sha1(b'').hexdigest()}"
    assert receipt.files[0].remote_checksum in ("", empty)
    assert receipt.bytes == receipt.files[0].remote_bytes


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("look", [True, False])
def test_a_drop_box_or_a_server_without_the_extension_is_no_error(sandbox, rows, monkeypatch, look):
    sandbox.switches.look = look
    if look:  # It is asked by the draft's name, which it does not know.
        monkeypatch.setattr(checksums.Checksum, "is_paramiko", lambda _: False)

    receipt = connector(sandbox).export(rows, local_delivery())

    assert receipt.files[0].remote_checksum == ""
    assert (sandbox.root / "out.csv").read_bytes() == content(rows)


def packed(*texts):
    return b"".join(len(text).to_bytes(4, "big") + text for text in texts)


def test_answers_of_all_servers_are_read():
    assert parsed(packed(b"sha256") + b"\1" * 32) == ("sha256", b"\1" * 32)
    assert parsed(packed(b"check-file", b"sha1") + b"\2" * 20) == ("sha1", b"\2" * 20)
    for answer in (b"", b"\0", packed(b"check-file"), packed(b"crc32") + b"1234", b"\xff" * 40):
        with pytest.raises(SFTPError):
            parsed(answer)
