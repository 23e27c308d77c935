"""JSON lines, Parquet and Krux's lines: the very bytes, and what readers make of them."""

import io
import json
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.formats import columnar, write_rows
from integrations.rows import Rows


def stored(path, table):
    pq.write_table(table, path)
    return Rows(path)


def written(path, columns, **settings):
    return b"".join(write_rows(stored(path, pa.table(columns)), settings))


def test_json_lines_have_the_types_that_json_has(tmp_path):
    columns = {
        "whole": pa.array([1, None], pa.int64()),
        "part": [1.5, float("nan")],
        "exact": pa.array([Decimal("1.10"), None], pa.decimal128(9, 2)),
        "yes": [True, False],
        "day": [date(2026, 3, 31), None],
        'na"me': ['q"\\\n\x01', "é\u2028😀"],
        "list": pa.array([[1, None], []], pa.list_(pa.int64())),
        "map": pa.array([[("k", "v")], None], pa.map_(pa.string(), pa.string())),
        "row": [{"a": 1.0, "b": "x"}, None],
    }

    lines = written(tmp_path / "a", columns, format="jsonl").decode().split("\n")

    assert lines[0] == (
        '{"whole":1,"part":1.5,"exact":1.10,"yes":true,"day":"2026-03-31",'
        r'"na\"me":"q\"\\\n\u0001","list":[1,null],"map":{"k":"v"},"row":{"a":1.0,"b":"x"}}'
    )
    assert lines[1] == (
        '{"whole":null,"part":"NaN","exact":null,"yes":false,"day":null,'
        '"na\\"me":"é\u2028😀","list":[],"map":null,"row":null}'
    )
    assert lines[2:] == [""]


ROW = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "t": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
        "b": st.none() | st.booleans(),
        "l": st.none() | st.lists(st.none() | st.text(max_size=3), max_size=3),
    }
)
SCHEMA = pa.schema(
    [("n", pa.int64()), ("t", pa.string()), ("b", pa.bool_()), ("l", pa.list_(pa.string()))]
)


@settings(deadline=None, max_examples=60)
@given(found=st.lists(ROW, max_size=6))
def test_json_lines_are_read_as_the_rows(tmp_path_factory, found):
    path = tmp_path_factory.mktemp("lines") / "rows"
    rows = stored(path, pa.Table.from_pylist(found, SCHEMA))

    lines = b"".join(write_rows(rows, {"format": "jsonl"})).decode().split("\n")[:-1]

    assert [json.loads(line) for line in lines] == found


def test_parquet_is_made_in_row_groups_and_the_same_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr(columnar, "GROUP_ROWS", 30_000)
    table = pa.table({"n": range(100_000), "t": [f"text {n % 7}" for n in range(100_000)]})
    rows = stored(tmp_path / "rows", table)

    chunks = list(write_rows(rows, {"format": "parquet"}))

    data = b"".join(chunks)
    assert data == b"".join(write_rows(rows, {"format": "parquet"}))
    found = pq.ParquetFile(io.BytesIO(data))
    assert found.metadata.num_row_groups > 2 and len(chunks) > 2
    assert found.read().equals(table)


def test_parquet_is_made_of_columns_that_have_no_nulls(tmp_path):
    schema = pa.schema([pa.field("n", pa.int64(), nullable=False), ("t", pa.string())])
    table = pa.table({"n": [1, 2], "t": ["a", None]}, schema)
    rows = stored(tmp_path / "rows", table)

    data = b"".join(write_rows(rows, {"format": "parquet"}))

    assert pq.read_table(io.BytesIO(data)).to_pylist() == table.to_pylist()


EXAMPLE = {
    "user_id": ["uid1", "uid2", "uid3"],
    "td_segment": ["seg1,seg2", "seg1,seg2,seg3,seg4", "seg1"],
    "email": ["", "", ""],
    "firstname": ["Britty", "David", "Halley"],
    "lastname": ["Morris", "Morris", "Morris"],
}


def test_the_example_of_salesforce_dmp_as_lines_of_krux(tmp_path):
    assert written(tmp_path / "a", EXAMPLE, format="krux").decode() == (
        "uid1^firstname:Britty;lastname:Morris;segment:seg1,seg2\n"
        "uid2^firstname:David;lastname:Morris;segment:seg1,seg2,seg3,seg4\n"
        "uid3^firstname:Halley;lastname:Morris;segment:seg1\n"
    )


def test_the_marks_of_krux_lines_can_be_others(tmp_path):
    settings = {
        "field_separator": "|",
        "attribute_separator": ",",
        "value_separator": ";",
        "segment_attribute": "seg",
    }

    lines = written(tmp_path / "a", EXAMPLE, format="krux", **settings).decode().splitlines()

    assert lines[0] == "uid1|firstname:Britty,lastname:Morris,seg:seg1;seg2"


@pytest.mark.parametrize(
    ("column", "line"),
    [
        (pa.array([7]), "u^x:7;segment:s"),
        (pa.array([1.5]), "u^x:1.5;segment:s"),
        (pa.array([True]), "u^x:true;segment:s"),
        (pa.array([date(2026, 3, 31)]), "u^x:2026-03-31;segment:s"),
        (pa.array([None], pa.string()), "u^segment:s"),
        (pa.array([["a", "b"]]), "u^x:a,b;segment:s"),
        (pa.array([[1, 2]]), "u^x:1,2;segment:s"),
        (pa.array([[]], pa.list_(pa.string())), "u^segment:s"),
        (pa.array([None], pa.list_(pa.string())), "u^segment:s"),
        (pa.array(["ü 😀"]), "u^x:ü 😀;segment:s"),
    ],
)
def test_values_of_all_types_in_lines_of_krux(tmp_path, column, line):
    columns = {"user_id": ["u"], "td_segment": ["s"], "x": column}

    assert written(tmp_path / "a", columns, format="krux").decode() == line + "\n"


def test_a_user_without_segments_has_attributes_only(tmp_path):
    columns = {"user_id": ["u", "v"], "td_segment": [None, ""], "x": ["1", "2"]}

    assert written(tmp_path / "a", columns, format="krux") == b"u^x:1\nv^x:2\n"
