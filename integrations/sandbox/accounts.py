"""Who may log in to the sandbox, to which folder."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paramiko


@dataclass(frozen=True)
class Account:
    """A user with a folder, who has a password, a key, or keys that were saved in a file."""

    root: Path
    password: str = ""
    key: paramiko.PKey | None = None
    saved_keys: Path | None = None  # public keys as OpenSSH writes them, one a line

    def has_password(self, password: str) -> bool:
        return bool(self.password) and password == self.password

    def has_key(self, key: paramiko.PKey) -> bool:
        return key == self.key or key.asbytes() in self.saved()

    def saved(self) -> Iterator[bytes]:
        """Yield the keys in the file, as it is now."""
        if self.saved_keys and self.saved_keys.exists():
            for line in self.saved_keys.read_text().splitlines():
                parts = line.split()
                if len(parts) > 1:
                    yield base64.b64decode(parts[1])
