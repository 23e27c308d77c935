"""Keys of this installation, kept in files that only its owner can read."""

import os
import secrets

from cryptography.fernet import Fernet


def kept_secret(path):
    """Return the text kept at the path; make one where there is none."""
    return kept(path, secrets.token_urlsafe(50))


def kept_keys(path):
    """Return the Fernet keys kept at the path, one a line, newest first; make the first."""
    return kept(path, Fernet.generate_key().decode()).split()


def kept(path, fresh):
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(fresh + "\n")
        except FileExistsError:
            pass  # Another process was first: its key counts.
    return path.read_text().strip()
