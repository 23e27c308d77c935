"""PGP public keys: what one is made of, and which part of it encrypts."""

import errno
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from integrations.delivery import ignore
from integrations.encoders.armor import COPY_WHOLE, private, rewrapped
from integrations.encoders.home import OPTIONS, no_room, throw_away_home
from integrations.encoders.running import in_english, said_by_gpg
from integrations.errors import ExportError, PermanentError

RSA, ELGAMAL = {"1", "2", "3"}, {"16", "20"}
MIN_BITS = 2048
IDENTIFIER = re.compile(r"(?:0x)?([0-9a-f]{8}|[0-9a-f]{16}|[0-9a-f]{40})!?", re.IGNORECASE)
STATES = {"r": "revoked", "e": "expired", "i": "invalid", "d": "disabled"}
SOON = timedelta(days=30)
NO_ROOM = [os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)]


@dataclass(frozen=True)
class Subkey:
    """A part of a key, with its own identifier."""

    fingerprint: str
    uses: str
    state: str  # empty where nothing is wrong with it
    weak: bool
    expires: datetime | None  # with the whole key, where that is sooner

    @property
    def id(self) -> str:
        return self.fingerprint[-16:]

    @property
    def problem(self) -> str:
        """Say why nothing can be encrypted for it, or nothing."""
        if "e" not in self.uses:
            return "is not made for encryption"
        if self.state:
            return in_words(self.state, self.expires)
        if self.weak:
            return f"is shorter than {MIN_BITS} bits"
        return ""

    @property
    def caution(self) -> str:
        """Say that it will expire soon, or nothing."""
        if not self.expires or self.expires > datetime.now(UTC) + SOON:
            return ""
        return (
            f"The sub-key {self.id} expires on {self.expires:%Y-%m-%d}, and exports fail from then "
            "on: ask the receiver for another key in time."
        )


@dataclass(frozen=True)
class PublicKey:
    """A key: a master key that signs, and sub-keys."""

    text: str
    fingerprint: str
    subkeys: list[Subkey]

    def encryption_subkey(self, identifier: str) -> Subkey:
        """Return the sub-key of that identifier, which must be fit to encrypt for."""
        match = IDENTIFIER.fullmatch(re.sub(r"\s", "", identifier))
        if not match:
            raise self.refused("The key identifier is not one: it has 8, 16 or 40 hex digits.")
        digits = match[1].upper()
        if self.fingerprint.endswith(digits):
            raise self.refused(f"{digits} is the master key, which is not used for encryption.")
        for subkey in self.subkeys:
            if subkey.fingerprint.endswith(digits):
                if subkey.problem:
                    raise self.refused(f"The sub-key {subkey.id} {subkey.problem}.")
                return subkey
        raise self.refused(f"The public key has no sub-key {digits}.")

    def refused(self, message: str) -> PermanentError:
        fit = [subkey.id for subkey in self.subkeys if not subkey.problem]
        if fit:
            remedy = f"Its encryption sub-keys are: {', '.join(fit)}."
        else:
            remedy = "It has no sub-key to encrypt for: ask the receiver for another key."
        return PermanentError(message, remedy=remedy)


def read_public_key(text: str, check: Callable = ignore) -> PublicKey:
    """Return the one public key that the text holds."""
    with throw_away_home() as home:
        return imported(text, home, check)


def imported(text: str, home: str, check: Callable = ignore) -> PublicKey:
    """Put the key into the home and return it as gpg understands it."""
    import gnupg  # The form that checks keys is in every process, and few look at a key.

    text = rewrapped(text)
    done = import_key(text, home, check)  # gpg may hang at what strangers made, not at its list.
    if secret_keys_in(done.stdout):
        raise private()
    keys = gnupg.GPG(gnupghome=home, options=list(OPTIONS), env=in_english()).list_keys()
    if not keys:
        raise unread(done)
    if len(keys) > 1:
        raise PermanentError("These are several keys.", remedy="Paste the one to encrypt for.")
    [key] = keys
    if key["trust"] in STATES:
        state = in_words(STATES[key["trust"]], moment(key["expires"]))
        raise PermanentError(f"The public key {state}.", remedy="Ask the receiver for a new one.")
    return PublicKey(text, key["fingerprint"], [subkey_of(key, part) for part in key["subkeys"]])


def import_key(text, home, check):
    path = Path(home, "public-key")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise no_room(error.strerror) from error
    return said_by_gpg(home, "--status-fd", "1", "--import", str(path), check=check)


def unread(done) -> ExportError:
    """Return why an import left no key."""
    for reason in NO_ROOM:
        if reason in done.stderr:
            return no_room(reason)
    return PermanentError("The public key is damaged: gpg cannot read it.", remedy=COPY_WHOLE)


def in_words(state: str, expires: datetime | None) -> str:
    """Return the state of a key or sub-key as the end of a sentence."""
    if state == "expired" and expires:
        return f"expired on {expires:%Y-%m-%d}"
    return f"is {state}"


def secret_keys_in(statuses: str) -> int:
    """Return how many secret keys there were among what was imported."""
    for line in statuses.splitlines():
        if line.startswith("[GNUPG:] IMPORT_RES "):
            return int(line.split()[11])
    return 0


def moment(seconds: str) -> datetime | None:
    """Return the time that gpg gives as seconds, if it does."""
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None


def subkey_of(key: dict, part: list) -> Subkey:
    identifier, _, fingerprint, _ = part
    facts = key["subkey_info"][identifier]
    ends = filter(None, [moment(facts["expires"]), moment(key["expires"])])
    return Subkey(
        fingerprint=fingerprint,
        uses=facts["cap"],
        state=STATES.get(facts["trust"], ""),
        weak=facts["algo"] in RSA | ELGAMAL and int(facts["length"]) < MIN_BITS,
        expires=min(ends, default=None),
    )
