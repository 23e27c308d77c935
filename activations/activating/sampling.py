"""What an activation would send now: its first rows, and how many there are in all."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from activations.models import Activation
from activations.rules import members
from activations.segments.rewriting import statement
from activations.segments.running import Wait, answer, ask
from activations.segments.usable import audience_for
from console.jobs.results import texts
from integrations.contract import Finding
from integrations.contract.looking import IN_QUERY
from integrations.rows import Rows

FIRST = 200  # rows that the file is made of, and that the receiver's rules are held against
SHOWN = 8
IN_MAPPING = "Name the columns in the output mapping."


@dataclass(frozen=True)
class Sample:
    """The first rows of an activation."""

    customers: int
    count: int  # rows in all
    columns: list[tuple[str, str]]
    rows: Rows  # the first
    shown: list[list[str | None]]  # the very first, as texts
    milliseconds: int


@contextmanager
def sample(activation: Activation, slot: datetime, *, user, wait: Wait) -> Iterator[Sample]:
    """Give the Sample of an activation without problems, with what the user may see of it.

    Raises what `ask()` raises, and CannotRewrite.
    """
    sql = statement(activation)
    given = {"user": user, "database": activation.segment.parent_segment.database, "wait": wait}
    begin = time.monotonic()
    [number] = ask(counting(activation, sql), **given)
    first = f"SELECT * FROM (\n{sql}\n) AS found\nLIMIT {FIRST}"
    with answer(first, scheduled_time=slot, timezone=slot.tzinfo.key, **given) as (rows, columns):
        yield Sample(
            number["customers"],
            number["count"],
            columns,
            rows,
            list(islice(texts(rows), SHOWN)),
            round(1000 * (time.monotonic() - begin)),
        )


def counting(activation, sql) -> str:
    """Return the SELECT of how many customers there are, and of how many rows they have."""
    segment = activation.segment
    audience = audience_for(segment.parent_segment, activation.query.owner)
    customers = members(segment.rules, audience, segment=segment.pk)
    return (
        f"SELECT (SELECT count(*) FROM (\n{customers}\n) AS members) AS customers, "
        f"(SELECT count(*) FROM (\n{sql}\n) AS found) AS count"
    )


def in_mapping(file: dict, count: int) -> dict:
    """Return what is shown of a file, put for who writes no SQL, of so many rows in all."""
    look = file.get("look")
    return file | {
        "remedy": remedied(file.get("remedy", "")),
        "look": look and replace(look, all_rows=count, findings=list(map(told, look.findings))),
    }


def told(finding: Finding) -> Finding:
    return finding._replace(remedy=remedied(finding.remedy))


def remedied(text: str) -> str:
    return IN_MAPPING if text == IN_QUERY else text
