"""Tables: who reads and writes them, and the statements that change them."""

import pyarrow.parquet as pq
import pytest

from console import tables
from console.engines import QueryError


@pytest.fixture
def demo(marketer):
    return tables.create_database("demo", marketer)


@pytest.fixture
def run(demo, marketer, tmp_path):
    def run(sql, owner=marketer, **more):
        output = tmp_path / "results" / "output.parquet"
        outcome = tables.execute(sql, owner=owner, database="demo", output=output, **more)
        return outcome, pq.read_table(output).to_pylist()

    return run


def test_a_table_is_made_filled_read_and_dropped(run, demo):
    made, rows = run("CREATE TABLE people AS SELECT 1 AS id, 'ann' AS name")
    assert (made.statement_kind, made.written_table, rows) == (
        "create",
        "demo.people",
        [{"rows": 1}],
    )
    run("INSERT INTO people VALUES (2, 'bob')")
    run("INSERT INTO demo.people (name) SELECT 'cyd'")
    _, rows = run("SELECT * FROM people")
    assert [tuple(row.values()) for row in rows] == [(1, "ann"), (2, "bob"), (None, "cyd")]
    assert demo.tables.get().rows == 3
    run("DROP TABLE people")
    assert not demo.tables.exists()


def test_a_missing_and_an_unreadable_table_look_alike(run, demo, colleague):
    run("CREATE TABLE secret AS SELECT 1 AS x")
    demo.everyone_reads = False
    demo.save()
    tables.create_database("open", colleague)
    with pytest.raises(QueryError) as unreadable:
        tables.execute("SELECT * FROM demo.secret", owner=colleague, database="open", output="x")
    with pytest.raises(QueryError) as missing:
        tables.execute("SELECT * FROM demo.nothin", owner=colleague, database="open", output="x")
    assert str(unreadable.value) == str(missing.value).replace("nothin", "secret")
