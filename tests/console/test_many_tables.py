"""The editor where there are very many tables."""

from django.urls import reverse

from console import tables
from console.queries import schema


def test_of_a_database_with_very_many_tables_the_first_are_listed(mia, people, monkeypatch):
    monkeypatch.setattr(schema, "MOST_LISTED", 1)
    page = mia.get(reverse("query", args=[people.pk])).content.decode()

    assert 'data-name="orders"' in page and 'data-name="people"' not in page
    assert f'<a href="{reverse("database", args=["shop"])}">And 1 more</a>' in page


def test_of_very_many_names_those_of_the_database_are_sent(mia, people, marketer, monkeypatch):
    tables.create_database("aaa", marketer).tables.create(name="other", columns=[["x", "bigint"]])
    monkeypatch.setattr(schema, "MOST_NAMES", 7)
    found = mia.get(reverse("query-names"), {"database": "shop"}).json()

    assert list(found["tables"]) == ["orders", "people"]
