"""What differs between two results: the engine against a comparison in plain Python."""

import math
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import _duckdb as duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.engines import Limits
from console.engines.comparing import compare as compared
from console.engines.differences import KeyedFile, Prior, Running, Wanted, compare, samples_of
from console.engines.settling import settle

SCHEMA = pa.schema(
    {
        "file_row_number": pa.int64(),  # the name that DuckDB has for the place of a row
        "shop": pa.string(),
        "n0": pa.float64(),
        "price": pa.decimal128(12, 2),
        "at": pa.timestamp("us", "UTC"),
        "tags": pa.list_(pa.string()),
        "pair": pa.struct({"x": pa.float64(), "y": pa.int32()}),
        "yes": pa.bool_(),
    }
)
START = datetime(2026, 7, 1, tzinfo=UTC)
ALL = {"added": True, "changed": True, "removed": True}
WORDS = {"added": "added", "changed": "changed", "removed": "removed"}


def some_row(rng, key):
    maybe = lambda *values: rng.choice([None, *values])  # noqa: E731
    return {
        "file_row_number": key[0],
        "shop": key[1],
        "n0": maybe(0.0, -0.0, float("nan"), float("inf"), 1e-300),
        "price": maybe(Decimal("1.00"), Decimal("1.01")),
        "at": maybe(START, START + timedelta(microseconds=1)),
        "tags": maybe([], ["a"], ["a", None], ["a", "b"], [None]),
        "pair": maybe({"x": 1.0, "y": 1}, {"x": None, "y": 1}, {"x": float("nan"), "y": None}),
        "yes": maybe(True, False),
    }


def some_rows(rng, width):
    keys = {(rng.randint(1, 12), rng.choice(["", "b'", "NULL"])) for _ in range(20)}
    if width == 1:
        keys = {number: (number, shop) for number, shop in keys}.values()
    found = [some_row(rng, key) for key in keys]
    rng.shuffle(found)
    return found


