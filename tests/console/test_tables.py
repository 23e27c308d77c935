"""Tables: who reads and writes them, and the statements that change them."""

import os
import threading
import time

import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import Group
from django.db import connection

from console import tables
from console.engines import QueryError
from console.models import Table
from console.tables import files
from console.tables.names import TableError
from integrations.errors import Stopped


@pytest.fixture
def demo(marketer):
    return tables.create_database("demo", marketer)


@pytest.fixture
def run(demo, marketer, tmp_path):
    def run(sql, owner=marketer, **more):
        output = tmp_path / "results" / f"{time.monotonic_ns()}.parquet"
        outcome = tables.execute(sql, owner=owner, database="demo", output=output, **more)
        return outcome, [tuple(row.values()) for row in pq.read_table(output).to_pylist()]

    return run


def test_a_table_is_made_filled_read_and_dropped(run, demo):
    made, rows = run("CREATE TABLE people AS SELECT 1 AS id, 'ann' AS name")
    assert (made.statement_kind, made.written_table, rows) == ("create", "demo.people", [(1,)])
    run("INSERT INTO people VALUES (2, 'bob')")
    run("INSERT INTO demo.people (name) SELECT 'cyd'")
    _, rows = run("SELECT * FROM people")
    assert rows == [(1, "ann"), (2, "bob"), (None, "cyd")]
    table = demo.tables.get()
    assert (table.rows, len(table.files)) == (3, 3)
    assert tables.head(table, 2) == rows[:2]
    run("DROP TABLE people")
    assert not demo.tables.exists()


def test_a_with_before_a_statement_is_that_of_its_query(run):
    run("CREATE TABLE people AS SELECT * FROM (VALUES (1, true), (2, false)) t(id, opt_in)")
    willing = "WITH people AS (SELECT * FROM people WHERE opt_in)"

    run(f"{willing} CREATE TABLE mailing AS SELECT id FROM people")
    run(f"{willing} INSERT INTO mailing SELECT id + 10 FROM people")
    run(f"INSERT INTO mailing {willing} SELECT id + 20 FROM people")

    assert run("SELECT * FROM mailing")[1] == [(1,), (11,), (21,)]
    for wrong in ("WITH b AS (SELECT 9) SELECT * FROM people", "VALUES (9)"):
        with pytest.raises(QueryError, match="Write one WITH, right before the SELECT"):
            run(f"{willing} INSERT INTO mailing {wrong}")


@pytest.mark.parametrize(
    "sql",
    ["INSERT INTO people SELECT 2", "DROP TABLE people", "CREATE TABLE more AS SELECT 2 AS n"],
)
def test_where_the_answer_cannot_be_written_no_table_has_changed(
    run, demo, marketer, sql, tmp_path
):
    run("CREATE TABLE people AS SELECT 1 AS n")
    (tmp_path / "no-folder").touch()
    with pytest.raises(OSError, match=r"rows\.parquet"):
        tables.execute(
            sql, owner=marketer, database="demo", output=tmp_path / "no-folder/rows.parquet"
        )

    assert [each.name for each in demo.tables.all()] == ["people"]
    assert run("SELECT * FROM people")[1] == [(1,)]


@pytest.mark.parametrize("engine", ["trino", "duckdb"])
def test_a_select_is_run_for_its_first_rows(run, engine):
    sql = "SELECT i AS n -- all of them\nFROM (VALUES (3), (1), (4), (2)) AS t(i) ORDER BY 1 DESC;"

    assert run(sql, engine=engine, most=2)[1] == [(4,), (3,)]
    assert run(sql, engine=engine, most=9)[1] == [(4,), (3,), (2,), (1,)]


def test_the_complaint_about_a_select_for_its_first_rows_names_the_place(run):
    with pytest.raises(QueryError) as refused:
        run("SELECT 1 AS a,\n  nothing AS b", most=5)

    assert (refused.value.line, refused.value.column) == (2, 3)


