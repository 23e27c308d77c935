"""Both fast writers against the plain reference: random rows in every dialect."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from integrations.formats import write_rows
from integrations.formats.dialect import dialect_of
from integrations.formats.kernel.loading import writer_for
from integrations.rows import Rows
from tests.integrations.reference_format import whole_file

AWKWARD = some.text(alphabet="aN\\\"',|\t\r\n; é日")
KINDS = {
    pa.string(): AWKWARD,
    pa.int64(): some.integers(-(2**63), 2**63 - 1),
    pa.float64(): some.floats(),
    pa.bool_(): some.booleans(),
    pa.date32(): some.dates(),
    pa.timestamp("us"): some.datetimes(),
    pa.timestamp("us", "UTC"): some.datetimes(
        dt.datetime(1900, 1, 1),  # noqa: DTZ001
        timezones=some.just(dt.UTC),
    ),
    pa.time64("us"): some.times(),
    pa.decimal128(20, 9): some.decimals(-(10**10), 10**10, places=9, allow_nan=False),
    pa.binary(): some.binary(max_size=5),
    pa.null(): some.none(),
}
DIALECTS = some.fixed_dictionaries(
    {
        "quote_policy": some.sampled_from(["ALL", "MINIMAL", "NONE"]),
        "quote": some.sampled_from("\"'"),
        "delimiter": some.sampled_from(",\t|"),
        "null_string": some.sampled_from(["", r"\N", "NULL", "null", "1", "true"]),
        "newline": some.sampled_from(["CRLF", "LF", "CR"]),
        "newline_in_field": some.sampled_from(["CRLF", "LF", "CR"]),
        "header_line": some.booleans(),
    },
    optional={"escape": some.sampled_from("\\\"'")},
)


@some.composite
def columns(draw):
    kinds = draw(some.lists(some.sampled_from(list(KINDS)), min_size=1, max_size=4))
    count = draw(some.integers(0, 6))
    return [
        pa.array(draw(some.lists(some.none() | KINDS[kind], min_size=count, max_size=count)), kind)
        for kind in kinds
    ]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=columns(), names=some.lists(AWKWARD, min_size=4, max_size=4), dialect=DIALECTS)
def test_the_fast_writer_writes_what_the_rules_say(values, names, dialect, tmp_path, way):
    table = pa.table(values, names=names[: len(values)])
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path)
    rows = list(zip(*(column.to_pylist() for column in values), strict=True))

    written = b"".join(write_rows(Rows(path), dialect)).decode()

    assert written == whole_file(names[: len(values)], rows, dialect)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=columns(), start=some.integers(0, 6), dialect=DIALECTS)
def test_a_slice_is_written_like_its_rows(values, start, dialect, way):
    batch = pa.record_batch(values, names=list("abcd"[: len(values)])).slice(start)
    rows = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))

    written = writer_for(dialect_of(dialect), batch.num_rows)(batch).decode()

    assert written == whole_file([], rows, dialect | {"header_line": False})
