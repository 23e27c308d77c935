"""Databases and tables in pages."""

import pytest

from console import tables
from console.models import Database, Table
from console.views import databases

pytestmark = pytest.mark.django_db
LIST = "/workbench/databases/"


@pytest.fixture
def read(client, marketer):
    client.force_login(marketer)
    return lambda path, **more: client.get(path, **more).content.decode()


def test_without_databases_the_page_says_what_to_do(read):
    assert "No databases yet" in read(LIST)


def test_the_list_adds_up_the_tables(read, shop):
    page = read(LIST)

    assert 'href="/workbench/databases/shop/"' in page
    assert '<td class="num">2</td>' in page and '<td class="num">3</td>' in page


def test_the_filter_works_without_scripts(read, shop):
    found = read(f"{LIST}?q=PEO")
    assert '<li data-name="people"><a' in found and '<li data-name="orders" hidden>' in found

    none = read(f"{LIST}?q=nothing")
    assert 'data-name="shop" hidden' in none
    assert "called “<span data-word>nothing</span>”" in none and "data-none>" in none

    tables = read(f"{LIST}shop/?q=ord")
    assert 'data-name="orders">' in tables and 'data-name="people" hidden' in tables
    assert "data-none hidden" in tables


def test_of_very_many_tables_the_server_looks_for_the_word(read, shop, monkeypatch):
    monkeypatch.setattr(databases, "MOST_LISTED", 1)

    page = read(LIST)
    assert "data-narrow" not in page and "hx-get" in page and 'data-name="people"' not in page
    found = read(f"{LIST}?q=o")
    assert '<li data-name="orders"><a' in found and 'data-name="people"' not in found


def test_no_database_with_a_table_of_the_name_is_hidden_where_very_many_have_it(
    read, shop, marketer, monkeypatch
):
    monkeypatch.setattr(databases, "MOST_LISTED", 1)
    other = Database.objects.create(name="other", owner=marketer)
    Table.objects.create(database=other, name="people2")

    found = read(f"{LIST}?q=peo")

    assert 'data-name="shop">' in found and 'data-name="other">' in found
    assert "Of the tables called so, only the first 1 are listed." in found
    assert "only the first" not in read(f"{LIST}?q=ord")


def test_a_database_is_made(client, read, marketer):
    response = client.post(LIST, {"name": "spring_sale"}, follow=True)

    database = Database.objects.get(name="spring_sale")
    assert (database.owner, database.everyone_reads) == (marketer, False)
    assert "No tables yet" in response.content.decode()


@pytest.mark.parametrize("name", ["", "ab", "Über", "a b", "../etc", "shop"])
def test_a_name_that_cannot_be_is_refused_with_the_reason(client, read, shop, name):
    response = client.post(LIST, {"name": name})

    assert response.status_code == 422
    assert "invalid-feedback" in response.content.decode()
    assert Database.objects.count() == 1


def test_what_one_may_not_read_is_not_found(client, shop, colleague):
    shop.everyone_reads = False
    shop.save()
    client.force_login(colleague)

    assert "shop" not in client.get(LIST).content.decode().split("<main")[1]
    assert client.get(f"{LIST}shop/").status_code == 404
    assert client.get(f"{LIST}shop/people/").status_code == 404
    assert client.post(f"{LIST}shop/people/drop/").status_code == 404
    assert client.get(f"{LIST}nothing/").status_code == 404


def test_numbers_stand_at_the_right(read, shop):
    page = read(f"{LIST}shop/people/")

    assert '<th scope="col" class="num">id<span class="type">bigint' in page
    assert '<td class="num">1</td><td>ann</td>' in page
    assert '<th scope="col">name<span class="type">varchar' in page


def test_a_table_shows_its_columns_and_first_rows(read, shop):
    page = read(f"{LIST}shop/people/")

    for text in ("bigint", "varchar", "ann", "a@example.com", '<td class="null">NULL</td>'):
        assert text in page
    assert "/workbench/queries/new/?database=shop&amp;table=people" in page


def test_only_who_may_write_is_offered_to(client, read, shop, colleague):
    assert "Drop the table" in read(f"{LIST}shop/people/")
    client.force_login(colleague)

    assert "Drop the table" not in read(f"{LIST}shop/people/")
    assert "Upload a file" not in read(f"{LIST}shop/").split("<main")[1]
    client.post(f"{LIST}shop/people/drop/")
    assert Table.objects.filter(name="people").exists()


def test_a_table_is_dropped(client, read, shop):
    response = client.post(f"{LIST}shop/people/drop/", follow=True)

    assert "Table shop.people is dropped." in response.content.decode()
    assert not Table.objects.filter(name="people").exists()


def test_dropping_what_is_gone_says_so(client, read, shop):
    tables.drop(shop, "people")

    response = client.post(f"{LIST}shop/people/drop/", follow=True)

    assert "There is no table shop.people." in response.content.decode()
