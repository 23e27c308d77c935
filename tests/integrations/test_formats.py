"""Files of rows, byte for byte."""

import json
import os
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.formats import write_rows
from integrations.rows import Rows

GOLDEN = json.loads((Path(__file__).parent / "golden_csv.json").read_text())["cases"]
TYPES = {bool: pa.bool_(), int: pa.int64(), str: pa.string()}


@pytest.fixture
def file_of(tmp_path, way):
    """Write a table as a snapshot and return the bytes of its file."""

    def write(table, **settings):
        path = tmp_path / "rows.parquet"
        pq.write_table(table, path)
        return b"".join(write_rows(Rows(path), settings)).decode()

    return write


def column(values, **kwargs):
    kinds = {type(value) for value in values if value is not None}
    return pa.array(values, TYPES[kinds.pop()] if kinds else pa.null(), **kwargs)


def table(names, rows):
    """Return one table of the rows; a column must be of one type."""
    columns = zip(*rows, strict=True) if rows else [[] for _ in names]
    return pa.table([column(values) for values in columns], names=names)


def golden_file(case, file_of):
    """Return the file of the case, whose rows may each have types of their own."""
    settings = case["config"] | {"header_line": case["config"]["header_line"] == "true"}
    parts = [file_of(table(case["header"], []), **settings)]
    settings["header_line"] = False
    parts += [file_of(table(case["header"], [row]), **settings) for row in case["rows"]]
    return "".join(parts)


@pytest.mark.parametrize("case", GOLDEN)
def test_the_golden_files_come_out_byte_for_byte(case, file_of):
    assert golden_file(case, file_of) == case["expected"]


MINIMAL, ALL, NONE = ({"quote_policy": policy} for policy in ("MINIMAL", "ALL", "NONE"))
DIALECTS = [
    MINIMAL,
    ALL,
    NONE,
    {"null_string": r"\N"},
    {"null_string": "NULL"},
    {"delimiter": "tab"},
    {"quote": "'", "delimiter": "|"},
    {"escape": "\\"},
    {"newline_in_field": "CRLF"},
]
LINES = ('"l1\nl2"', '"l1\nl2"', "l1\\\nl2", *['"l1\nl2"'] * 3, "'l1\nl2'", '"l1\nl2"')
BLANKS = ('"\n\n"', '"\n\n"', "\\\n\\\n", *['"\n\n"'] * 3, "'\n\n'", '"\n\n"')
CELLS = {
    "plain": ["plain", '"plain"', *["plain"] * 7],
    "": ['""', '""', "", "", "", '""', "''", '""', '""'],
    None: ["", "", "", r"\N", "NULL", "", "", "", ""],
    "a,b": ['"a,b"', '"a,b"', r"a\,b", '"a,b"', '"a,b"', "a,b", "a,b", '"a,b"', '"a,b"'],
    "a\tb": ["a\tb", '"a\tb"', "a\tb", "a\tb", "a\tb", '"a\tb"', "a\tb", "a\tb", "a\tb"],
    "a|b": ["a|b", '"a|b"', "a|b", "a|b", "a|b", "a|b", "'a|b'", "a|b", "a|b"],
    'say "hi"': [
        *['"say ""hi"""'] * 2,
        'say "hi"',
        *['"say ""hi"""'] * 3,
        'say "hi"',
        r'"say \"hi\""',
        '"say ""hi"""',
    ],
    "it's": ["it's", '"it\'s"', *["it's"] * 4, "'it''s'", "it's", "it's"],
    "l1\nl2": [*LINES, '"l1\r\nl2"'],
    "l1\r\nl2": [*LINES, '"l1\r\nl2"'],
    "l1\rl2": [*LINES, '"l1\r\nl2"'],
    "\r\r\n": [*BLANKS, '"\r\n\r\n"'],
    "\n\n": [*BLANKS, '"\r\n\r\n"'],
    "back\\slash": ["back\\slash", '"back\\slash"', *["back\\slash"] * 7],
    r"\N": [r"\N", r'"\N"', r"\N", r'"\N"', *[r"\N"] * 5],
    "NULL": ["NULL", '"NULL"', "NULL", "NULL", '"NULL"', *["NULL"] * 4],
    " lead": [" lead", '" lead"', *[" lead"] * 7],
    '"': ['""""', '""""', '"', *['""""'] * 3, '"', r'"\""', '""""'],
}