def seen(value):
    """Return a value so that two are equal only where nothing can be seen to differ."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else (value, math.copysign(1, value))
    if isinstance(value, dict):
        return tuple((name, seen(each)) for name, each in value.items())
    return tuple(map(seen, value)) if isinstance(value, list) else value


def wanted_of(before, after, width):
    """Return what is to be sent: (operation, values) in its order."""
    names = SCHEMA.names[:width]
    old = {tuple(row[name] for name in names): row for row in before}
    new = {tuple(row[name] for name in names): row for row in after}
    there = [
        ("changed" if key in old else "added", row)
        for key, row in new.items()
        if key not in old or seen(old[key]) != seen(row)
    ]
    return there + [("removed", row) for key, row in old.items() if key not in new]


def written(path, rows, schema=SCHEMA):
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return str(path)


def asked(folder, before, after, key, **more):
    request = {"new": written(folder / "new.parquet", after), "key": key, "unsure": []}
    request |= {"before": {"path": written(folder / "old.parquet", before), "key": key}}
    request |= {"send": ALL, "everything": False, "column": "what", "words": WORDS}
    request |= {"apart": False, "sent": True, "folder": str(folder)}
    connection = duckdb.connect(":memory:", config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    answer = compared(connection, request | more)
    connection.close()
    return answer


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("seed", range(15))
def test_what_differs_is_what_plain_python_finds(tmp_path, seed, width):
    rng = random.Random(seed)
    before, after = some_rows(rng, width), some_rows(rng, width)

    answer = asked(tmp_path, before, after, list(range(width)))

    wanted = wanted_of(before, after, width)
    sent = pq.read_table(tmp_path / "output.parquet").to_pylist()
    assert [(row.pop("what"), seen(row)) for row in sent] == [
        (operation, seen(row)) for operation, row in wanted
    ]
    counts = {name: sum(each == name for each, _ in wanted) for name in ALL}
    assert answer["counts"] == counts | {"same": len(after) - counts["added"] - counts["changed"]}


def test_keys_without_a_value_or_there_twice_are_told(tmp_path):
    rng = random.Random(1)
    after = [some_row(rng, key) for key in [(1, "a"), (1, "b"), (2, "a"), (2, "a"), (None, "c")]]

    bad = asked(tmp_path, [], after, [0])["bad"]

    assert bad == {"without": 1, "twice": 2, "first": [("1",), ("2",)]}


def test_other_columns_make_all_rows_changed_and_other_names_none(tmp_path):
    old = written(
        tmp_path / "a.parquet", [{"id": 1, "n": 5}], pa.schema({"id": "int64", "n": "int64"})
    )
    named = written(
        tmp_path / "b.parquet", [{"key": 1, "m": 5}], pa.schema({"key": "int64", "m": "int64"})
    )
    typed = written(
        tmp_path / "c.parquet", [{"id": "1", "n": 5.0}], pa.schema({"id": "string", "n": "float64"})
    )

    def found(path):
        prior = Prior(KeyedFile(old, [0]))
        how = Running(Limits(memory_mb=256))
        return compare(KeyedFile(path, [0]), prior, Wanted(ALL), tmp_path / "out.parquet", how)

    assert found(named).counts == {"added": 0, "changed": 0, "removed": 0, "same": 1}
    assert not found(named).reshaped
    assert found(typed).counts == {"added": 0, "changed": 1, "removed": 0, "same": 0}
    assert found(typed).reshaped
    assert samples_of(tmp_path / "out.parquet").is_file()


def test_what_may_have_come_is_sent_again_even_where_it_is_the_same(tmp_path):
    rng = random.Random(2)
    rows = {number: some_row(rng, (number, "a")) for number in range(1, 6)}
    unsure = written(tmp_path / "unsure.parquet", [rows[1], rows[4], rows[5], rows[2]])
    entry = {"path": unsure, "key": [0], "width": 8, "skip": 0, "gone_from": 3}

    answer = asked(
        tmp_path,
        [rows[1], rows[2], rows[3]],
        [rows[1], rows[2], rows[3], rows[4]],
        [0],
        unsure=[entry],
    )

    sent = pq.read_table(tmp_path / "output.parquet").to_pylist()
    told = [(row["file_row_number"], row["what"]) for row in sent]
    assert told == [(1, "changed"), (2, "added"), (4, "added"), (5, "removed")]
    assert answer["counts"]["same"] == 1


def test_what_was_rejected_is_as_it_was_before(tmp_path):
    rng = random.Random(3)
    old, new = ({number: some_row(rng, (number, shop)) for number in range(1, 6)} for shop in "xy")
    before = [old[1], old[2], old[3]]
    after = [new[1], new[2], new[4], new[5]]
    asked(tmp_path, before, after, [0])
    sent = pq.read_table(tmp_path / "output.parquet")
    rejected = pa.table({"#row": [1, 2, 3, 4], "#rule": ["bad", "bad", "no answer", "bad"]})
    pq.write_table(rejected, tmp_path / "rejects.parquet")
    pq.write_table(sent, tmp_path / "sent.parquet")
    request = {"base": str(tmp_path / "new.parquet"), "key": [0], "unsure": [], "onto": False}
    request |= {"before": {"path": str(tmp_path / "old.parquet"), "key": [0]}}
    request |= {"sent": {"path": str(tmp_path / "sent.parquet"), "key": [0], "skip": 0, "width": 8}}
    request |= {"rejects": str(tmp_path / "rejects.parquet"), "no_answer": "no answer"}

    answer = settle(duckdb.connect(":memory:"), request | {"folder": str(tmp_path)})

    has = {row["file_row_number"]: row["shop"] for row in read(tmp_path / "output.parquet")}
    assert has == {1: "y", 2: "x", 3: "x"}
    assert {row["file_row_number"] for row in read(tmp_path / "unsure.parquet")} == {2, 3, 5}
    assert answer == {"rows": 3, "unsure": 3}


def read(path):
    return pq.read_table(path).to_pylist()
