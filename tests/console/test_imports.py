"""Uploads become tables, or say what is wrong with them and change nothing."""

import bz2
import gzip
import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console import tables
from console.tables import imports
from console.tables.imports import ImportFailed, import_file, kind_of, sniff


@pytest.fixture
def demo(marketer):
    return tables.create_database("demo", marketer)


@pytest.fixture
def file(tmp_path):
    def file(content, name="people.csv"):
        path = tmp_path / "uploads" / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return file


CSV = (
    "id,Email Address,zip,amount,seen at\n"
    '1,a@b.c,01234,1.5,2026-01-01 10:00:00\n2,"x ""y""",99999,,2026-01-02 00:00:00\n'
)


def test_a_csv_file_is_sniffed(file):
    found = sniff(file(CSV), "csv")
    assert found.columns == [
        ("id", "bigint"),
        ("email_address", "varchar"),
        ("zip", "varchar"),
        ("amount", "double"),
        ("seen_at", "timestamp(6)"),
    ]
    assert found.sample[1][:4] == ["2", 'x "y"', "99999", None] and found.header


def test_a_csv_file_becomes_a_table(demo, file):
    table = import_file(demo, "people", file(CSV), kind="csv")
    assert (table.rows, table.columns[1]) == (2, ["email_address", "varchar"])
    assert tables.head(table)[0][:4] == (1, "a@b.c", "01234", 1.5)


def test_names_and_types_can_be_changed(demo, file):
    columns = [("key", "varchar"), ("name", "varchar")]
    table = import_file(demo, "people", file("id,n\n7,x\n"), kind="csv", columns=columns)
    assert tables.head(table) == [("7", "x")]


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        ("id,email\n1,a\n2,b,c,d\n", "csv", "Line 3: more values than the 2 expected."),
        ("id,email\n1,a\n2\n", "csv", "Line 3: 1 value where 2 were expected."),
        ('id,email\n1,"a\n2,b\n', "csv", "Line 2: a quote is not closed."),
        ("id,email\n1,caf\xe9\n".encode("latin-1"), "csv", "Line 2 is not UTF-8 (byte 0xE9): save"),
        ("id,email\n1,a\x00b\n", "csv", "Line 2 has a zero byte"),
        ("id\n1\n".encode("utf-16"), "csv", "The file is UTF-16"),
        (b"PK\x03\x04xxxx", "csv", "The file is a zip file"),
        ("", "csv", "The file is empty."),
        ('{"a":1}\n{"a":\n{"a":2}\n', "jsonl", "Line 2 is not JSON: Expecting value."),
        ('{"a":1}\n[1]\n', "jsonl", "Line 2 is not JSON: not a JSON object."),
        ("PAR1 no", "parquet", "The file is not a readable Parquet file."),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "csv", "The file cannot be unpacked"),
    ],
)
def test_a_broken_file_says_where_and_changes_nothing(demo, file, content, kind, message):
    with pytest.raises(ImportFailed, match=r".") as failed:
        import_file(demo, "people", file(content), kind=kind)
    assert str(failed.value).startswith(message)
    assert not demo.tables.exists()
    assert not list((file("x").parents[1] / "tables" / "demo" / "people").iterdir())


def test_a_wrong_type_names_the_line(demo, file):
    with pytest.raises(ImportFailed, match='Line 3: "x" cannot be kept as bigint'):
        import_file(demo, "people", file("id\n1\nx\n"), kind="csv", columns=[("id", "bigint")])


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_packed_files_are_unpacked(demo, file, pack):
    table = import_file(demo, "people", file(pack(b"a\tb\n1\tx\n"), "p.tsv.gz"), kind="tsv")
    assert tables.head(table) == [(1, "x")]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_a_bomb_is_refused(demo, file, pack):
    with pytest.raises(ImportFailed, match="more than 200 times its size"):
        import_file(demo, "people", file(pack(b"a,b,c\n" * 200_000) * 50), kind="csv")