@pytest.mark.parametrize("sql", ["INSERT INTO people VALUES (2)", "DROP TABLE people"])
def test_what_changes_a_table_is_not_run_for_its_first_rows(run, demo, sql):
    run("CREATE TABLE people AS SELECT 1 AS id")

    with pytest.raises(QueryError, match="This changes a table"):
        run(sql, most=5)

    assert run("SELECT * FROM people")[1] == [(1,)]


def test_a_table_can_be_made_empty_with_columns(run, demo):
    run("CREATE TABLE people (id bigint, tags array(varchar), paid decimal(10, 2))")
    assert demo.tables.get().columns == [
        ["id", "bigint"],
        ["tags", "array(varchar)"],
        ["paid", "decimal(10,2)"],
    ]
    run("INSERT INTO people VALUES (1, ARRAY['a'], 1.5)")
    run("INSERT INTO people SELECT NULL, ARRAY['b'], 2")
    found = run("SELECT id, tags, CAST(paid AS varchar) FROM people")[1]
    assert found == [(1, ["a"], "1.50"), (None, ["b"], "2.00")]


def test_digits_are_not_rounded_away_unasked(run, demo):
    run("CREATE TABLE paid AS SELECT CAST(1 AS decimal(10, 2)) AS amount")

    with pytest.raises(QueryError, match=r'^Column "amount" is decimal\(10,2\) in the table'):
        run("INSERT INTO paid SELECT CAST(1.234 AS decimal(10, 3))")

    run("INSERT INTO paid SELECT CAST(1.5 AS decimal(38, 1))")
    assert sorted(run("SELECT CAST(amount AS varchar) FROM paid")[1]) == [("1.00",), ("1.50",)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("CREATE TABLE people AS SELECT 1 AS x", "There already is a table demo.people."),
        ("CREATE TABLE ab AS SELECT 1 AS x", "'ab' cannot be the name of a table"),
        ("DROP TABLE nobody", "There is no table demo.nobody."),
        ("INSERT INTO nobody SELECT 1", "There is no table demo.nobody that you may read."),
        (
            "INSERT INTO people (nam) SELECT 'x'",
            'demo.people has no column "nam". It has id, name.',
        ),
        ("INSERT INTO people (id, id) SELECT 1, 2", 'Column "id" is listed twice.'),
        ("INSERT INTO people SELECT 'x', 'y'", 'Column "id" is integer in the table'),
        ("CREATE TABLE nowhere.x AS SELECT 1 AS x", "There is no database nowhere"),
    ],
)
def test_a_statement_that_cannot_be_says_why_and_changes_nothing(run, demo, sql, message):
    run("CREATE TABLE people AS SELECT 1 AS id, 'ann' AS name")
    before = list(Table.objects.values())
    with pytest.raises(QueryError) as error:
        run(sql)
    assert str(error.value).startswith(message)
    assert list(Table.objects.values()) == before


def test_if_exists_and_if_not_exists_are_no_mistakes(run, demo):
    run("CREATE TABLE IF NOT EXISTS people AS SELECT 1 AS id")
    run("CREATE TABLE IF NOT EXISTS people AS SELECT 2 AS id")
    assert run("SELECT id FROM people")[1] == [(1,)]
    run("DROP TABLE IF EXISTS people")
    run("DROP TABLE IF EXISTS people")


def test_a_failed_or_stopped_query_leaves_no_file(run, demo, settings):
    with pytest.raises(QueryError):
        run("CREATE TABLE people AS SELECT 1 / 0 AS x")
    with pytest.raises(Stopped):
        run("CREATE TABLE people AS SELECT 1 AS x", stopped=lambda: True)
    assert not [path for path in settings.TABLES_DIR.rglob("*") if path.is_file()]


def test_tables_of_other_databases_are_read_by_their_full_name(run, colleague):
    tables.create_database("shop", colleague)
    run("CREATE TABLE people AS SELECT 1 AS id")
    with pytest.raises(QueryError, match="You may not change tables of shop"):
        run("CREATE TABLE shop.people AS SELECT 2 AS id")
    made, _ = run("CREATE TABLE shop.people AS SELECT 2 AS id", owner=colleague)
    assert made.written_table == "shop.people"
    _, rows = run("SELECT a.id, b.id AS other FROM people a CROSS JOIN shop.people b")
    assert rows == [(1, 2)]


