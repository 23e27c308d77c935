"""The edges of the kernel: each value, length and buffer where compiled code could go wrong."""

import datetime as dt
import logging
import subprocess
import sys
from decimal import Decimal
from threading import Thread

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from integrations.errors import PermanentError
from integrations.formats import write_rows
from integrations.formats.blocks import block
from integrations.formats.dialect import Dialect
from integrations.formats.kernel import loading
from integrations.formats.kernel.writer import Writer
from integrations.rows import Rows
from tests.integrations.guarded import Guarded, behind_guards
from tests.integrations.reference_format import field, text_of

AWKWARD = some.text(alphabet="abcdN\\\"',|\t\r\n; é日", max_size=40)
POLICIES = ("MINIMAL", "ALL", "NONE")
LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 23, 24, 25, 63, 64, 65]
SPECIAL = [',"', "\r", "\n", "\r\n", "\n\r", "\r\r\n", ",", '"', '""']
CENTURY = dt.timedelta(days=36_525)


def kernel(batch, dialect):
    return Writer(dialect).block(batch).decode()


def one_column(values, kind=None):
    return pa.record_batch({"value": pa.array(values, kind)})


def plainly(values, dialect):
    """Return what the slow reference makes of a column."""
    given = {
        "quote_policy": dialect.policy,
        "quote": dialect.quote,
        "escape": dialect.escape,
        "delimiter": dialect.delimiter,
        "null_string": dialect.null,
    }
    return "".join(field(text_of(value), given) + dialect.newline for value in values)


@pytest.fixture(params=POLICIES)
def dialect(request):
    escape = "\\" if request.param == "NONE" else '"'
    return Dialect(policy=request.param, escape=escape)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("special", SPECIAL)
def test_a_special_character_is_found_wherever_it_stands(length, special, dialect):
    places = range(length + 1)
    values = ["x" * place + special + "y" * (length - place) for place in places]

    assert kernel(one_column(values), dialect) == plainly(values, dialect)


@pytest.mark.parametrize("length", LENGTHS)
def test_texts_of_every_length_are_whole(length, dialect):
    values = ["é" * length, "x" * length, None, "", "z" * length]

    assert kernel(one_column(values), dialect) == plainly(values, dialect)
    assert kernel(one_column(values, pa.large_string()), dialect) == plainly(values, dialect)


def test_neighbours_of_special_characters_are_not_mistaken_for_them(dialect):
    values = [chr(code) * 9 for code in range(1, 0x250)]
    values += [chr(code) + "," + chr(code) for code in range(1, 128)]

    assert kernel(one_column(values), dialect) == plainly(values, dialect)


def test_a_carriage_return_does_not_reach_into_the_next_value(dialect):
    values = ["a\r", "\nb", "\r", "\n", "12345678\r", "\n2345678"]
    batch = pa.record_batch({"a": values, "b": values[1:] + values[:1]})

    lines = [field_of(a, dialect) + "," + field_of(b, dialect) for a, b in rows_of(batch)]
    assert kernel(batch, dialect) == "".join(line + "\r\n" for line in lines)


def field_of(value, dialect):
    return plainly([value], dialect).removesuffix("\r\n")


def rows_of(batch):
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


@pytest.mark.parametrize(
    "null", ["", "x", r"\N", "12345678", "123456789", "é", "1", "true", "n" * 99]
)
@pytest.mark.parametrize("policy", POLICIES)
def test_null_strings_of_any_length_are_kept_apart_from_values(null, policy):
    dialect = Dialect(policy=policy, null=null, escape="\\" if policy == "NONE" else '"')
    values = [null, None, null[:-1], null + "x", "x" + null[1:], "1", None]
    batch = pa.record_batch({"text": values, "n": [1, None, 12345678, 3, 4, 5, 6]})

    assert kernel(batch, dialect) == block(batch, dialect).decode()
    assert kernel(one_column(values), dialect) == plainly(values, dialect)


INTEGERS = [0, 1, 9, 10, 99, 100, *(10**n + d for n in range(3, 20) for d in (-1, 0, 1))]


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_integers_of_every_width_and_length(bits, dialect):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    signed = {sign * value for value in INTEGERS for sign in (-1, 1)} | {low, low + 1, high}
    signed = sorted(value for value in signed if low <= value <= high)
    unsigned = [value for value in INTEGERS if value < 2**bits] + [2**bits - 1, 2 ** (bits - 1)]

    for values, kind in ((signed, f"int{bits}"), (unsigned, f"uint{bits}")):
        assert kernel(one_column(values, kind), dialect) == plainly(values, dialect)


def test_every_group_of_four_digits():
    values = list(range(0, 100_000_000, 9_973)) + list(range(20_000))

    assert kernel(one_column(values), Dialect()).split() == list(map(str, values))


DOUBLES = [
    *(0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1e-3, 0.00099999999, 0.0010000001, 9999999.0, 1e7),
    *(9999999.99999999, 9999999.999999999, 10000000.000000002, 9007199254740993.0, 1 / 3, 2 / 3),
    *(
        5e-324,
        2.2250738585072014e-308,
        1.7976931348623157e308,
        1e21,
        1e22,
        1e23,
        0.30000000000000004,
    ),
    *(4.35, 0.285, 1.005, 123456.78901234, 1234567.12345678, 0.12345678, 0.123456789, 100.0),
    *(float("nan"), float("inf"), -float("inf"), 4503599627370497.5, 2.5, 1e-4, 1e-10),
]


