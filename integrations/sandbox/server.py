"""The sandbox's SSH server: one user, with a password and a key, and those of vendors."""

import io
import socket
import threading
from contextlib import suppress
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from integrations.sandbox import HOST, PASSWORD, USER
from integrations.sandbox.accounts import Account
from integrations.sandbox.files import Files
from integrations.sandbox.switches import Switches


class Door(paramiko.ServerInterface):
    """Who may come in: users with an account, by password or key, to SFTP."""

    def __init__(self, transport, accounts):
        self.transport = transport
        self.accounts = accounts
        self.root = None  # of who came in

    def get_allowed_auths(self, username):
        return "password,publickey"

    def check_auth_password(self, username, password):
        account = self.accounts.get(username)
        return self.verdict(account, account and account.has_password(password))

    def check_auth_publickey(self, username, key):
        account = self.accounts.get(username)
        return self.verdict(account, account and account.has_key(key))

    def verdict(self, account, passed):
        if not passed:
            return paramiko.AUTH_FAILED
        self.root = account.root
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, chanid):
        if kind == "session":
            return paramiko.OPEN_SUCCEEDED
        return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class Sandbox:
    """An SFTP server for the files under `root`; its keys are kept in the folder `home`."""

    def __init__(
        self,
        root: Path,
        home: Path,
        *,
        port: int = 0,
        switches: Switches | None = None,
        accounts: dict[str, Account] | None = None,
    ):
        self.root = root.resolve()
        self.switches = switches or Switches()
        self.root.mkdir(parents=True, exist_ok=True)
        self.host_key = kept_key(home / "host_key")
        self.user_key_path = home / "demo_key"
        self.user_key = kept_key(self.user_key_path)
        self.accounts = {USER: Account(self.root, PASSWORD, self.user_key)} | (accounts or {})
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
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files, switches=self.switches)
        # With an event it does not wait for the client, who may be slow or no SSH client at all.
        transport.start_server(event=threading.Event(), server=Door(transport, self.accounts))
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
