"""Databases whose tables are on a Trino cluster: what is seen there, and what people see of it."""

import logging
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from activations.parents import checking, sources
from console import environment, tables
from console.engines import QueryError, cluster
from console.management.commands import dispatcher
from console.models import Database, Query, Table
from console.tables import remote
from console.views import databases
from integrations import threads
from tests.servers import free_port, wait_until
from tests.together import at_once

pytestmark = pytest.mark.django_db
LIST, ADMIN = "/workbench/databases/", "/admin/console/database/"
WITH_TRINO = pytest.mark.needs("trino")


@pytest.fixture
def far(marketer):
    """Mia's database of the cluster, as it was seen three minutes ago; it is shared with nobody."""
    seen = {"catalog": "lake", "schema": "sales", "everyone_reads": False}
    seen["looked_at"] = timezone.now() - timedelta(minutes=3)
    database = tables.create_database("far", marketer, **seen)
    columns = [["id", "bigint"], ["price", "decimal(10,2)"]]
    Table.objects.create(database=database, name="fruit", columns=columns)
    return database


@pytest.fixture
def out_of_reach(settings, monkeypatch):
    """A cluster is set up, and nobody listens there."""
    monkeypatch.setattr(cluster, "LOOK_PATIENCE", 0)
    settings.TRINO_URL = f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def schema(trino_server, settings):
    """A schema of the test's own, on the cluster of the settings. Call it with what to run."""
    settings.TRINO_URL = trino_server.address
    name = f"of_test_{uuid4().hex[:12]}"
    trino_server.run(f"CREATE SCHEMA memory.{name}")

    def run(sql):
        return trino_server.run(sql.replace("SCHEMA", f"memory.{name}"))

    run.name = name
    return run


@pytest.fixture
def near(schema, marketer):
    """Mia's database of the schema; nobody has looked yet."""
    return tables.create_database("near", marketer, catalog="memory", schema=schema.name)


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


@pytest.fixture
def ada(client, keeper):
    client.force_login(keeper)
    return client


def page(client, path=""):
    return client.get(f"{LIST}{path}").content.decode()


def main_of(text):
    return text.split("<main")[1]


def columns_of(database):
    return dict(database.tables.values_list("name", "columns"))


# What is seen on the cluster


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


# The Django admin


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


def test_a_database_of_the_console_is_not_deleted_there(ada, shop):
    assert ada.post(f"{ADMIN}{shop.pk}/delete/", {"post": "yes"}).status_code == 403
    assert shop.tables.count() == 2


# The pages


@pytest.fixture(params=["marketer", "keeper"])
def reader(request, client):
    """Whoever may read it sees the same of it."""
    client.force_login(request.getfixturevalue(request.param))
    return client


def test_the_list_says_which_databases_are_on_the_cluster(reader, far, shop):
    far_row, shop_row = (
        page(reader).split(f'id="database-{each.pk}"')[1].split("</tr>")[0] for each in (far, shop)
    )

    assert '<span class="badge">Trino</span>' in far_row and "Trino" not in shop_row
    assert far_row.count(">—</td>") == 2 and "—" not in shop_row


def test_the_page_of_a_database_says_where_its_tables_are(reader, far):
    text = main_of(page(reader, "far/"))

    assert "Its tables are those of <code>lake.sales</code> on the Trino cluster, looked at" in text
    assert "3\xa0minutes ago</time>. Queries read them; nothing is changed there." in text
    assert f'id="table-{far.tables.get().pk}"' in text
    assert "New query" in text
    for absent in ("Upload", "alert", ">Rows<", ">Size<"):
        assert absent not in text


def test_the_page_of_a_database_says_why_the_last_look_failed(reader, far):
    Database.objects.filter(pk=far.pk).update(trouble="The cluster <b> is away.")

    text = page(reader, "far/")

    assert "<strong>▲ The last look at the cluster failed</strong>" in text
    assert "The cluster &lt;b&gt; is away." in text
    assert "Listed here is what was there" in text


def test_of_very_many_tables_the_server_looks_for_the_word(mia, far, monkeypatch):
    monkeypatch.setattr(databases, "MOST_LISTED", 1)
    Table.objects.create(database=far, name="trees")

    text = page(mia, "far/")
    assert "Only the first 1 tables are listed. The filter finds the others." in text
    assert 'hx-get="/workbench/databases/far/"' in text and "data-narrow" not in text
    assert ">fruit</a>" in text and ">trees</a>" not in text
    found = page(mia, "far/?q=TREE")
    assert ">trees</a>" in found and ">fruit</a>" not in found and "Only the first" not in found
    assert "data-none>" in page(mia, "far/?q=nothing")
    assert "only the first 1 are listed" in page(mia, "far/?q=r")


