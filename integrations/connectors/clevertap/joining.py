"""The pieces of records put together: by Arrow, for many rows by the kernel, the same bytes."""

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from integrations.connectors.clevertap.values import Values
from integrations.formats.kernel.loading import joiner_for
from integrations.formats.quoting import TEXT, join

# A text stands in each row. A column of texts too, and is nothing where it is null; so are values,
# with what is before and behind them.
Pieces = Iterable[str | pa.Array | Values]


def way_for(rows: int) -> Callable[[Pieces], pa.Array]:
    """Return what puts together the pieces of so many rows, some of them at a time."""
    joiner = joiner_for(rows)
    return (lambda pieces: joiner(list(framed(merged(pieces))))) if joiner else by_arrow


def by_arrow(pieces: Pieces) -> pa.Array:
    """Return the pieces of each row as one text."""
    columns = [join(each) if isinstance(each, Values) else each for each in merged(pieces)]
    return join(columns, null="")


def merged(pieces: Pieces) -> list[str | pa.Array | Values]:
    """Return the pieces with texts that follow each other as one."""
    found = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def framed(pieces: Pieces) -> Iterator[Values]:
    """Yield columns with the text before them, where that does not go with their nulls."""
    before = ""
    for piece in pieces:
        if isinstance(piece, str):
            before = piece
            continue
        frame = piece if isinstance(piece, Values) else Values("", piece, "")
        frame = frame._replace(texts=frame.texts.cast(TEXT))
        if before and (isinstance(piece, Values) or piece.null_count):
            yield Values(before, None, "")
            before = ""
        yield frame._replace(before=before + frame.before)
        before = ""
    if before:
        yield Values(before, None, "")
