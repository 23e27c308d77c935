"""File formats: the settings that choose one, and rows written in it.

`docs/formats.md` tells how each type is written and what each setting does.
"""

from collections.abc import Iterator
from importlib import import_module

from integrations.formats.settings import AnyFormatSettings, FormatSettings
from integrations.rows import Rows

__all__ = ["AnyFormatSettings", "FormatSettings", "make_ready", "warm", "write_rows"]

# Arrow takes a third of a second to load: only who writes a file waits for it.


WRITERS = {
    "csv": "integrations.formats.delimited",
    "tsv": "integrations.formats.delimited",
    "jsonl": "integrations.formats.jsonl",
    "parquet": "integrations.formats.columnar",
    "krux": "integrations.formats.krux",
}


def write_rows(rows: Rows, settings: dict) -> Iterator[bytes]:
    """Yield the rows as bytes of a file, in blocks of whole lines where there are any."""
    writer = import_module(WRITERS[settings.get("format", "csv")])
    return writer.write_rows(rows, settings)


def warm() -> bool:
    """Compile what writes large results where nobody has. Return whether it can be had here."""
    from integrations.formats.kernel import loading

    return loading.warm()


def make_ready() -> None:
    """Load what writes large results where it is compiled, so that nobody waits for it later."""
    from integrations.formats.kernel import loading

    loading.make_ready()
