"""What pages show of a key pair: its public half."""

from integrations.transports.key_pairs import KINDS, public_line
from integrations.transports.private_keys import KeyProblem


def pair_of(connector, settings):
    """Return what a page shows of the key pair in the settings; nothing for other connectors."""
    if not connector.key_pair:
        return {}
    return {"key_kinds": KINDS, "public_key": public_key_of(connector, settings)}


def public_key_of(connector, settings):
    """Return the public half of the key that the settings hold; nothing where there is none."""
    key, passphrase = (settings.get(name, "") for name in connector.key_pair)
    try:
        return public_line(key, passphrase) if key else ""
    except KeyProblem:
        return ""  # The form says what is wrong with it.