def test_a_missing_and_an_unreadable_table_look_alike(run, demo, colleague):
    run("CREATE TABLE secret AS SELECT 1 AS x")
    demo.everyone_reads = False
    demo.save()
    tables.create_database("open", colleague)
    told = []
    for name in ("secret", "nothin"):
        sql = f"SELECT * FROM demo.{name}"
        with pytest.raises(QueryError) as error:
            tables.execute(sql, owner=colleague, database="open", output="unused")
        told.append(str(error.value).replace(name, "…"))
    assert told[0] == told[1]


def test_groups_open_a_database(demo, colleague, keeper):
    demo.everyone_reads = False
    demo.save()
    assert not tables.can_read(colleague, demo) and not tables.can_write(colleague, demo)
    assert tables.can_read(keeper, demo) and tables.can_write(keeper, demo)
    demo.readers.add(Group.objects.get(name="marketer"))
    assert tables.can_read(colleague, demo) and not tables.can_write(colleague, demo)
    demo.writers.add(Group.objects.get(name="marketer"))
    assert tables.can_write(colleague, demo)
    assert list(tables.readable(colleague)) == ["demo"]


def test_names_have_rules(marketer):
    for name in ("ab", "Demo", "a-b", "a" * 129):
        with pytest.raises(TableError, match="cannot be the name of a database"):
            tables.create_database(name, marketer)
    tables.create_database("demo", marketer)
    for name in ("memory", "system", "temp", "information_schema", "pg_catalog"):
        with pytest.raises(TableError, match=f"{name} is a name of the engine's own"):
            tables.create_database(name, marketer)
    with pytest.raises(TableError, match="There already is a database demo"):
        tables.create_database("demo", marketer)


@pytest.mark.django_db(transaction=True)
def test_concurrent_inserts_all_survive(run, demo):
    run("CREATE TABLE people AS SELECT 0 AS id")

    def insert(number):
        run(f"INSERT INTO people VALUES ({number})")
        connection.close()

    threads = [threading.Thread(target=insert, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(run("SELECT id FROM people")[1]) == [(0,), (1,), (2,), (3,)]


def test_only_old_files_of_no_table_are_collected(run, demo, settings):
    run("CREATE TABLE people AS SELECT 1 AS id")
    kept = [settings.TABLES_DIR / file for file in demo.tables.get().files]
    folder = kept[0].parent
    (folder / "old.parquet").write_text("x")
    (folder / "young.parquet").write_text("x")
    for path in [*kept, folder / "old.parquet"]:
        os.utime(path, (0, 0))
    assert tables.collect_garbage() == 1
    assert sorted(path.name for path in folder.iterdir()) == sorted([kept[0].name, "young.parquet"])


def test_a_file_that_vanishes_meanwhile_keeps_no_other_from_being_collected(
    db, settings, monkeypatch
):
    old = settings.SPILL_DIR / ".old.part"
    old.touch()
    os.utime(old, (0, 0))
    vanished = settings.SPILL_DIR / ".vanished.part"
    monkeypatch.setattr(files, "leftovers", lambda _: [vanished, old])

    assert tables.collect_garbage() == 1
    assert not old.exists()


@pytest.mark.parametrize("how", ["drop", "replace"])
def test_files_of_a_table_that_is_gone_stay_for_the_queries_that_read_them(run, demo, how):
    run("CREATE TABLE people AS SELECT 1 AS id")
    table = demo.tables.get()
    [old] = tables.paths(table)
    os.utime(old, (0, 0))

    if how == "drop":
        run("DROP TABLE people")
    else:
        new = old.with_name("new.parquet")
        new.write_bytes(old.read_bytes())
        tables.create_from(demo, "people", new, table.columns, replace=True)

    assert tables.collect_garbage() == 0
    assert old.exists()
