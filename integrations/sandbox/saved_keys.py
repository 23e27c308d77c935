"""The public keys that the vendors of the sandbox know, in a file, as OpenSSH keeps them."""

from pathlib import Path


def save(path: Path, line: str) -> None:
    """Let in whoever has the other half of a public key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    saved = path.read_text().splitlines() if path.exists() else []
    if line not in saved:
        path.write_text("\n".join([*saved, line]) + "\n")
