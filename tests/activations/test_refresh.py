"""A refresh makes one row of each customer, and a table of each behavior, on a real engine."""

import datetime as dt

import pytest
from django.urls import reverse

from activations.models import ParentSegment
from activations.parents import keeping
from activations.parents.history import refreshes, state
from activations.parents.problems import problems
from console import jobs, tables
from console.models import Database, Job, Query
from tests.activations.parents import TABLES, column, definition, make_table, rows


def database(parent, *, unmasked=False):
    return Database.objects.get(name=parent.unmasked_database if unmasked else parent.database)


def test_each_key_is_one_customer_and_what_is_masked_is_not_there(parent, refresh):
    job = refresh(parent)

    assert job.status == Job.Status.SUCCESS, job.error
    names, found = rows(database(parent), "customers")
    assert names == ["cdp_customer_id", "city", "age_text", "tier", "seen_at"]
    assert found == [
        ("1", "Oslo", "40", "Gold", 10),
        ("2", "Lima", "60", None, None),  # b1@x comes before b2@x, though masked
        ("3", "Rome", "30", "Bronze", 30),
        ("4", "Oslo", None, None, None),
    ]


def test_the_unmasked_customers_are_the_same_rows_with_all_that_is_not_blocked(parent, refresh):
    refresh(parent)

    names, found = rows(database(parent, unmasked=True), "customers")
    assert names == ["cdp_customer_id", "email", "city", "age_text", "tier", "seen_at"]
    assert [row[:3] for row in found] == [
        ("1", "a@x", "Oslo"),
        ("2", "b1@x", "Lima"),
        ("3", "c@x", "Rome"),
        ("4", None, "Oslo"),
    ]


def test_a_behavior_has_the_rows_that_belong_to_customers(parent, refresh):
    refresh(parent)

    names, found = rows(database(parent), "behavior_orders")
    assert names == ["cdp_customer_id", "time", "amount"]
    assert found == [("1", 100, 1.5), ("1", 200, 2.5), ("2", 300, 3.5)]
    assert rows(database(parent), "behavior_visits")[1] == [
        ("1", dt.date(1970, 1, 2)),  # of one house with 3
        ("2", dt.date(1970, 1, 4)),  # the row that counts lives in h9
        ("3", dt.date(1970, 1, 2)),
    ]


def test_only_behaviors_with_masked_columns_are_there_unmasked(parent, refresh):
    refresh(parent)

    found = database(parent, unmasked=True)
    assert list(found.tables.values_list("name", flat=True)) == ["behavior_orders", "customers"]
    assert rows(found, "behavior_orders")[0] == ["cdp_customer_id", "time", "amount", "card"]


def test_what_is_blocked_stands_in_no_statement(parent):
    assert "secret" not in parent.query.sql


def test_a_second_refresh_gives_the_same_rows(parent, refresh, crm, settings):
    refresh(parent)
    before = rows(database(parent), "customers")
    turned = {
        name: {column: (kind, values[::-1]) for column, (kind, values) in columns.items()}
        for name, columns in TABLES.items()
    }
    for name, columns in turned.items():
        make_table(crm, name, columns, settings.TABLES_DIR)

    refresh(parent)

    assert rows(database(parent), "customers") == before


def test_where_nothing_is_masked_any_more_the_unmasked_tables_go(parent, refresh, marketer):
    refresh(parent)
    for source in [*parent.attributes, *parent.behaviors]:
        for each in source["columns"]:
            each["visibility"] = "clear"
    keeping.save(parent, readers=(), unmasked=(), by=marketer)
    assert state(parent).changed

    refresh(parent)

    assert not database(parent, unmasked=True).tables.exists()
    assert "email" in rows(database(parent), "customers")[0]
    assert not state(parent).changed


def test_without_masked_columns_there_is_no_second_database(crm, marketer, refresh):
    fields = definition() | {"behaviors": []}
    fields["attributes"] = [{"table": "crm.people", "columns": [column("city", "string")]}]
    made = ParentSegment(owner=marketer, **fields)
    keeping.save(made, readers=(), unmasked=(), by=marketer)

    job = refresh(made)

    assert job.status == Job.Status.SUCCESS, job.error
    assert not Database.objects.filter(name=made.unmasked_database).exists()


def test_a_column_that_is_gone_fails_with_a_sentence_and_the_old_data_stays(
    parent, refresh, crm, settings
):
    refresh(parent)
    before = rows(database(parent), "customers")
    since = state(parent).data_of
    columns = {name: each for name, each in TABLES["people"].items() if name != "city"}
    make_table(crm, "people", columns, settings.TABLES_DIR)

    job = refresh(parent)

    assert job.status == Job.Status.ERROR
    assert f"The table {parent.database}.customers could not be made: " in job.error
    assert 'no column "city"' in job.error
    assert '"city"' in job.sql.splitlines()[job.error_line - 1]
    assert rows(database(parent), "customers") == before
    assert state(parent).data_of == since
    assert problems(parent) == ["crm.people has no column city any more."]


