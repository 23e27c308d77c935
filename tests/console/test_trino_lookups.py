"""Which tables are on a Trino cluster, as the console sees them."""

import logging
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from console import tables
from console.management.commands import dispatcher
from console.models import Database, Table
from console.tables import remote
from tests.console.far import WITH_TRINO, columns_of, page
from tests.servers import wait_until
from tests.together import at_once

pytestmark = pytest.mark.django_db


@WITH_TRINO
def test_tables_come_change_and_go_with_those_of_the_cluster(schema, near):
    for name in ("fruit", "trees", "weather"):
        schema(f"CREATE TABLE SCHEMA.{name} (id bigint, price decimal(10, 2))")
    assert remote.mirror(near) == 3
    first = {table.name: table for table in near.tables.all()}
    assert first["fruit"].columns == [["id", "bigint"], ["price", "decimal(10,2)"]]
    assert (first["fruit"].files, first["fruit"].rows, first["fruit"].bytes) == ([], 0, 0)

    schema("DROP TABLE SCHEMA.trees")
    schema("DROP TABLE SCHEMA.weather")
    schema("CREATE TABLE SCHEMA.weather (day date)")
    schema("CREATE TABLE SCHEMA.birds (name varchar)")

    assert remote.mirror(near) == 3
    then = {table.name: table for table in near.tables.all()}
    assert list(then) == ["birds", "fruit", "weather"]
    assert then["weather"].columns == [["day", "date"]]
    assert then["weather"].pk == first["weather"].pk
    assert then["weather"].updated_at > first["weather"].updated_at
    assert then["fruit"].updated_at == first["fruit"].updated_at
    near.refresh_from_db()
    assert timezone.now() - near.looked_at < timedelta(seconds=30)


@WITH_TRINO
def test_tables_that_no_query_of_the_console_can_name_are_left_out(schema, near):
    for name in ("fruit", "ab", '"green-fruit"'):
        schema(f"CREATE TABLE SCHEMA.{name} (id bigint)")

    remote.mirror(near)

    assert list(columns_of(near)) == ["fruit"]


@WITH_TRINO
def test_of_very_many_tables_the_first_are_taken_and_the_page_says_so(
    schema, near, mia, monkeypatch
):
    monkeypatch.setattr(remote, "MOST", 2)
    for name in ("fruit", "birds", "trees"):
        schema(f"CREATE TABLE SCHEMA.{name} (id bigint)")

    remote.mirror(near)

    assert list(columns_of(near)) == ["birds", "fruit"]
    assert "At most the first 2 tables by name are taken" in page(mia, "near/")


@WITH_TRINO
@pytest.mark.django_db(transaction=True)
def test_two_may_look_at_once(schema, near):
    for number in range(20):
        schema(f"CREATE TABLE SCHEMA.fruit_{number} (id bigint)")

    found = at_once(2, lambda _: remote.mirror(Database.objects.get(pk=near.pk)))

    assert found == [20, 20]
    assert near.tables.count() == 20


def test_a_database_that_is_deleted_meanwhile_stays_so(far):
    looking = Database.objects.get(pk=far.pk)
    remote.forget(far)

    remote.take_up(looking, {"fruit": [["id", "bigint"]]})

    assert not Table.objects.exists()


def test_where_the_cluster_is_not_reached_nothing_changes_and_it_is_told(far, out_of_reach):
    before = columns_of(far), far.looked_at

    with pytest.raises(tables.TableError, match=r"The tables of lake\.sales could not be"):
        remote.mirror(far)

    far.refresh_from_db()
    assert (columns_of(far), far.looked_at) == before
    assert far.trouble.startswith("The tables of lake.sales could not be looked up. ")


def test_without_a_cluster_in_the_settings_it_is_told_which_is_missing(far):
    remote.mirror_all()

    far.refresh_from_db()
    assert "CONSOLE_TRINO_URL" in far.trouble


def test_trouble_is_logged_once(far, caplog):
    caplog.set_level(logging.INFO)

    for _ in range(3):
        remote.mirror_all()

    said = [record.message for record in caplog.records if record.name == remote.__name__]
    assert len(said) == 1
    assert said[0].startswith("Database far: The console knows no Trino cluster")


@WITH_TRINO
def test_trouble_with_one_database_does_not_keep_the_others(schema, near, marketer):
    Table.objects.create(database=near, name="gone")
    lost = tables.create_database("lost", marketer, catalog="nowhere", schema="sales")
    Database.objects.update(trouble="The cluster was away.")
    schema("CREATE TABLE SCHEMA.fruit (id bigint)")

    remote.mirror_all()

    near.refresh_from_db()
    lost.refresh_from_db()
    assert (list(columns_of(near)), near.trouble) == (["fruit"], "")
    assert "The tables of nowhere.sales could not be looked up." in lost.trouble
    assert "Check the names of catalog and schema" in lost.trouble


def test_what_fails_unexpectedly_with_one_does_not_keep_the_others(
    far, marketer, monkeypatch, caplog
):
    tables.create_database("later", marketer, catalog="lake", schema="stock")
    asked = []

    def broken(database):
        asked.append(database.name)
        raise RuntimeError("nobody thought of it")

    monkeypatch.setattr(remote, "mirror", broken)

    remote.mirror_all()

    assert asked == ["far", "later"]
    assert "The tables of the database far could not be looked up." in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_cluster_that_is_slow_keeps_no_slot_waiting(monkeypatch):
    ticks, go_on, looks = [], threading.Event(), []
    monkeypatch.setattr(dispatcher, "mirror_all", lambda: looks.append(1) or go_on.wait(20))
    monkeypatch.setattr(dispatcher, "ROUND", ((dispatcher.mirror, 0), (lambda: ticks.append(1), 0)))
    stop = dispatcher.Stop()
    thread = threading.Thread(target=lambda: (dispatcher.dispatch(stop), connection.close()))
    thread.start()

    wait_until(lambda: len(ticks) > 1)

    assert looks == [1]
    go_on.set()
    stop.set()
    thread.join(5)
    assert not dispatcher.busy(dispatcher.MIRRORING)


@WITH_TRINO
def test_where_all_tables_are_gone_at_once_those_of_before_stay(near, schema):
    """It is rather the right to see them: the cluster then shows an empty schema."""
    schema("CREATE TABLE SCHEMA.fruit AS SELECT 1 AS id")
    remote.mirror(near)
    schema("DROP TABLE SCHEMA.fruit")

    with pytest.raises(tables.TableError, match="shows no table of"):
        remote.mirror(near)
    near.refresh_from_db()
    assert list(columns_of(near)) == ["fruit"]
    assert "shows no table of" in near.trouble


def test_a_table_with_rows_is_none_that_was_seen_and_stays(far):
    far.tables.create(
        name="older", columns=[["n", "bigint"]], files=["far/older/1.parquet"], rows=1
    )
    remote.take_up(far, {"fruit": [["id", "integer"]], "older": [["x", "varchar"]]})

    assert columns_of(far) == {"fruit": [["id", "integer"]], "older": [["n", "bigint"]]}
    remote.take_up(far, {"fruit": [["id", "integer"]]})
    assert "older" in columns_of(far)
