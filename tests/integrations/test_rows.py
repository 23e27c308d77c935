"""Rows are read few at a time where they are wide, whatever the snapshot looks like."""

import subprocess
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.formats.blocks import block
from integrations.formats.dialect import Dialect
from integrations.rows import Rows, parquet

MEGABYTES = 90  # of one portion and what reading it takes; the values together have 300 and more
READ = """
import sys
from pathlib import Path
import pyarrow as pa
from integrations.rows import Rows
count = sum(batch.num_rows for batch in Rows(Path(sys.argv[1])).portions())
print(count, pa.default_memory_pool().max_memory() >> 20)
"""
WIDE = {
    "texts": "SELECT repeat('a', 3000000) AS x FROM range(100)",
    "bytes": "SELECT repeat('a', 3000000)::BLOB AS x FROM range(100)",
    "lists": "SELECT [repeat('a', 3000000)] AS x FROM range(100)",
    "members": "SELECT {'a': repeat('a', 3000000)} AS x FROM range(100)",
    "entries": "SELECT map(['a'], [repeat('a', 3000000)]) AS x FROM range(100)",
    "json": "SELECT ('\"' || repeat('a', 3000000) || '\"')::JSON AS x FROM range(100)",
    "numbers": "SELECT [0 FOR i IN range(2000)] AS x FROM range(8000)",
    "late": "SELECT if(i < 9000, 'a', repeat('a', 300000)) AS x, i FROM range(10000) t(i)",
}


def snapshot(folder, sql):
    path = folder / "rows.parquet"
    with duckdb.connect() as made:
        made.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path


@pytest.mark.parametrize("wide", WIDE)
def test_huge_values_are_read_in_bounded_memory(wide, tmp_path):
    path = snapshot(tmp_path, WIDE[wide])

    said = subprocess.run(
        [sys.executable, "-c", READ, path], capture_output=True, text=True, check=True
    )

    count, peak = map(int, said.stdout.split())
    assert count == Rows(path).count
    assert peak < MEGABYTES


def test_portions_have_all_rows_in_order_with_names_and_types(tmp_path):
    path = snapshot(tmp_path, "SELECT i, i % 3 || 'x' AS t, [i] AS l FROM range(300000) t(i)")
    rows = Rows(path)

    portions = list(rows.portions())

    assert [i for part in portions for i in part.column(0).to_pylist()] == list(range(300_000))
    assert portions[0].schema.names == rows.columns
    assert portions[0].schema.types == rows.schema.types
    assert portions[-1].to_pylist()[-1] == {"i": 299_999, "t": "2x", "l": [299_999]}


def test_narrow_rows_are_read_many_at_a_time(tmp_path):
    rows = Rows(snapshot(tmp_path, "SELECT i, 'name ' || i % 9 AS t FROM range(100000) t(i)"))

    assert len(list(rows.portions())) < 10


def test_columns_of_numbers_come_in_portions_that_are_nearly_full(tmp_path):
    columns = ", ".join(f"i * {factor} % 1000 AS c{factor}" for factor in range(1, 60))
    rows = Rows(snapshot(tmp_path, f"SELECT {columns} FROM range(50000) t(i)"))

    assert len(list(rows.portions())) <= 1 + 50_000 * 60 * 9 // parquet.PORTION_BYTES


def test_large_texts_come_many_at_a_time_where_they_are_short_enough(tmp_path):
    sql = "SELECT i, repeat(md5(i::VARCHAR), 25) AS t FROM range(100000) t(i)"
    rows = Rows(snapshot(tmp_path, sql))

    portions = list(rows.portions())

    assert [i for part in portions for i in part.column(0).to_pylist()] == list(range(100_000))
    assert len(portions) < 40
    assert max(part.nbytes for part in portions) < 5_000_000


def test_a_dictionary_of_many_texts_does_not_make_portions_small(tmp_path):
    rows = Rows(snapshot(tmp_path, "SELECT md5((i % 9000)::VARCHAR) AS t FROM range(200000) t(i)"))

    assert len(list(rows.portions())) < 20
    assert sum(part.num_rows for part in rows.portions(dictionaries=True)) == 200_000


NESTED = """
SELECT if(i % 7 = 0, NULL, [if(j % 3 = 0, NULL, 't' || j) FOR j IN range(i % 5)]) AS lists,
  {'s': if(i % 5 = 0, NULL, 's' || i % 9), 'l': [['x' || i % 3], []]} AS members,
  if(i % 4 = 0, NULL, map(['k' || i % 6, 'é'], ['v' || i % 2, NULL])) AS entries,
  [{'b': ('b' || i % 8)::BLOB, 'n': i, 'u': md5(i::VARCHAR)::UUID}] AS both,
  {'u': md5(i::VARCHAR)::UUID, 's': 's' || i % 9} AS identified, md5(i::VARCHAR)::UUID AS u,
  [('[' || i % 9 || ']')::JSON] AS jsons, ('[' || i % 9 || ']')::JSON AS json
FROM range(20000) t(i)
"""


def test_texts_in_lists_maps_and_rows_are_read_many_at_a_time(tmp_path):
    path = snapshot(tmp_path, NESTED)

    assert len(list(parquet.group(path, pq.read_metadata(path), 0))) < 5


def test_texts_in_lists_maps_and_rows_are_the_same_in_any_portion(tmp_path, monkeypatch):
    rows = Rows(snapshot(tmp_path, f"{NESTED} LIMIT 2000"))
    stored = pq.read_table(rows.path)
    monkeypatch.setattr(parquet, "PORTION_BYTES", 30_000)

    plain = list(rows.portions())
    repeated = list(rows.portions(dictionaries=True))

    assert len(repeated) > 5
    assert plain[0].schema.types == stored.schema.types
    for portions in (plain, repeated):
        assert [row for part in portions for row in part.to_pylist()] == stored.to_pylist()
        assert text_of(portions) == text_of(stored.to_batches())


def text_of(portions):
    return b"".join(block(portion, Dialect()) for portion in portions)


def test_columns_may_have_one_name_or_none(tmp_path):
    path = tmp_path / "rows.parquet"
    names, values = ["", "", "a.b", "a"], [[1], ["x"], ["y"], [{"b": "z"}]]
    pq.write_table(pa.table(values, names=names), path)

    for dictionaries in (True, False):
        (portion,) = Rows(path).portions(dictionaries=dictionaries)
        assert [column.to_pylist() for column in portion.columns] == values
        assert portion.schema.names == names


def test_groups_are_read_with_the_columns_that_are_asked_for(tmp_path):
    path = tmp_path / "rows.parquet"
    table = pa.table({"a": range(10), "b": ["x"] * 10, "c": [[n] for n in range(10)]})
    pq.write_table(table, path, row_group_size=4)

    groups = [list(group) for group in Rows(path).groups(["c", "a"])]

    found = pa.Table.from_batches([portion for group in groups for portion in group])
    assert len(groups) == 3
    assert found.select(["a", "c"]).equals(table.select(["a", "c"]))
    assert found.num_columns == 2


def test_a_name_that_may_be_that_of_a_member_has_all_columns_read(tmp_path):
    path = tmp_path / "rows.parquet"
    names, values = ["a.b", "a", "c"], [["y"], [{"b": "z"}], [1]]
    pq.write_table(pa.table(values, names=names), path)

    [[portion]] = map(list, Rows(path).groups(["a"]))

    assert portion.schema.names == names
