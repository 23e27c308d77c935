"""Whole batches that the kernel writes: any columns, slices, buffers and threads."""

from threading import Thread

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from integrations.errors import PermanentError
from integrations.formats.blocks import block
from integrations.formats.dialect import Dialect
from integrations.formats.kernel import loading
from integrations.formats.kernel.marks import touches_values
from integrations.formats.kernel.writer import Writer
from tests.integrations.guarded import Guarded, behind_guards
from tests.integrations.kernel_ways import DOUBLES, POLICIES, kernel, one_column

AWKWARD = some.text(alphabet="abcdN\\\"',|\t\r\n; é日", max_size=40)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.timestamp("us", "UTC"), [0, -1, None, -62_135_596_800_000_001, 1_577_934_245_678_000]),
        (pa.timestamp("us", "Asia/Tokyo"), [0, -1, None]),
        (pa.date32(), [0, -719_163, 2_932_897, 1]),
        (pa.timestamp("us"), [0, -62_135_596_800_000_001, 253_402_300_800_000_000, 1]),
        (pa.timestamp("ms"), [0, -62_135_596_800_001, 253_402_300_800_000, 1]),
        (pa.float64(), [0.5, 1e300, float("nan"), None]),
    ],
)
def test_what_the_kernel_cannot_write_is_left_to_arrow(kind, values, dialect):
    count = range(len(values))
    batch = pa.record_batch({"a": count, "value": pa.array(values, kind), "b": count})

    assert kernel(batch, dialect) == block(batch, dialect).decode()


def test_two_columns_may_be_left_to_arrow_in_turn(dialect):
    values = [pa.array([0.5] * 20 + [1 / 3] * 20), pa.array([0.25] * 30 + [1e9] * 10)]
    batch = pa.record_batch(values, ["a", "b"]).slice(3)

    assert kernel(batch, dialect) == block(batch, dialect).decode()


COLUMNS = [
    (pa.int64(), some.integers(-(2**63), 2**63 - 1)),
    (pa.int8(), some.integers(-128, 127)),
    (pa.uint64(), some.integers(0, 2**64 - 1)),
    (
        pa.float64(),
        some.floats() | some.sampled_from(DOUBLES) | some.integers(0, 999).map(lambda n: n / 4),
    ),
    (pa.bool_(), some.booleans()),
    (pa.date32(), some.dates()),
    (pa.timestamp("us"), some.datetimes()),
    (pa.timestamp("us", "UTC"), some.datetimes()),
    (pa.decimal128(12, 4), some.decimals(-(10**7), 10**7, places=4)),
    (pa.timestamp("ms"), some.integers(-(10**13), 10**13)),
    (pa.string(), AWKWARD),
    (pa.large_string(), AWKWARD),
    (pa.dictionary(pa.int32(), pa.string()), AWKWARD),
    (pa.dictionary(pa.int32(), pa.string()), some.sampled_from(["", "a,b", '"', "long " * 9])),
    (pa.float32(), some.floats(width=32)),
    (pa.time64("us"), some.times()),
]


@some.composite
def batches(draw):
    """Some rows of some columns, whole or sliced, with nulls, without, or nothing else."""
    count = draw(some.sampled_from([1, 1, 2, 3, 7, 8, 9, 17, 70]))
    columns = []
    for kind, values in draw(some.lists(some.sampled_from(COLUMNS), min_size=1, max_size=5)):
        cell = draw(some.sampled_from([values, some.none() | values, some.none()]))
        columns.append(pa.array(draw(some.lists(cell, min_size=count, max_size=count)), kind))
    start = draw(some.integers(0, count - 1))
    batch = pa.record_batch(columns, [f"c{number}" for number in range(len(columns))])
    return batch.slice(start, draw(some.integers(1, count - start)))


