"""Keys of objects that come in an address or a form."""

LONGEST = 18  # digits that the database takes


def key_of(text):
    """Return the key in a text, or None where it cannot be one."""
    text = str(text or "")
    return int(text) if text.isdecimal() and len(text) <= LONGEST else None