def test_doubles_at_every_edge(dialect):
    assert kernel(one_column(DOUBLES), dialect) == plainly(DOUBLES, dialect)
    for value in DOUBLES:
        assert kernel(one_column([value]), dialect) == plainly([value], dialect)


@settings(max_examples=300, deadline=None)
@given(some.integers(-(10**16), 10**16), some.integers(0, 12), some.integers(-3, 3))
def test_doubles_beside_short_decimals(whole, places, steps):
    value = whole / 10**places
    for _ in range(abs(steps)):
        value = float(np.nextafter(value, steps * np.inf))

    assert kernel(one_column([value]), Dialect()) == plainly([value], Dialect())


def test_short_decimals_are_never_longer_than_they_must_be():
    random = np.random.default_rng(7)
    places = random.integers(0, 9, 200_000)
    values = np.round(random.uniform(-2e7, 2e7, 200_000), places.max()) / 10.0**places
    values = np.concatenate([values, np.round(values, 2), np.round(values, 5)])
    batch = one_column(values)

    assert kernel(batch, Dialect()) == block(batch, Dialect()).decode()
    assert kernel(batch.slice(0, 5_000), Dialect()) == plainly(values[:5_000].tolist(), Dialect())


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


@pytest.mark.parametrize("scale", [0, 1, 2, 9, 17, 18])
@pytest.mark.parametrize("precision", [18, 19, 38])
def test_decimals_have_all_their_places(precision, scale, dialect):
    high = 10**18 - 1
    whole = [0, 1, -1, 9, 10, -10, 99, 12345678, 123456789, -(10**16), 10**17, high, -high]
    values = [Decimal(value).scaleb(-scale) for value in whole] + [None]

    batch = one_column(values, pa.decimal128(precision, scale))
    assert kernel(batch, dialect) == block(batch, dialect).decode()
    assert kernel(batch, dialect) == plainly(values, dialect)


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
    delimiter=some.sampled_from(",\t|;1- \x00é"),
    quote=some.sampled_from("\"'.~"),
    escape=some.sampled_from("\"'\\!"),
    policy=some.sampled_from(POLICIES),
    null=some.sampled_from(["", r"\N", "NULL", "0", "true", "abc", "long enough for two words"]),
    newline=some.sampled_from(["\r\n", "\n", "\r"]),
    newline_in_field=some.sampled_from(["\r\n", "\n", "\r"]),
)


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


def test_dictionaries_with_nulls_and_slices_are_followed(dialect):
    texts = pa.array(["skipped", "a,b", None, "c", "unused"]).slice(1)
    indices = pa.array([0, 1, 2, None, 0], pa.int32())
    whole = pa.DictionaryArray.from_arrays(indices, texts)
    sliced = pa.DictionaryArray.from_arrays(
        indices.slice(2), pa.array(["-", "a\r", "c", '"']).slice(1)
    )

    for column in (whole, whole.slice(1), sliced, sliced.slice(1)):
        batch = pa.record_batch({"value": column})
        assert kernel(batch, dialect) == plainly(column.to_pylist(), dialect)


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


@pytest.mark.parametrize("export", [{}, {"quote_policy": "ALL"}, {"null_string": r"\N"}])
def test_a_large_result_is_written_by_the_kernel_after_its_first_rows(
    export, tmp_path, monkeypatch
):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"n": range(100_000), "s": ["a,b", None, "c", ""] * 25_000}), path)
    slow = b"".join(write_rows(Rows(path), export))
    assert loading.kernel_writer()
    monkeypatch.setattr(loading, "WORTH_LOADING", 200_000)
    monkeypatch.setattr(loading, "block", None)

    assert b"".join(write_rows(Rows(path), export)) == slow


def test_a_preview_of_a_large_result_loads_no_kernel(tmp_path, monkeypatch):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"n": range(100_000)}), path)
    monkeypatch.setattr(loading, "WORTH_LOADING", 0)
    monkeypatch.setattr(loading, "kernel_writer", None)

    header, lines, *_ = (
        chunk for chunk, _ in zip(write_rows(Rows(path), {}), range(2), strict=False)
    )

    assert header + lines[:6] == b"n\r\n0\r\n1\r\n"


def test_small_results_do_without_numba():
    code = (
        "import sys; from integrations.formats.blocks import block;"
        "from integrations.formats.kernel import loading;"
        "from integrations.formats.dialect import Dialect;"
        "write = loading.writer_for(Dialect(), loading.WORTH_LOADING - 1);"
        "assert write.func is block;"
        "assert not {'numba', 'llvmlite'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_numba_arrow_writes_and_the_log_says_so(monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "integrations.formats.kernel.writer", None)
    loading.kernel_writer.cache_clear()
    try:
        with caplog.at_level(logging.WARNING, loading.__name__):
            write = loading.writer_for(Dialect(), loading.WORTH_LOADING)
        assert write(one_column(["a,b"])) == b'"a,b"\r\n'
        assert "written by Arrow alone" in caplog.text
    finally:
        loading.kernel_writer.cache_clear()
