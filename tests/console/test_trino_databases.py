"""What people see of databases on a Trino cluster, and what is not done there."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from activations.parents import checking, sources
from console import environment, tables
from console.engines import QueryError
from console.models import Database, Table
from console.tables import remote
from console.views import databases
from tests.console.far import LIST, columns_of, main_of, page

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("user", "password"), [("", ""), (" ", ""), ("michał", ""), ("a\nb", ""), ("a:b", "secret")]
)
def test_a_name_that_no_header_holds_stops_the_start(monkeypatch, user, password):
    monkeypatch.setenv("CONSOLE_TRINO_USER", user)
    with pytest.raises(environment.BadSetting, match="CONSOLE_TRINO_USER"):
        environment.name_on("CONSOLE_TRINO_USER", "https://trino.example.com", password)