def test_old_tables_are_read_while_new_ones_are_made(parent, refresh, crm, settings, marketer):
    refresh(parent)
    columns = TABLES["people"] | {"city": ("varchar", ["Paris"] * 6)}
    make_table(crm, "people", columns, settings.TABLES_DIR)
    seen = set()

    def look():
        for table in database(parent).tables.filter(name="customers"):
            seen.update(row[1] for row in tables.rows(table))
        return False

    output = settings.RESULTS_DIR / "built.parquet"
    tables.build(
        parent.query.builds,
        owner=marketer,
        database=parent.database,
        output=output,
        stopped=look,
    )

    assert seen == {"Oslo", "Lima", "Rome"}
    assert {row[1] for row in rows(database(parent), "customers")[1]} == {"Paris"}


def test_a_refresh_that_is_retried_builds_what_is_defined_now(parent, refresh, marketer):
    job = refresh(parent)
    parent.attributes[0]["columns"][1]["visibility"] = "blocked"
    keeping.save(parent, readers=(), unmasked=(), by=marketer)

    again = jobs.retry(job, marketer)
    jobs.run(again.pk)

    assert Job.objects.get(pk=again.pk).status == Job.Status.SUCCESS
    assert "city" not in rows(database(parent), "customers")[0]


def test_the_history_has_the_rows_of_each_table(parent, refresh):
    job = refresh(parent)

    [found] = refreshes(parent)

    assert (found.job, job.name) == (job, "Refresh of People")
    assert found.counts == [("customers", 4), ("behavior_orders", 3), ("behavior_visits", 3)]
    assert state(parent).customers == 4


def test_a_refresh_is_done_with_the_rights_of_the_owner(parent, refresh, crm, keeper):
    Database.objects.filter(pk=crm.pk).update(owner=keeper)

    job = refresh(parent)

    assert job.status == Job.Status.ERROR
    assert "crm" in job.error and "table" in job.error.lower()


@pytest.mark.parametrize("groups", [(), ("marketer",)])
def test_rights_to_read_follow_the_groups(parent, marketer, colleague, groups):
    chosen = colleague.groups.filter(name__in=groups)

    keeping.save(parent, readers=chosen, unmasked=(), by=marketer)

    found = set(tables.readable(colleague))
    assert (parent.database in found) == bool(groups)
    assert parent.unmasked_database not in found
    keeping.save(parent, readers=(), unmasked=chosen, by=marketer)
    both = {parent.database, parent.unmasked_database}
    assert (both <= set(tables.readable(colleague))) == bool(groups)


def test_deleting_takes_the_databases_and_the_refresh_along(parent, refresh, marketer, settings):
    job = refresh(parent)

    keeping.delete(parent, marketer)

    assert not Database.objects.filter(name__startswith="cdp_audience_").exists()
    assert not Query.objects.exists()
    assert Job.objects.get(pk=job.pk).query is None


def test_a_segment_or_a_query_over_it_keeps_it_from_being_deleted(parent, refresh, marketer):
    refresh(parent)
    parent.segments.create(name="All", owner=marketer)
    with pytest.raises(keeping.StillUsed):
        keeping.delete(parent, marketer)
    parent.segments.all().delete()
    over = f"SELECT count(*) FROM {parent.database}.customers"
    query = Query.objects.create(
        name="Over", database=Database.objects.get(name="crm"), sql=over, owner=marketer
    )

    assert [name for name, _ in keeping.usage(parent, marketer)] == ["Query “Over”"]
    query.sql = over.replace(parent.database, f"{parent.database}0")
    query.save()
    assert keeping.usage(parent, marketer) == []


def test_a_refresh_under_way_keeps_it_from_being_deleted(parent, marketer):
    jobs.submit_query(parent.query)

    with pytest.raises(keeping.StillUsed, match="under way"):
        keeping.delete(parent, marketer)


def test_nobody_else_makes_a_database_that_is_named_as_one_of_an_audience(marketer):
    with pytest.raises(tables.TableError, match="parent segments"):
        tables.create_database("cdp_audience_7", marketer)


def test_nobody_puts_tables_where_the_next_refresh_would_drop_them(
    parent, refresh, marketer, keeper, client
):
    refresh(parent)
    made = database(parent)
    sql = f"CREATE TABLE {parent.database}.mine AS SELECT 1 AS one"

    for user in (marketer, keeper):
        client.force_login(user)
        job = jobs.submit(sql, database="crm", owner=user)
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.error == (
            f"{parent.database} is made anew at each refresh of its parent segment, and what else "
            "is in it goes. Choose another database."
        )
        assert made not in tables.writable_databases(user)
        assert f'value="{parent.database}"' not in client.get(reverse("upload")).text
        client.post(reverse("drop-table", args=[parent.database, "customers"]))

    assert made.tables.filter(name="customers").exists()
    assert refresh(parent).status == Job.Status.SUCCESS
