"""Real servers on 127.0.0.1: OpenSSH with a folder and a key of its own, and a proxy for faults."""

import os
import resource
import secrets
import shutil
import socket
import struct
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from getpass import getuser
from pathlib import Path

import pytest

from integrations.delivery import Delivery
from integrations.sandbox.server import Sandbox

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
BELOW = range(20_000, 32_000)  # the ports that the kernel gives to whoever asks are above
PRIVILEGE_FOLDER = Path("/run/sshd")
CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
{extra}
PasswordAuthentication no
MaxStartups 100
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {root}
"""


def local_delivery(**fields):
    """Return a delivery that may reach this machine."""
    return Delivery(networks=("127.0.0.0/8", "::1/128"), **fields)


def wait_until(condition, seconds=10):
    """Poll until the condition holds; fail when it never does."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return result


def free_port():
    """Return a port that nobody has. Until it is used the kernel gives it to nobody else."""
    while True:
        port = secrets.choice(BELOW)
        if is_free(port):
            return port


def is_free(port):
    """Tell whether nobody listens there. Connections that have ended are in nobody's way."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return True
    return False


def keygen(path, *arguments):
    """Make a key pair at the path; return the private key's text."""
    command = ["ssh-keygen", "-q", "-f", path, "-N", "", "-C", "test", *arguments]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path.read_text()


@dataclass
class Sshd:
    """An OpenSSH server that logs the test's own user in to the folder `root`."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = field(default_factory=free_port)
    username: str = field(default_factory=getuser)
    process: subprocess.Popen | None = None

    def __post_init__(self):
        self.root.mkdir(parents=True)
        keygen(self.folder / "host_key", "-t", "ed25519")
        self.private_key = keygen(self.folder / "user_key", "-t", "ed25519")
        self.authorize((self.folder / "user_key.pub").read_text())

    @property
    def root(self):
        return self.folder / "files"

    @property
    def log(self):
        return self.folder / "sshd.log"

    @property
    def shown_root(self):
        """The folder as clients see it."""
        return str(self.root)

    @property
    def settings(self):
        """The settings of an SFTP_V2 authentication for this server."""
        return {
            "host": self.host,
            "port": self.port,
            "username": self.username,
            "auth_method": "key_pair",
            "secret_key_file": self.private_key,
            "secret_key_passphrase": "",
            "max_connection_retry": 3,
            "timeout": 20,
        }

    def authorize(self, public_key):
        with (self.folder / "authorized_keys").open("a") as keys:
            keys.write(public_key.strip() + "\n")

    def start(self, extra=""):
        """Serve; `extra` is lines of sshd_config that come before others, and so win."""
        config = self.folder / "sshd_config"
        config.write_text(
            CONFIG.format(port=self.port, folder=self.folder, root=self.root, extra=extra)
        )
        with self.log.open("wb") as log:
            # Python ignores the signal of a file that is too large; so sshd gets an error too.
            self.process = subprocess.Popen(
                [SSHD, "-D", "-e", "-f", config], stderr=log, restore_signals=False
            )
        wait_until(self.listens)

    def listens(self):
        """Tell whether this very server has the port. Who connects may meet the one before."""
        said = self.log.read_text()
        assert self.process.poll() is None, said
        return "Server listening on" in said

    def stop(self):
        """Stop. A child that was born just now still has the port for a moment."""
        self.process.terminate()
        self.process.wait()
        wait_until(lambda: is_free(self.port))

    def restart(self, extra="", *, new_host_key=None):
        """Serve again, with another host key of the given type if asked, on the same port."""
        self.stop()
        if new_host_key:
            for path in self.folder.glob("host_key*"):
                path.unlink()
            bits = ["-b", "2048"] if new_host_key == "rsa" else []
            keygen(self.folder / "host_key", "-t", new_host_key, *bits)
        self.start(extra)

    def limit_file_size(self, size):
        """Let writes beyond the size fail, as on a full disk."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, size))

    def fingerprint(self):
        """Return the host key's fingerprint in OpenSSH's own words."""
        command = ["ssh-keygen", "-l", "-f", self.folder / "host_key.pub"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]


@pytest.fixture
def sshd(tmp_path):
    """A real OpenSSH server. Mark the test with needs("sshd")."""
    if os.getuid() == 0:
        PRIVILEGE_FOLDER.mkdir(exist_ok=True)
    server = Sshd(tmp_path / "sshd")
    server.start()
    yield server
    server.stop()


class PasswordServer(Sandbox):
    """The SFTP sandbox, logged in to with its password."""

    host = "127.0.0.1"
    shown_root = ""

    @property
    def settings(self):
        """The settings of an SFTP_V2 authentication for this server."""
        return {
            "host": self.host,
            "port": self.port,
            "username": "demo",
            "auth_method": "password",
            "password": "demo",
            "max_connection_retry": 3,
            "timeout": 20,
        }


@pytest.fixture
def sandbox(tmp_path):
    """The SFTP sandbox, in a thread of this process; its switches can be turned at any time."""
    server = PasswordServer(tmp_path / "sandbox/files", tmp_path / "sandbox")
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.stop()
    thread.join()


RESET = struct.pack("ii", 1, 0)  # linger 0: close with a reset


@dataclass
class FaultyProxy:
    """A way to a server on which faults are waiting. Each fault is for the connections to come."""

    target: tuple[str, int]
    cuts: list[int] = field(default_factory=list)  # one for each connection: cut after n bytes up
    reset: bool = False  # cut with a reset in place of an end
    swallow_after: int | None = None  # bytes up, after which nothing passes and nothing closes
    bytes_per_second: int | None = None
    connections: int = 0

    def __post_init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self.listener.getsockname()
        self.sockets = [self.listener]
        self.closed = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.connections += 1
                server = socket.create_connection(self.target)
                self.sockets += client, server
                limit = self.cuts.pop(0) if self.cuts else None
                self.pump(client, server, limit=limit, swallow_after=self.swallow_after)
                self.pump(server, client)

    def pump(self, source, sink, **faults):
        run = threading.Thread(target=self.copy, args=(source, sink), kwargs=faults, daemon=True)
        run.start()

    def copy(self, source, sink, *, limit=None, swallow_after=None):
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                if limit is not None and passed + len(data) > limit:
                    sink.sendall(data[: limit - passed])
                    break
                passed += len(data)
                if swallow_after is not None and passed > swallow_after:
                    self.closed.wait()
                    break
                if self.bytes_per_second and self.closed.wait(len(data) / self.bytes_per_second):
                    break
                sink.sendall(data)
        self.cut(source)
        self.cut(sink)

    def cut(self, end):
        with suppress(OSError):
            if self.reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            # Wakes the other thread that reads from it, and without which nothing closes.
            end.shutdown(socket.SHUT_RD if self.reset else socket.SHUT_RDWR)
            end.close()

    def close(self):
        self.closed.set()
        for end in self.sockets:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture
def faulty(request):
    """A function that puts a faulty proxy before a server."""

    def put_before(server, **faults):
        proxy = FaultyProxy((server.host, server.port), **faults)
        request.addfinalizer(proxy.close)
        return proxy

    return put_before
