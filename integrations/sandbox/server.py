"""The sandbox's SSH server: one user, with a password and a key."""

import io
import socket
import threading
from contextlib import suppress
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from integrations.sandbox import HOST, PASSWORD, USER
from integrations.sandbox.files import Files
from integrations.sandbox.switches import Switches


class Door(paramiko.ServerInterface):
    """Who may come in: the user, by password or key, to SFTP."""

    def __init__(self, transport, key):
        self.transport = transport
        self.key = key

    def get_allowed_auths(self, username):
        return "password,publickey"

    def check_auth_password(self, username, password):
        return self.verdict((username, password) == (USER, PASSWORD))

    def check_auth_publickey(self, username, key):
        return self.verdict(username == USER and key == self.key)

    def verdict(self, passed):
        return paramiko.AUTH_SUCCESSFUL if passed else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        if kind == "session":
            return paramiko.OPEN_SUCCEEDED
        return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class Sandbox:
    """An SFTP server for the files under `root`; its keys are kept in the folder `home`."""

    def __init__(self, root: Path, home: Path, *, port: int = 0, switches: Switches | None = None):
        self.root = root.resolve()
        self.switches = switches or Switches()
        self.root.mkdir(parents=True, exist_ok=True)
        self.host_key = kept_key(home / "host_key")
        self.user_key_path = home / "demo_key"
        self.user_key = kept_key(self.user_key_path)
        self.listener = socket.create_server((HOST, port))
        self.port = self.listener.getsockname()[1]
        self.transports = []

    def serve(self) -> None:
        """Take connections until stop() is called."""
        with self.listener, suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.transports = [open_ for open_ in self.transports if open_.is_active()]
                self.welcome(client)
        for transport in self.transports:
            transport.close()

    def welcome(self, client):
        transport = paramiko.Transport(client)
        transport.add_server_key(self.host_key)
        transport.set_subsystem_handler(
            "sftp", paramiko.SFTPServer, Files, root=self.root, switches=self.switches
        )
        # With an event it does not wait for the client, who may be slow or no SSH client at all.
        transport.start_server(event=threading.Event(), server=Door(transport, self.user_key))
        self.transports.append(transport)

    def stop(self) -> None:
        """End serve(), which is waiting for connections in another thread or frame."""
        self.listener.shutdown(socket.SHUT_RDWR)


def kept_key(path: Path) -> paramiko.PKey:
    """Return the key in the file, which is made when missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.OpenSSH,
                serialization.NoEncryption(),
            )
        )
    return paramiko.Ed25519Key.from_private_key(io.StringIO(path.read_text()))
