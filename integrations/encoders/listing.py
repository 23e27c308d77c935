"""Keys as gpg lists them for programs: lines of fields, with colons between them."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass
class Listed:
    """A master key or a sub-key."""

    state: str  # a letter
    bits: int
    algorithm: str  # a number
    expires: datetime | None
    uses: str  # letters; capitals are what the key as a whole is for
    fingerprint: str = ""


def keys_in(listing: str) -> list[list[Listed]]:
    """Return the keys, each as its master key and sub-keys."""
    keys = []
    for line in listing.splitlines():
        kind, *fields = line.split(":")
        if kind == "pub":
            keys.append([])
        if kind in ("pub", "sub"):
            keys[-1].append(listed(fields))
        elif kind == "fpr":
            keys[-1][-1].fingerprint = fields[8]
    return keys


def listed(fields):
    state, bits, algorithm, _, _, expires = fields[:6]
    return Listed(state, int(bits or 0), algorithm, moment(expires), fields[10])


def moment(seconds):
    """Return the time that gpg gives as seconds, if it does."""
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def secret_keys_in(statuses: str) -> int:
    """Return how many secret keys there were among what was imported."""
    for line in statuses.splitlines():
        if line.startswith("[GNUPG:] IMPORT_RES "):
            return int(line.split()[11])
    return 0