def test_json_lines_keep_lists_and_nested_values(demo, file):
    content = '{"id":1,"zip":"01","tags":["a"],"more":{"x":[1]}}\n{"id":2.5}\n'
    table = import_file(demo, "people", file(content, "p.jsonl"), kind="jsonl")
    assert table.columns == [
        ["id", "double"],
        ["zip", "varchar"],
        ["tags", "array(varchar)"],
        ["more", "json"],
    ]
    assert tables.head(table) == [(1, "01", ["a"], '{"x":[1]}'), (2.5, None, None, None)]


def test_parquet_keeps_its_types(demo, file, tmp_path):
    path = tmp_path / "uploads" / "p.parquet"
    pq.write_table(pa.table({"A b": [1], "d": [pa.scalar("x")]}), path)
    table = import_file(demo, "people", path, kind="parquet")
    assert table.columns == [["a_b", "bigint"], ["d", "varchar"]]
    assert tables.head(table) == [(1, "x")]


def test_parquet_that_is_larger_than_it_looks_is_refused(file, tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "largest", lambda: 1)
    path = tmp_path / "uploads" / "p.parquet"
    pq.write_table(pa.table({"n": pa.repeat(1, 600_000)}), path)
    with pytest.raises(ImportFailed, match=r"^The file has 600,000 rows, and 524,288 is the most"):
        sniff(path, "parquet")

    pq.write_table(pa.table({"n": range(300_000)}), path, use_dictionary=False)
    with pytest.raises(ImportFailed, match="unpacked file is larger than the 1 MB allowed"):
        sniff(path, "parquet")


def test_appending_matches_columns_by_name(demo, file):
    import_file(demo, "people", file("id,name\n1,a\n"), kind="csv")
    table = import_file(demo, "people", file("name\nb\n"), kind="csv", mode="append")
    assert tables.head(table) == [(1, "a"), (None, "b")]
    with pytest.raises(ImportFailed, match='The table has no column "nam"'):
        import_file(demo, "people", file("nam\nb\n"), kind="csv", mode="append")


def test_replacing_leaves_only_the_new_rows(demo, file):
    import_file(demo, "people", file("id,name\n1,a\n"), kind="csv")
    table = import_file(demo, "people", file("x\n5\n"), kind="csv", mode="replace")
    assert tables.head(table) == [(5,)] and table.columns == [["x", "bigint"]]


def test_the_type_of_a_column_is_that_of_all_its_rows(demo, file):
    rows = "1,10115,5,,7\n" * 20_000 + "2,01067,19.99,2026-01-01,8\n"
    path = file(f"id,zip,amount,day,n\n{rows}")

    table = import_file(demo, "people", path, kind="csv")

    kinds = [kind for _, kind in table.columns]
    assert kinds == ["bigint", "varchar", "double", "date", "bigint"]
    assert list(tables.rows(table))[-1][:3] == (2, "01067", 19.99)


def test_numbers_are_doubles_where_doubles_keep_their_digits(file):
    kept = ["1.50", "0.000001234567890", "0.10000000000000001", "1E5", "5e-324", "0e-9"]
    lost = ["1234567890.1234567891", "123456789012345.678", "1e-400", "1e999"]

    rows = [f"{number},{','.join(lost)}" for number in kept]
    found = sniff(file("\n".join(["kept,a,b,c,d", *rows])), "csv")

    assert [kind for _, kind in found.columns] == ["double", *["varchar"] * 4]


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("csv", 'id\n"1"\n\n19.99\n', 'Line 4: "19.99" cannot be kept as bigint, the type of'),
        ("csv", "id\n7\n01067\n", 'Line 3: "01067" cannot be kept as bigint'),
        ("csv", "id\n7\nid\n", 'Line 3: "id" cannot be kept as bigint'),
        ("jsonl", '{"id":1}\n\n{"id":1.5}\n', 'Line 3: "1.5" cannot be kept as bigint'),
    ],
)
def test_added_rows_that_the_table_cannot_keep_are_told_of(demo, file, kind, content, told):
    table = import_file(demo, "people", file("id\n1\n"), kind="csv")

    with pytest.raises(ImportFailed) as failed:
        import_file(demo, "people", file(content), kind=kind, mode="append")

    assert str(failed.value).startswith(told)
    assert str(failed.value).endswith("Correct the file, or import it into another table.")
    assert tables.head(table) == [(1,)]


