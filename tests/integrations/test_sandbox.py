import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import paramiko
import pytest

from integrations.sandbox.server import Sandbox
from integrations.transports.private_keys import read_private_key
from tests.servers import wait_until


def connect(sandbox, **credentials):
    client = paramiko.SSHClient()
    client.get_host_keys().add(
        f"[127.0.0.1]:{sandbox.port}", sandbox.host_key.get_name(), sandbox.host_key
    )
    client.connect(
        "127.0.0.1",
        sandbox.port,
        username=credentials.pop("username", "demo"),
        look_for_keys=False,
        allow_agent=False,
        **credentials,
    )
    return client


@pytest.fixture
def sftp(sandbox):
    with connect(sandbox, password="demo") as client:
        yield client.open_sftp()


def test_the_demo_user_comes_in_with_the_password(sandbox):
    with connect(sandbox, password="demo") as client:
        assert client.open_sftp().normalize(".") == "/"


def test_the_demo_user_comes_in_with_the_key(sandbox):
    key = read_private_key(sandbox.user_key_path.read_text())

    with connect(sandbox, pkey=key) as client:
        assert client.open_sftp().listdir() == []


@pytest.mark.parametrize(
    "credentials", [{"password": "wrong"}, {"password": "demo", "username": "root"}]
)
def test_nobody_else_comes_in(sandbox, credentials):
    with pytest.raises(paramiko.AuthenticationException):
        connect(sandbox, **credentials)


def test_files_are_written_read_moved_and_removed(sandbox, sftp):
    sftp.mkdir("/out")
    with sftp.open("/out/a.tmp", "wb") as file:
        file.write(b"one")
    with sftp.open("/out/a.tmp", "ab") as file:
        file.write(b"two")
    sftp.rename("/out/a.tmp", "/out/a.csv")

    assert (sandbox.root / "out/a.csv").read_bytes() == b"onetwo"
    assert sftp.open("/out/a.csv").read() == b"onetwo"
    assert sftp.listdir("/out") == ["a.csv"]
    sftp.remove("/out/a.csv")
    sftp.rmdir("/out")
    assert list(sandbox.root.iterdir()) == []


@pytest.mark.parametrize("path", ["/../../etc/passwd", "../../../etc/passwd", "/link/passwd"])
def test_there_is_no_way_out_of_the_folder(sandbox, sftp, path):
    (sandbox.root / "link").symlink_to("/etc")

    for request in (sftp.stat, sftp.open, sftp.remove):
        with pytest.raises(OSError, match=r"Permission denied|No such file"):
            request(path)
    assert Path("/etc/passwd").exists()


def test_a_link_to_a_file_outside_is_not_followed(sandbox, sftp, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (sandbox.root / "link").symlink_to(tmp_path / "secret")

    with pytest.raises(PermissionError):
        sftp.open("/link", "w")
    with pytest.raises(PermissionError):
        sftp.open("/link")
    assert (tmp_path / "secret").read_text() == "secret"


def test_the_keys_are_kept_for_the_next_start(tmp_path):
    first = Sandbox(tmp_path / "files", tmp_path / "keys")
    second = Sandbox(tmp_path / "files", tmp_path / "keys")

    assert first.host_key == second.host_key
    assert (tmp_path / "keys/host_key").stat().st_mode & 0o777 == 0o600
    first.listener.close()
    second.listener.close()


def test_switches_make_it_difficult(sandbox, sftp):
    sandbox.switches.append = sandbox.switches.rename_over = False
    for name in ("a", "b"):
        with sftp.open(name, "wb") as file:
            file.write(b"x")

    with pytest.raises(FileNotFoundError):
        sftp.open("a", "ab")
    with pytest.raises(OSError, match="Failure"):
        sftp.rename("a", "b")
    with pytest.raises(OSError, match="unsupported"):
        sftp.posix_rename("a", "b")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_and_stops_within_a_second(tmp_path, how):
    command = [sys.executable, "manage.py", "sandbox", "--port", "0"]
    environment = os.environ | {"CONSOLE_HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        port = int(re.search(r"port (\d+)", process.stdout.readline())[1])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            wait_until(lambda: client.recv(1000))  # its greeting
            began = time.monotonic()
            process.send_signal(how)

            with suppress(ConnectionError):
                while client.recv(1000):
                    pass
            assert time.monotonic() - began < 1
        assert process.wait(5) == 0


def test_a_port_in_use_is_one_sentence(sandbox, tmp_path):
    command = [sys.executable, "manage.py", "sandbox", "--root", tmp_path]

    result = subprocess.run(
        [*command, "--port", str(sandbox.port)], capture_output=True, text=True, check=False
    )

    assert result.returncode == 1
    assert result.stderr.startswith(
        f"CommandError: The sandbox cannot serve on port {sandbox.port}"
    )
