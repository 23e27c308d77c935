"""OpenSSH's server on a free port of 127.0.0.1, with throw-away keys."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
ALIAS = "bench"  # one name for its host key, through whatever port it is reached
CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
MaxStartups 100
Subsystem sftp internal-sftp
"""


@dataclass
class Server:
    """A running server and what is needed to log in to it."""

    folder: Path
    port: int
    user: str = getpass.getuser()

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def login(self) -> str:
        """The arguments of ssh and sftp."""
        return (
            f"-q -i {self.folder}/user_key -o StrictHostKeyChecking=yes -o BatchMode=yes "
            f"-o UserKnownHostsFile={self.folder}/known_hosts -o HostKeyAlias={ALIAS}"
        )

    def authentication(self, port: int) -> dict:
        """Return the settings of an SFTP_V2 authentication that goes by this port."""
        return {
            "host": "127.0.0.1",
            "port": port,
            "username": self.user,
            "auth_method": "key_pair",
            "secret_key_file": (self.folder / "user_key").read_text(),
        }


@contextmanager
def running(folder: Path):
    """Serve until the end of the block."""
    if not Path(SSHD).exists():
        raise SystemExit("The bench needs OpenSSH's server: install openssh-server.")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    server = Server(folder, free_port())
    server.files.mkdir(parents=True)
    make_keys(server)
    config = folder / "sshd_config"
    config.write_text(CONFIG.format(port=server.port, folder=folder))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", config], stderr=log)
    try:
        await_answer(server, process)
        yield server
    finally:
        process.terminate()
        process.wait()


def make_keys(server):
    for name in ("host_key", "user_key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", server.folder / name]
        subprocess.run(command, check=True)
    host_key = (server.folder / "host_key.pub").read_text()
    (server.folder / "known_hosts").write_text(f"{ALIAS} {host_key}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_answer(server, process, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
            return
        time.sleep(0.02)
    raise SystemExit(f"sshd did not start: {(server.folder / 'log').read_text()}")