def test_added_rows_of_parquet_are_kept_as_they_are_or_told_of(demo, file, tmp_path):
    import_file(demo, "people", file("id,day\n1,2026-01-01\n"), kind="csv")
    path, noon = tmp_path / "uploads" / "p.parquet", datetime(2026, 1, 1, 12)  # noqa: DTZ001
    pq.write_table(pa.table({"id": [2.0, 3.0]}), path)
    table = import_file(demo, "people", path, kind="parquet", mode="append")
    assert tables.head(table) == [(1, date(2026, 1, 1)), (2, None), (3, None)]

    for column, told in {"id": 'Row 2: "2.5" cannot be kept as bigint', "day": "Row 1: "}.items():
        pq.write_table(pa.table({column: {"id": [2.0, 2.5], "day": [noon]}[column]}), path)
        with pytest.raises(ImportFailed, match=told):
            import_file(demo, "people", path, kind="parquet", mode="append")


def test_who_chooses_a_number_for_a_column_drops_its_leading_zeros_only(demo, file):
    columns = [("zip", "integer")]
    table = import_file(demo, "zips", file("zip\n01067\n"), kind="csv", columns=columns)
    assert tables.head(table) == [(1067,)]

    with pytest.raises(ImportFailed, match=r'Line 2: "1.5" cannot be kept as integer, .* Choose'):
        import_file(demo, "more", file("zip\n1.5\n"), kind="csv", columns=columns)


def test_json_numbers_that_no_double_is_become_texts(file):
    content = '{"id":9007199254740993,"n":1,"x":2.5}\n{"id":1.5,"n":18446744073709551617}\n'

    found = sniff(file(content, "p.jsonl"), "jsonl")

    assert found.columns == [("id", "varchar"), ("n", "varchar"), ("x", "double")]
    assert found.sample[0][0] == "9007199254740993"


def test_long_numbers_of_json_lines_are_kept_as_they_are_written(demo, file):
    row = (
        '{"a":12345678901234567.89,"n":[1.50,2.00000000000000000001],"c":52.520006599999997,'
        '"b":"\\\\\\":9.12345678901234567,","more":{"x":[0.30000000000000001]}}'
    )
    kinds = ("decimal(20,2)", "array(decimal(38,20))", "decimal(20,15)", "varchar", "json")
    columns = list(zip(("a", "n", "c", "b", "more"), kinds, strict=True))

    path = file(f'{{"a":1e2}}\n{row}\n', "p.jsonl")
    table = import_file(demo, "long", path, kind="jsonl", columns=columns)

    assert tables.head(table)[0] == (Decimal(100), None, None, None, None)
    assert tables.head(table)[1] == (
        Decimal("12345678901234567.89"),
        [Decimal("1.5"), Decimal("2.00000000000000000001")],
        Decimal("52.520006599999997"),
        '\\":9.12345678901234567,',
        '{"x":[0.3]}',
    )


def test_long_numbers_of_json_lines_are_no_texts_where_json_is_wanted(demo, file):
    number = "1.2345678901234567891"
    row = f'{{"a":{number},"b":[{number}],"c":[{number}],"d":{number}}}'
    kinds = ("decimal(38,19)", "varchar", "json", "json")

    path = file(f'{row}\n{{"d":"x"}}\n', "p.jsonl")
    columns = list(zip("abcd", kinds, strict=True))
    table = import_file(demo, "long", path, kind="jsonl", columns=columns)

    a, *others = tables.head(table)[0]
    assert a == Decimal(number)
    assert not any('"' in each for each in others)