DIALECTS = some.builds(
    Dialect,
    delimiter=some.sampled_from(",\t|;1- E\x00é"),
    quote=some.sampled_from("\"'.~"),
    escape=some.sampled_from("\"'\\!"),
    policy=some.sampled_from(POLICIES),
    null=some.sampled_from(["", r"\N", "NULL", "0", "true", "NaN", "abc", "enough for two words"]),
    newline=some.sampled_from(["\r\n", "\n", "\r"]),
    newline_in_field=some.sampled_from(["\r\n", "\n", "\r"]),
)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "marks",
    [{"null": null} for null in ("NaN", "Infinity", "-Infinity", "1.0E20", "true", "-1")]
    + [{"delimiter": delimiter} for delimiter in "EIyae-.:U1"],
)
def test_what_the_dialect_is_made_of_is_cared_for_in_numbers_too(marks, policy):
    dialect = Dialect(policy=policy, escape="\\" if policy == "NONE" else '"', **marks)
    columns = {
        "double": [float("nan"), float("inf"), -float("inf"), 1e20, None],
        "flag": [True, False, None, True, False],
        "moment": pa.array([0, 1, None, 3, 4], pa.timestamp("us", "UTC")),
        "whole": [0, -1, None, 1, 2],
    }
    batch = pa.record_batch(columns)

    assert kernel(batch, dialect) == block(batch, dialect).decode()


@pytest.mark.parametrize("null", ["", r"\N", "NULL", "null"])
def test_numbers_need_no_care_in_the_dialects_that_people_choose(null):
    assert not touches_values(Dialect(null=null))


@settings(max_examples=400, deadline=None)
@given(batch=batches(), dialect=DIALECTS)
def test_both_ways_write_the_same_bytes(batch, dialect):
    if loading.fits(dialect):
        assert kernel(batch, dialect) == block(batch, dialect).decode()


@settings(max_examples=150, deadline=None)
@given(batch=batches(), dialect=DIALECTS)
def test_nothing_is_read_behind_the_end_of_a_buffer(batch, dialect):
    whole = pa.concat_batches([batch])  # slices keep the buffers of all rows
    copies = [behind_guards(pa.concat_arrays([column])) for column in whole.columns]
    guarded = pa.record_batch(copies, whole.schema.names)

    if loading.fits(dialect):
        assert kernel(guarded, dialect) == block(batch, dialect).decode()


@settings(max_examples=150, deadline=None)
@given(batch=batches(), dialect=DIALECTS, spare=some.integers(0, 70))
def test_nothing_is_written_behind_the_end_of_the_buffer(batch, dialect, spare):
    if not loading.fits(dialect):
        return
    writer = Writer(dialect)
    memory = Guarded(writer.margin(batch.num_columns) + spare)
    writer.kept.buffer = memory.array()

    assert writer.block(batch).decode() == block(batch, dialect).decode()


def test_a_row_that_is_longer_than_the_buffer_is_written(dialect):
    values = ["x" * 20_000_000, "y,", '"\n' * 3_000_000, None, "z"]

    assert kernel(one_column(values), dialect) == block(one_column(values), dialect).decode()


def test_many_columns_fit(dialect):
    batch = pa.record_batch({f"c{number}": [number, None] for number in range(3_000)})

    assert kernel(batch, dialect) == block(batch, dialect).decode()


def test_a_writer_takes_batches_of_other_widths(monkeypatch):
    monkeypatch.setattr("integrations.formats.kernel.writer.BUFFER_BYTES", 64)
    writer = Writer(Dialect())
    wide = pa.record_batch({f"c{number}": [10**18, None] for number in range(60)})

    assert writer.block(one_column([1])) == b"1\r\n"
    assert writer.block(wide) == block(wide, Dialect())


def test_threads_may_share_a_writer():
    writer = Writer(Dialect())
    batches = [one_column([f"{n},{'x' * n}"] * 2_000) for n in range(60)]
    made = {}

    def work(numbers):
        made.update((number, writer.block(batches[number])) for number in numbers)

    threads = [Thread(target=work, args=[range(start, 60, 4)]) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [made[number] for number in range(60)] == [block(batch, Dialect()) for batch in batches]


def test_a_type_without_text_is_named_here_too():
    batch = one_column([(1, 2, 3)], pa.month_day_nano_interval())

    with pytest.raises(PermanentError, match="Column value has the type month_day_nano_interval"):
        kernel(batch, Dialect())