def test_a_schema_without_tables_says_so(reader, far):
    far.tables.all().delete()

    text = main_of(page(reader, "far/"))

    assert "the schema has no table that the console may read" in text
    assert "Upload" not in text and "CREATE TABLE" not in text


def test_the_page_of_a_table_has_its_columns_and_leads_to_its_rows(reader, far):
    text = main_of(page(reader, "far/fruit/"))

    assert "decimal(10,2)" in text
    assert '<code class="break">lake.sales.fruit</code>' in text
    assert text.count('href="/workbench/queries/new/?database=far&amp;table=fruit"') == 2
    for absent in ("First rows", "The table has no rows", "Drop the table", "<dt>Rows", "<dt>Size"):
        assert absent not in text


def test_whom_it_is_not_shared_with_it_does_not_exist_for(client, far, colleague):
    client.force_login(colleague)

    assert "far" not in main_of(page(client))
    assert client.get(f"{LIST}far/").status_code == 404
    assert client.get(f"{LIST}far/fruit/").status_code == 404


# What is not done there


def test_nobody_writes_or_builds_there(far, marketer, keeper):
    for user in (marketer, keeper):
        assert tables.can_read(user, far)
        assert not tables.can_write(user, far)


def test_no_file_is_uploaded_into_it(mia, far, shop):
    assert '<option value="far"' not in mia.get("/workbench/upload/").content.decode()
    sent = {"database": "far", "file": SimpleUploadedFile("fruit.csv", b"id\n1\n")}

    assert mia.post("/workbench/upload/", sent).status_code == 422
    assert mia.get(reverse("upload-table", args=["far", uuid4()])).status_code == 404
    assert mia.post(f"{LIST}far/fruit/drop/", follow=True).status_code == 200
    assert list(columns_of(far)) == ["fruit"]


@pytest.mark.parametrize("mode", ["append", "truncate", "replace"])
def test_no_export_goes_into_it(far, keeper, mode):
    with pytest.raises(tables.TableError, match="far"):
        tables.check(("far", "fruit"), keeper, ["id"], mode=mode)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE far.more AS SELECT 1 AS id",
        "INSERT INTO far.fruit SELECT 1 AS id, 2.5 AS price",
        "DROP TABLE far.fruit",
    ],
)
def test_no_statement_changes_it(far, shop, marketer, tmp_path, sql):
    with pytest.raises(QueryError):
        tables.execute(sql, owner=marketer, database="shop", output=tmp_path / "rows.parquet")

    assert list(columns_of(far)) == ["fruit"]


def test_no_parent_segment_is_made_of_it(mia, far, shop, marketer):
    address = reverse("new-parent-segment")

    assert set(sources.sources(marketer)) == {"shop.people", "shop.orders"}
    shown = mia.get(address).content.decode()
    assert "CREATE TABLE own.name AS SELECT … FROM theirs.name" in shown
    assert 'value="shop.people"' in shown and "far.fruit" not in shown

    remote.forget(far)
    assert "CREATE TABLE own.name" not in mia.get(address).content.decode()


def test_keys_of_the_consoles_own_tables_are_checked_beside_it(far, shop, marketer):
    found = checking.check_master(checking.Keys("shop.people", "id"), marketer)

    assert found.sentences == ("2 customers in 2 rows.",)


# The settings


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("https://trino.example.com:8443/", "open-sesame-1"),
        ("http://trino.example.com:8080", ""),
        ("http://127.0.0.1:8080/", "open-sesame-1"),
        ("http://[::1]:8080", "open-sesame-1"),
        ("http://localhost", "open-sesame-1"),
        ("", ""),
    ],
)
def test_a_cluster_is_an_address_and_perhaps_a_password(monkeypatch, url, password):
    monkeypatch.setenv("CONSOLE_TRINO_URL", url)
    monkeypatch.setenv("CONSOLE_TRINO_PASSWORD", password)

    found = environment.cluster("CONSOLE_TRINO_URL", "CONSOLE_TRINO_PASSWORD")

    assert found == (url.rstrip("/"), password)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "trino.example.com",
            "ftp://trino",
            "https://",
            "https://trino/path",
            "https://a:b@trino",
        ),
        *("https://trino:port", "https://[trino", "https://trino?user=x"),
    ],
)
def test_what_is_no_address_of_a_cluster_stops_the_start(monkeypatch, url):
    monkeypatch.setenv("CONSOLE_TRINO_URL", url)

    with pytest.raises(environment.BadSetting, match=r"CONSOLE_TRINO_URL is no address like https"):
        environment.cluster("CONSOLE_TRINO_URL", "CONSOLE_TRINO_PASSWORD")
