"""A database that does what it is asked and cannot say so."""

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connections

from console import tables
from console.models import Table
from console.tables.imports import import_file

pytestmark = pytest.mark.django_db(transaction=True)
SELECT = "SELECT 2 AS id"


@pytest.fixture
def demo(marketer, tmp_path):
    """A database with a table of one row."""
    database = tables.create_database("demo", marketer)
    statement(database, tmp_path, "CREATE TABLE people AS SELECT 1 AS id")
    return database


def statement(database, folder, sql):
    output = folder / "output.parquet"
    tables.execute(sql, owner=database.owner, database="demo", output=output)


def put(database, folder):
    statement(database, folder, SELECT)
    run = tables.Run("7", database.owner, lambda: False, lambda: None)
    tables.put(folder / "output.parquet", ("demo", "people"), run, mode="replace")


def upload(database, folder):
    file = folder / "people.csv"
    file.write_text("id\n2\n")
    columns = [("id", "bigint")]
    import_file(database, "people", file, kind="csv", mode="replace", columns=columns)


def build(database, folder):
    given = {"owner": database.owner, "database": "demo", "output": folder / "output.parquet"}
    tables.build({"demo": {"people": SELECT}}, **given)


WAYS = {
    "create": lambda *place: statement(*place, f"CREATE TABLE others AS {SELECT}"),
    "insert": lambda *place: statement(*place, f"INSERT INTO people {SELECT}"),
    "put": put,
    "upload": upload,
    "build": build,
}


@pytest.fixture
def answer(monkeypatch):
    """A function that does a thing to the database, and raises an error in its next commit."""

    def answer(error, *, done):
        kind = type(connections["default"])
        commit = kind.commit

        def told(self):
            monkeypatch.setattr(kind, "commit", commit)
            if done:
                commit(self)
            raise error

        monkeypatch.setattr(kind, "commit", told)

    return answer


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("way", WAYS)
def test_a_commit_whose_answer_is_lost_leaves_the_table_its_file(
    demo, tmp_path, answer, way, error
):
    answer(error("server closed the connection unexpectedly"), done=True)

    with pytest.raises(error):
        WAYS[way](demo, tmp_path)

    found = {row for table in Table.objects.all() for row in tables.rows(table)}
    assert (2,) in found


@pytest.mark.parametrize("way", WAYS)
def test_a_commit_that_is_refused_leaves_no_file(demo, tmp_path, answer, way, settings):
    before = set(settings.TABLES_DIR.rglob("*.parquet"))
    answer(IntegrityError("FOREIGN KEY constraint failed"), done=False)

    with pytest.raises(IntegrityError):
        WAYS[way](demo, tmp_path)

    assert set(settings.TABLES_DIR.rglob("*.parquet")) == before
