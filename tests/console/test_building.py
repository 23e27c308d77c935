"""Several tables made together by one job: all of the old ones, or all of the new ones."""

import pytest

from console import jobs, tables
from console.models import Database, Job, Query
from console.queries.access import visible_queries, visible_work
from console.queries.saving import save

BUILDS = {
    "customers": "SELECT id, name FROM shop.people",
    "behavior_orders": "SELECT order_id, amount FROM shop.orders",
}


@pytest.fixture
def built(shop, marketer):
    """A database of Mia's that is built from her shop."""
    return tables.create_database("built", marketer, everyone_reads=False)


@pytest.fixture
def run(built, marketer):
    def run(builds=BUILDS, owner=marketer):
        sql = ";\n".join(builds.values())
        job = jobs.submit(sql, database="built", owner=owner, builds={"built": builds})
        jobs.run(job.pk)
        return Job.objects.get(pk=job.pk)

    return run


def names_in(database):
    return list(database.tables.values_list("name", "rows"))


def test_a_job_makes_all_tables_and_says_how_many_rows_each_has(run, built):
    job = run()

    assert job.status == Job.Status.SUCCESS, job.error
    assert names_in(built) == [("behavior_orders", 1), ("customers", 2)]
    assert jobs.grid(job) == (
        [["table_name", "varchar"], ["row_count", "bigint"]],
        [["built.customers", "2"], ["built.behavior_orders", "1"]],
    )


def test_tables_that_are_not_built_any_more_go(run, built):
    run()
    run({"customers": BUILDS["customers"]})

    assert names_in(built) == [("customers", 2)]


def test_where_one_cannot_be_made_all_stay_as_they_were(run, built, settings):
    run()
    before = {table.name: table.files for table in built.tables.all()}
    files = set(settings.TABLES_DIR.rglob("*.parquet"))

    job = run(BUILDS | {"behavior_more": "SELECT gone FROM shop.orders"})

    assert job.status == Job.Status.ERROR and "gone" in job.error
    assert {table.name: table.files for table in built.tables.all()} == before
    assert set(settings.TABLES_DIR.rglob("*.parquet")) == files


def test_nobody_builds_in_a_database_of_others(run, built, colleague):
    Database.objects.filter(pk=built.pk).update(everyone_reads=True)

    job = run(owner=colleague)

    assert job.status == Job.Status.ERROR
    assert job.error == "There is no database built whose tables you may change."


@pytest.mark.parametrize("sql", ["DROP TABLE shop.people", "CREATE TABLE x AS SELECT 1 AS a"])
def test_a_table_is_made_of_a_select_only(run, shop, sql):
    job = run({"customers": sql})

    assert job.status == Job.Status.ERROR
    assert shop.tables.filter(name="people").exists()


def test_a_query_that_belongs_to_something_else_is_none_of_the_workbench(shop, marketer):
    own = Query(name="People", database=shop, sql="SELECT 1", owner=marketer, place="/studio/1/")
    save(own, by=marketer)
    save(Query(name="People", database=shop, sql="SELECT 1", owner=marketer), by=marketer)

    assert own.get_absolute_url() == "/studio/1/"
    assert own not in visible_queries(marketer) and own in visible_work(marketer)
