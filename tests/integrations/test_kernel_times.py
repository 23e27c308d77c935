"""Dates and times that the kernel writes, of every age."""

import datetime as dt

import pyarrow as pa
import pytest

from integrations.formats.blocks import block
from tests.integrations.kernel_ways import kernel, one_column

CENTURY = dt.timedelta(days=36_525)


def test_every_day_of_the_calendar(dialect):
    days = one_column(
        range(-719_162, 2_932_897, 1 if dialect.policy == "MINIMAL" else 97), pa.date32()
    )

    assert kernel(days, dialect) == block(days, dialect).decode()


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_timestamps_of_every_age(unit, dialect):
    per_second = {"ms": 1000, "us": 1_000_000}[unit]
    edges = [-62_135_596_800, -86_400, -1, 0, 1, 86_399, 86_400, 951_782_400, 253_402_300_799]
    values = [second * per_second + part for second in edges for part in (0, 1, per_second - 1)]
    step = CENTURY // dt.timedelta(seconds=1) // 7 + 12_345
    values += [
        second * per_second + second % per_second for second in range(edges[0], edges[-1], step)
    ]
    batch = one_column(values, pa.timestamp(unit))

    assert kernel(batch, dialect) == block(batch, dialect).decode()