@pytest.mark.parametrize("number", range(len(DIALECTS)))
@pytest.mark.parametrize("value", CELLS)
def test_a_value_stands_in_each_dialect_as_the_table_says(value, number, file_of):
    rows = pa.table({"n": pa.array([value], pa.string())})

    written = file_of(rows, header_line=False, **DIALECTS[number])

    assert written == CELLS[value][number] + "\r\n"


TWO_ROWS = table(["id", "s", "n"], [[1, "a", None], [2, "", True]])


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ({}, 'id,s,n\r\n1,a,\r\n2,"",true\r\n'),
        (ALL, '"id","s","n"\r\n"1","a",\r\n"2","","true"\r\n'),
        (
            ALL | {"quote": "'", "delimiter": "|"},
            "'id'|'s'|'n'\r\n'1'|'a'|\r\n'2'|''|'true'\r\n",
        ),
        ({"newline": "LF"}, 'id,s,n\n1,a,\n2,"",true\n'),
        ({"newline": "CR"}, 'id,s,n\r1,a,\r2,"",true\r'),
        ({"header_line": False}, '1,a,\r\n2,"",true\r\n'),
        (NONE, "id,s,n\r\n1,a,\r\n2,,true\r\n"),
        (
            {"null_string": r"\N", "delimiter": "tab", "newline": "LF"},
            "id\ts\tn\n1\ta\t\\N\n2\t\ttrue\n",
        ),
        ({"format": "tsv", "newline": "LF"}, "id\ts\tn\n1\ta\t\\N\n2\t\ttrue\n"),
    ],
)
def test_a_whole_file_is_as_the_table_says(dialect, expected, file_of):
    assert file_of(TWO_ROWS, **dialect) == expected


@pytest.mark.parametrize(
    ("null", "expected"),
    [("", '"a,b","","q""",N/A\r\n'), ("N/A", '"a,b",,"q""","N/A"\r\n')],
)
def test_names_of_columns_are_quoted_like_values(null, expected, file_of):
    names = ["a,b", "", 'q"', "N/A"]

    assert file_of(table(names, []), null_string=null) == expected


@pytest.mark.parametrize(
    ("policy", "quote", "expected"),
    [
        ("ALL", "'", "'id'|'column01'|'column02'\n'1'|'data01'|'data02'\n"),
        ("ALL", '"', '"id"|"column01"|"column02"\n"1"|"data01"|"data02"\n'),
        ("MINIMAL", "'", "id|column01|column02\n1|data01|data02\n"),
    ],
)
def test_the_sample_outputs_of_the_manual_come_out(policy, quote, expected, file_of):
    rows = table(["id", "column01", "column02"], [[1, "data01", "data02"]])

    assert file_of(rows, quote_policy=policy, quote=quote, delimiter="|", newline="LF") == expected


def test_an_empty_result_is_a_header(file_of):
    assert file_of(table(["id", "name"], [])) == "id,name\r\n"
    assert file_of(table(["id", "name"], []), header_line=False) == ""


def test_giant_values_come_in_pieces(tmp_path, way):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"text": ["x" * 1_000_000] * 60}), path)

    blocks = [len(block) for block in write_rows(Rows(path), {})]

    assert sum(blocks) == 6 + 60 * 1_000_002
    assert max(blocks) < 8_000_000


def test_values_that_repeat_are_not_all_held_at_once(tmp_path, way):
    path = tmp_path / "rows.parquet"
    texts = ["a,b"] * 50 + ["x" * 1_000_000, None] * 20
    duckdb.from_arrow(pa.table({"text": texts})).write_parquet(str(path))
    assert pa.types.is_dictionary(next(Rows(path).portions(dictionaries=True)).schema.types[0])

    blocks = list(write_rows(Rows(path), {}))

    lines = [b'"a,b"'] * 50 + [b"x" * 1_000_000, b""] * 20
    assert b"".join(blocks) == b"text\r\n" + b"".join(line + b"\r\n" for line in lines)
    assert max(map(len, blocks)) < 8_000_000


def test_what_was_read_of_a_snapshot_is_not_kept(tmp_path):
    path = tmp_path / "rows.parquet"
    noise = pa.array([os.urandom(500) for _ in range(40_000)], pa.binary())
    pq.write_table(pa.table({"noise": noise}), path, row_group_size=4_000, use_dictionary=False)
    del noise
    before = pa.total_allocated_bytes()

    held = [pa.total_allocated_bytes() - before for _ in Rows(path).portions()]

    assert max(held) < 8_000_000 < path.stat().st_size / 2
