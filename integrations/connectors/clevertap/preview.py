"""The start of what will be sent, for people to look at before it is."""

from contextlib import closing

from integrations.connectors.clevertap.contract import CONTRACT
from integrations.connectors.clevertap.custom_list import CSV, People
from integrations.connectors.clevertap.operations import operation_of
from integrations.connectors.clevertap.records import records_of
from integrations.contract import check_columns
from integrations.formats import write_rows
from integrations.formats.quoting import data_of
from integrations.rows import Rows

SHOWN = 20  # records, of which the start is shown


def preview(rows: Rows, settings: dict, limit: int) -> bytes | None:
    """Return the first bytes of the first request, or of the list. Its rows are not checked yet.

    Of columns that break a rule nothing is made.
    """
    if check_columns(rows.schema, CONTRACT, settings):
        return None
    if settings["target"] == "custom_list":
        with closing(write_rows(People(rows), CSV)) as chunks:
            return b"".join(chunk for chunk, _ in zip(chunks, range(2), strict=False))[:limit]
    operation = operation_of(settings)
    first = next(rows.portions(), None)
    if first is None:
        return b""
    records = data_of(records_of(first.slice(0, SHOWN), settings))
    return (operation.opening + records[:-1] + operation.closing)[:limit]
