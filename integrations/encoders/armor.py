"""The text around a PGP key, in the shapes that people paste it in."""

import re
import textwrap

from integrations.errors import PermanentError

BEGIN = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
END = "-----END PGP PUBLIC KEY BLOCK-----"
BODY = re.compile(r"([A-Za-z0-9+/]+={0,2})(=[A-Za-z0-9+/]{4})?")
COPY_WHOLE = f"Copy all of it, from {BEGIN} to {END}."


def private() -> PermanentError:
    """Return the error of a key that has to be kept secret, and was pasted here."""
    return PermanentError(
        "This is a private key, which must stay with the receiver.",
        remedy="Ask the receiver for the public key: gpg --armor --export KEYID.",
    )


def rewrapped(text: str) -> str:
    r"""Return the key with lines as gpg reads them; `\n` may stand for line breaks, or nothing."""
    text = text.replace(r"\r", "").replace(r"\n", "\n")
    check_kind(text)
    inside = text.partition(BEGIN)[2].partition(END)[0]
    lines = [line.strip() for line in inside.splitlines()]
    body = "".join(line for line in lines if ":" not in line)
    match = BODY.fullmatch(re.sub(r"\s", "", body))
    if not match:
        raise PermanentError("The public key is damaged.", remedy=COPY_WHOLE)
    data, checksum = match.groups(default="")
    return "\n".join([BEGIN, "", *textwrap.wrap(data, 64), *filter(None, [checksum]), END, ""])


def check_kind(text: str) -> None:
    """Refuse what is not one public key."""
    if "PRIVATE KEY" in text or "PuTTY-User-Key-File" in text:
        raise private()
    if BEGIN not in text:
        raise PermanentError("This is not a PGP public key.", remedy=COPY_WHOLE)
    if text.count(BEGIN) > 1:
        raise PermanentError("These are several keys.", remedy="Paste the one to encrypt for.")
    if END not in text:
        raise PermanentError("The public key is cut off: its end is missing.", remedy=COPY_WHOLE)
