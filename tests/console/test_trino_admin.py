"""Databases of a Trino cluster in the Django admin."""

import threading

import pytest
from django.db import connection

from console.admin import DatabaseAdmin
from console.models import Database, Query, Table
from console.tables import remote
from integrations import threads
from tests.console.far import ADMIN, WITH_TRINO, columns_of

pytestmark = pytest.mark.django_db


def added(client, **fields):
    given = {"name": "near", "owner": client.session["_auth_user_id"], "catalog": "memory"}
    return client.post(f"{ADMIN}add/", given | {"schema": "sales"} | fields)


@WITH_TRINO
def test_an_admin_adds_a_database_of_the_cluster(ada, keeper, schema):
    schema("CREATE TABLE SCHEMA.fruit (id bigint)")

    answer = added(ada, catalog=" Memory ", schema=schema.name.upper())

    assert answer.status_code == 302
    made = Database.objects.get(name="near")
    assert (made.catalog, made.schema, made.owner) == ("memory", schema.name, keeper)
    assert not made.everyone_reads and made.looked_at
    assert columns_of(made) == {"fruit": [["id", "bigint"]]}


@WITH_TRINO
@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"schema": "nowhere"}, "The Trino cluster shows no table of memory.nowhere."),
        ({"catalog": "nowhere"}, "The tables of nowhere.sales could not be looked up."),
    ],
)
def test_a_place_that_is_not_there_is_told_and_nothing_is_saved(ada, schema, place, said):
    answer = added(ada, **place)

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert "Check the names of catalog and schema" in answer.content.decode()
    assert not Database.objects.exists()


def test_a_cluster_out_of_reach_is_told_and_nothing_is_saved(ada, out_of_reach):
    answer = added(ada)

    assert answer.status_code == 200
    assert "The tables of memory.sales could not be looked up." in answer.content.decode()
    assert not Database.objects.exists()


def test_a_web_server_that_is_busy_says_so(ada, out_of_reach, monkeypatch):
    monkeypatch.setattr(threads, "PLACES", threading.BoundedSemaphore(1))

    with threads.place():
        assert "Save again in a moment." in added(ada).content.decode()

    assert not Database.objects.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ab", "cannot be the name of a database"),
        ("memory", "is a name of the engine"),
        ("cdp_audience_7", "are those of parent segments"),
        ("shop", "There already is a database shop."),
    ],
)
def test_its_name_is_one_that_databases_can_have(ada, shop, out_of_reach, name, said):
    assert said in added(ada, name=name).content.decode()
    assert Database.objects.count() == 1


def test_all_that_tells_where_it_is_has_to_be_entered(ada, out_of_reach):
    answer = added(ada, catalog="", schema=" ")

    assert set(answer.context["adminform"].form.errors) == {"catalog", "schema"}


def test_without_a_cluster_none_is_added(ada):
    assert f"{ADMIN}add/" not in ada.get(ADMIN).content.decode()
    assert added(ada).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_to_write_until_the_cluster_answers(ada, out_of_reach, monkeypatch):
    waiting = []
    monkeypatch.setattr(
        remote, "seen_first", lambda *_: waiting.append(connection.in_atomic_block) or {"fruit": []}
    )

    assert added(ada).status_code == 302
    assert waiting == [False]


def test_a_cluster_is_not_asked_for_who_may_not_add(client, marketer, out_of_reach, monkeypatch):
    asked = []
    monkeypatch.setattr(remote, "seen", lambda *place: asked.append(place))
    marketer.is_staff = True
    marketer.save()
    client.force_login(marketer)

    assert added(client).status_code == 403
    assert asked == []


def test_where_it_is_stays_and_who_reads_it_changes(ada, far, colleague, out_of_reach):
    given = {"owner": colleague.pk, "everyone_reads": "on", "catalog": "other", "schema": "other"}

    assert ada.post(f"{ADMIN}{far.pk}/change/", given | {"name": "other"}).status_code == 302

    far.refresh_from_db()
    assert (far.name, far.catalog, far.schema) == ("far", "lake", "sales")
    assert (far.owner, far.everyone_reads) == (colleague, True)


def looked_again(client, *databases):
    given = {"action": "look_again", "_selected_action": [each.pk for each in databases]}
    return client.post(ADMIN, given, follow=True).content.decode()


@WITH_TRINO
def test_an_admin_looks_again(ada, schema, near):
    schema("CREATE TABLE SCHEMA.fruit (id bigint)")

    assert "Database near: the cluster shows 1 table." in looked_again(ada, near)
    assert list(columns_of(near)) == ["fruit"]


def test_looking_again_says_what_does_not_work(ada, far, shop, out_of_reach):
    pond = Database.objects.create(name="pond", owner=far.owner, catalog="lake", schema="pond")
    said = looked_again(ada, far, pond, shop)

    assert "Database far: The tables of lake.sales could not be looked up." in said
    assert "Database pond: its tables were not looked up" in said
    assert "Database shop: its tables are the console&#x27;s own" in said


def test_a_database_of_the_cluster_is_deleted_with_its_tables(ada, far, shop):
    confirm = ada.get(f"{ADMIN}{far.pk}/delete/").content.decode()
    assert "Tables, which stay on the cluster: 1" in confirm

    answer = ada.post(f"{ADMIN}{far.pk}/delete/", {"post": "yes"})

    assert answer.status_code == 302
    assert [each.name for each in Database.objects.all()] == ["shop"]
    assert Table.objects.count() == 2


def test_one_that_queries_are_in_is_not_deleted(ada, far, marketer):
    query = Query.objects.create(name="Fruit", database=far, sql="SELECT 1", owner=marketer)

    said = ada.post(f"{ADMIN}{far.pk}/delete/", {"post": "yes"}).content.decode()

    assert f'Query <a href="/admin/console/query/{query.pk}/change/">Fruit</a> of mia' in said
    assert columns_of(far)


def test_one_that_a_query_is_made_of_meanwhile_is_not_deleted(ada, far, marketer, monkeypatch):
    Query.objects.create(name="Fruit", database=far, sql="SELECT 1", owner=marketer)
    nothing = ([], {}, set(), [])
    monkeypatch.setattr(DatabaseAdmin, "get_deleted_objects", lambda *_: nothing)

    answer = ada.post(f"{ADMIN}{far.pk}/delete/", {"post": "yes"}, follow=True)

    assert "There are queries of far by now: delete them first." in answer.content.decode()
    assert columns_of(far)


def test_a_database_of_the_console_is_not_deleted_there(ada, shop):
    assert ada.post(f"{ADMIN}{shop.pk}/delete/", {"post": "yes"}).status_code == 403
    assert shop.tables.count() == 2
