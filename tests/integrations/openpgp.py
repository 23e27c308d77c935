"""A receiver of encrypted files: keys made and files decrypted by the real gpg."""

import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

OWNER = "Receiver <receiver@example.com>"


@dataclass
class Receiver:
    """A key ring in a home of its own."""

    home: Path

    def gpg(self, *arguments, given=None):
        """Run gpg and return what it wrote."""
        command = ["gpg", "--homedir", self.home, "--batch", "--no-tty", "--passphrase", ""]
        command += ["--pinentry-mode", "loopback", "--trust-model", "always"]
        return subprocess.run(
            [*command, *arguments], input=given, check=True, capture_output=True
        ).stdout

    def make(self, algorithm, uses, expires="never", owner=OWNER):
        self.gpg("--quick-generate-key", owner, algorithm, uses, expires)
        return self.records("fpr")[-1][9]

    def add(self, fingerprint, algorithm, uses="encr", expires="never"):
        """Add a sub-key and return its fingerprint."""
        self.gpg("--quick-add-key", fingerprint, algorithm, uses, expires)
        return self.records("fpr")[-1][9]

    def records(self, kind):
        lines = self.gpg("--list-keys", "--with-colons").decode().splitlines()
        return [line.split(":") for line in lines if line.startswith(f"{kind}:")]

    def await_expiry(self, seconds=10):
        """Wait until a sub-key has expired."""
        deadline = time.monotonic() + seconds
        while not any(record[1] == "e" for record in self.records("sub")):
            assert time.monotonic() < deadline, "No sub-key expires."

    def public(self, *fingerprints):
        return self.gpg("--armor", "--export", *fingerprints).decode()

    def secret(self):
        return self.gpg("--armor", "--export-secret-keys").decode()

    def revoke(self, number):
        """Revoke the sub-key of that number, counted from 1."""
        command = ["gpg", "--homedir", self.home, "--no-tty", "--command-fd", "0"]
        command += ["--pinentry-mode", "loopback", "--passphrase", "", "--edit-key", OWNER]
        answers = f"key {number}\nrevkey\ny\n0\n\ny\nsave\n"
        subprocess.run(command, input=answers.encode(), check=True, capture_output=True)

    def decrypt(self, data):
        return self.gpg("--decrypt", given=data)

    def packets(self, data):
        return self.gpg("--list-packets", given=data).decode()

    def close(self):
        subprocess.run(
            ["gpgconf", "--homedir", self.home, "--kill", "all"], check=True, capture_output=True
        )


@pytest.fixture
def homes(tmp_path, monkeypatch):
    """Watch the directory where homes of gpg are made."""
    homes = tmp_path / "homes"
    homes.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(homes))
    return homes
