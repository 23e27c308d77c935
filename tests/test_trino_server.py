"""The Trino that tests share answers."""

import pytest

from tests import trino_server as module

pytestmark = pytest.mark.needs("trino")


def test_it_answers(trino_server):
    assert trino_server.run("SELECT 1") == [[1]]


@pytest.mark.parametrize("catalog", module.CATALOGS)
def test_a_table_in_its_memory_can_be_read(trino_server, catalog):
    table = f"{catalog}.default.fruit"
    trino_server.run(f"CREATE TABLE {table} (name varchar, price decimal(5, 2))")
    trino_server.run(f"INSERT INTO {table} VALUES ('fig', 0.75), ('pear', NULL)")

    assert trino_server.run(f"SELECT * FROM {table} ORDER BY name") == [
        ["fig", "0.75"],
        ["pear", None],
    ]
    trino_server.run(f"DROP TABLE {table}")


def test_what_it_refuses_is_told_in_its_words(trino_server):
    with pytest.raises(AssertionError, match=r"Table 'memory\.default\.none' does not exist"):
        trino_server.run("TABLE memory.default.none")
