"""File formats: the settings that choose one, and rows written in it.

`docs/formats.md` tells how each type is written and what each setting does.
"""

from collections.abc import Iterator

from integrations.formats.settings import FormatSettings
from integrations.rows import Rows

__all__ = ["FormatSettings", "warm", "write_rows"]

# Arrow takes a third of a second to load: only who writes a file waits for it.


def write_rows(rows: Rows, settings: dict) -> Iterator[bytes]:
    """Yield the rows as bytes of a file, in blocks of whole lines."""
    from integrations.formats import delimited

    return delimited.write_rows(rows, settings)


def warm() -> bool:
    """Compile what writes large results where nobody has. Return whether it can be had here."""
    from integrations.formats.kernel import loading

    return loading.warm()
