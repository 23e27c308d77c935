"""`td db:*` and `td table:*`."""

import json

from console import tables
from console.models import Table


def test_databases_are_made_and_listed(td):
    made = td("db:create", "sales")[1]
    assert made.startswith("Database 'sales' is created.\n")
    assert "'td table:import sales <table_name> <file> --auto-create-table'" in made
    assert td("db:create", "sales")[0] == 1
    assert td("db:list", "-f", "csv")[1] == "Name,Count\nsales,0\n"


def test_tables_are_imported_and_listed(td, marketer, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,name\n1,ann\n2,bob\n")

    status, out, _ = td("table:import", "sales", "people", str(path), "--auto-create-table")
    td("table:import", "sales", "people", str(path), "--format", "csv")

    assert status == 0
    assert "imported 2 entries" in out
    [row] = json.loads(td("table:list", "sales", "-f", "json")[1])
    assert (row["Table"], row["Type"], row["Count"], row["Schema"]) == (
        "people",
        "log",
        4,
        "id:bigint, name:varchar",
    )


def test_a_table_that_is_not_there_is_not_made_unasked(td, shop, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("id\n1\n")

    status, _, err = td("table:import", "shop", "newcomers", str(path))

    assert (status, "--auto-create-table" in err) == (1, True)
    assert not shop.tables.filter(name="newcomers").exists()


def test_a_table_of_a_name_that_is_too_short_is_refused_before_anything_is_made(td, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("id\n1\n")

    status, _, err = td("table:import", "sales", "ab", str(path), "--auto-create-table")

    assert status == 1
    assert "'ab' cannot be the name of a table: use 3 to 128 lower-case letters" in err
    assert "sales" not in td("db:list")[1]


def test_a_file_of_a_format_that_is_not_supported_is_refused(td, shop, tmp_path):
    path = tmp_path / "access.log"
    path.write_text("x")

    for line in (["--apache"], []):
        status, _, err = td("table:import", "shop", "people", str(path), *line)
        assert (status, "--format" in err) == (1, True)


def test_of_tables_on_a_trino_cluster_no_rows_are_counted(td, marketer):
    far = tables.create_database("far", marketer, catalog="lake", schema="sales")
    Table.objects.create(database=far, name="fruit", columns=[["id", "bigint"]])

    assert json.loads(td("db:list", "-f", "json")[1]) == [{"Name": "far", "Count": None}]
    listed = json.loads(td("table:list", "far", "-f", "json")[1])
    assert [(each["Table"], each["Count"], each["Size"]) for each in listed] == [
        ("fruit", None, None)
    ]
    assert "far" in td("table:list", "far")[1]