@pytest.mark.parametrize(
    ("values", "kind", "lost"),
    [
        (["1.5", "123456789012345678.9"], "bigint", "1.5"),
        (["7", "123456789012345678.9"], "bigint", "123456789012345678.9"),
        (["1.5", "1234567890123.4567891"], "decimal(19,6)", "1234567890123.4567891"),
        (["[1.5]", "[9007199254740993,1.5]"], "array(double)", "[9007199254740993,1.5]"),
    ],
)
def test_long_numbers_of_json_lines_that_a_type_would_change_are_told(
    demo, file, values, kind, lost
):
    path = file("".join(f'{{"a":{value}}}\n' for value in values), "p.jsonl")
    line = values.index(lost) + 1

    with pytest.raises(ImportFailed, match=rf'^Line {line}: "{re.escape(lost)}" cannot be kept'):
        import_file(demo, "long", path, kind="jsonl", columns=[("a", kind)])


def test_times_with_a_zone_are_looked_into_and_kept(demo, file):
    content = '{"at":"2026-01-01T10:00:00+02:00"}\n'

    found = sniff(file(content, "p.jsonl"), "jsonl")
    table = import_file(demo, "times", file(content, "p.jsonl"), kind="jsonl")

    assert found.columns == [("at", "timestamp(6) with time zone")]
    assert found.sample == [["2026-01-01 08:00:00+00"]]
    assert tables.head(table) == [(datetime(2026, 1, 1, 8, tzinfo=UTC),)]


def test_a_file_without_names_gets_numbered_columns(file):
    found = sniff(file("\ufeff1;a@b.c\n2;d@e.f\n"), "csv")
    assert found.columns == [("column1", "bigint"), ("column2", "varchar")]
    assert not found.header and len(found.sample) == 2


def test_quoted_empty_text_is_not_null(demo, file):
    table = import_file(demo, "people", file('a,b\n"",1\n,2\n'), kind="csv")
    assert tables.head(table) == [("", 1), (None, 2)]


def test_the_kind_is_told_by_the_name():
    names = ["a.CSV", "a.tsv.gz", "b.ndjson", "c.parquet", "d.xlsx", "e"]
    assert [kind_of(name) for name in names] == ["csv", "tsv", "jsonl", "parquet", None, None]


def test_long_values_are_cut_in_the_sample_only(demo, file):
    content = f"id,text\n1,{'x' * 100_000}\n"

    assert len(sniff(file(content), "csv").sample[0][1]) == 500
    table = import_file(demo, "people", file(content), kind="csv")
    assert len(tables.head(table)[0][1]) == 100_000


def test_more_columns_than_a_table_may_have_are_refused(file):
    content = ",".join(f"c{number}" for number in range(2001)) + "\n"

    with pytest.raises(ImportFailed, match="The file has 2,001 columns"):
        sniff(file(content), "csv")


def test_long_names_of_columns_are_cut(file):
    found = sniff(file(f"{'a' * 1000},{'b' * 1000}\nx,2\n"), "csv")

    assert [name for name, _ in found.columns] == ["a" * 120, "b" * 120]


def test_files_of_one_name_are_looked_at_side_by_side(file, settings):
    path = file(CSV)
    (settings.SPILL_DIR / f".{path.name}.part").mkdir()  # of another upload, or of one that died

    assert sniff(path, "csv").sample


def test_an_import_that_takes_too_much_is_refused_in_a_sentence(file, demo, settings):
    settings.QUERY_RESULT_MB = 0

    with pytest.raises(ImportFailed, match=r"^The table is larger than the 0 MB it may have\.$"):
        import_file(demo, "people", file(CSV), kind="csv")

    assert not demo.tables.exists()
