"""What a real server refuses, and how that is told."""

import socket
import threading

import pytest

from integrations.errors import PermanentError, TransientError
from tests.integrations.exports import connector, names
from tests.servers import local_delivery

pytestmark = pytest.mark.needs("sshd")


def test_a_name_that_is_too_long_for_the_server_is_told(sshd, rows):
    deep = "/".join(["ü" * 100] * 25)

    with pytest.raises(PermanentError, match="does not accept the name; it may be too long"):
        connector(sshd, f"{deep}/out.csv").export(rows, local_delivery())


@pytest.mark.parametrize("rename", [True, False])
def test_a_directory_of_the_files_name_is_told(sshd, rows, rename):
    (sshd.root / "out.csv").mkdir()
    export = connector(sshd, rename_file_after_upload=rename, max_connection_retry=0)

    with pytest.raises(TransientError, match=r"out\.csv is a directory on 127\.0\.0\.1") as caught:
        export.export(rows, local_delivery())

    assert caught.value.remedy == "Add the name of the file to the path in the export."
    assert names(sshd) == ["out.csv"]


def test_a_file_of_a_directorys_name_is_told(sshd, rows):
    (sshd.root / "a.csv").write_text("old")

    with pytest.raises(PermanentError, match=r"a\.csv is a file on 127\.0\.0\.1"):
        connector(sshd, "a.csv/new/out.csv").export(rows, local_delivery())

    assert (sshd.root / "a.csv").read_text() == "old"


@pytest.mark.parametrize("rename", [True, False])
def test_a_full_disk_is_told_and_leaves_nothing(sshd, many, rename):
    (sshd.root / "out.csv").write_text("old")
    sshd.limit_file_size(1_000_000)
    export = connector(sshd, rename_file_after_upload=rename, max_connection_retry=0)

    with pytest.raises(TransientError, match="failed without giving a reason") as caught:
        export.export(many, local_delivery())

    assert names(sshd) == ["out.csv"]
    assert (sshd.root / "out.csv").read_text() == "old"
    assert caught.value.remedy.startswith("Its disk may be full, a quota may be reached")


@pytest.mark.parametrize("rename", [True, False])
def test_a_forbidden_directory_is_told(sshd, rows, rename):
    sshd.restart("ForceCommand internal-sftp -R")
    (sshd.root / "out.csv").write_text("old")

    with pytest.raises(PermanentError, match=r"Create .*permission denied") as caught:
        connector(sshd, rename_file_after_upload=rename).export(rows, local_delivery())

    assert "the right to write there" in caught.value.remedy
    assert (sshd.root / "out.csv").read_text() == "old"


def test_a_user_without_sftp_is_told(sshd, rows):
    sshd.restart("ForceCommand echo This account is for deliveries only.")

    with pytest.raises(PermanentError) as caught:
        connector(sshd).export(rows, local_delivery())

    assert "Open an SFTP session" in str(caught.value)


def test_a_server_that_takes_passwords_only_is_told(sshd, rows):
    sshd.restart("PubkeyAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM no")

    with pytest.raises(PermanentError, match="does not accept this way to log in"):
        connector(sshd).export(rows, local_delivery())


def test_what_is_no_ssh_server_is_told(sshd, rows):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=greet_as_ftp, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]

        with pytest.raises(TransientError, match="not an SSH server") as caught:
            connector(sshd, port=port, max_connection_retry=0).export(rows, local_delivery())

    assert "FTP and FTPS servers are not SFTP servers" in caught.value.remedy


def greet_as_ftp(listener):
    client, _ = listener.accept()
    with client:
        client.sendall(b"220 Welcome\r\n" * 200)
        client.recv(1000)


def test_this_machine_is_not_reached_unasked(sshd, rows):
    delivery = local_delivery()
    delivery.networks = ("10.0.0.0/8",)

    with pytest.raises(PermanentError, match=r"may not connect to 127.0.0.1"):
        connector(sshd).export(rows, delivery)
