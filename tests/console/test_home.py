"""The first page."""

from datetime import timedelta

import pytest
from django.utils import timezone

from console import overview
from console.models import Database, Job, Query, Schedule
from console.queries.access import visible_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def database(marketer):
    return Database.objects.create(name="shop", owner=marketer)


@pytest.fixture
def query(marketer, database):
    return Query.objects.create(name="Revenue", sql="SELECT 1", owner=marketer, database=database)


def ended(owner, status, *, days_ago=0, **fields):
    at = timezone.now() - timedelta(days=days_ago)
    return Job.objects.create(owner=owner, status=status, ended_at=at, sql="SELECT 1", **fields)


def test_a_newcomer_sees_the_three_steps(client, marketer):
    client.force_login(marketer)

    page = client.get("/").content.decode()

    assert "Your first export in three steps" in page
    assert "Nothing runs the jobs" in page


def test_the_steps_tick_themselves(client, marketer, query):
    client.force_login(marketer)
    assert overview.first_steps(marketer) == {"authentication": False, "query": False}
    query.export = {"path_prefix": "/a.csv"}
    query.save()

    part = client.get("/", headers={"HX-Request": "true"}).content.decode()

    assert part.count("(done)") == 1
    assert "<html" not in part


def test_after_the_first_delivery_the_steps_are_gone(client, marketer):
    ended(marketer, "success", receipt={"rows": 1, "files": []})
    client.force_login(marketer)

    last_look = client.get("/", headers={"HX-Request": "true"}).content.decode()

    assert last_look.count("(done)") == 3 and "hx-get" not in last_look
    assert "first export" not in client.get("/").content.decode()


def test_jobs_are_counted_on_the_day_they_ended(marketer, colleague):
    for _ in range(2):
        ended(marketer, "success")
    ended(marketer, "error", days_ago=29)
    ended(marketer, "success", days_ago=31)
    ended(marketer, "killed")
    ended(colleague, "success")

    days = overview.days(visible_jobs(marketer))

    assert len(days) == 30
    assert (days[-1]["success"], days[-1]["failed"]) == (2, 0)
    assert (days[0]["success"], days[0]["failed"]) == (0, 1)
    assert sum(day["success"] + day["failed"] for day in days) == 3


def test_a_day_begins_at_midnight(marketer):
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for microseconds in (-1, 0):
        ended(marketer, "success")
        at = midnight + timedelta(microseconds=microseconds)
        Job.objects.filter(pk=Job.objects.latest("pk").pk).update(ended_at=at)

    days = overview.days(visible_jobs(marketer))

    assert [day["success"] for day in days[-2:]] == [1, 1]


def test_a_query_is_failing_until_it_succeeds_again(client, marketer, query):
    client.force_login(marketer)
    ended(marketer, "error", query=query, error="The server refused the connection.")
    assert "The server refused the connection." in client.get("/").content.decode()

    ended(marketer, "success", query=query)

    assert "The last job of every query went well." in client.get("/").content.decode()


def test_the_next_runs_are_listed_but_not_paused_ones(client, marketer, query, database):
    soon = timezone.now() + timedelta(hours=2, minutes=1)
    query.schedule = Schedule.objects.create(cron="@hourly", next_slot=soon)
    query.save()
    paused = Schedule.objects.create(cron="@daily", next_slot=soon, paused_at=timezone.now())
    Query.objects.create(
        name="Paused", sql="SELECT 1", owner=marketer, database=database, schedule=paused
    )
    client.force_login(marketer)

    page = client.get("/").content.decode()

    assert "Revenue" in page and "in 2" in page and "Every hour, on the hour. UTC" in page
    assert "Paused" not in page


def test_the_page_takes_few_queries(client, marketer, query, django_assert_max_num_queries):
    for days_ago in range(20):
        ended(marketer, "error", days_ago=days_ago, query=query)
    ended(marketer, "success", receipt={"rows": 1, "files": []})
    client.force_login(marketer)

    with django_assert_max_num_queries(17):
        client.get("/")


@pytest.mark.parametrize("version", [0, 6])
def test_administrators_alone_are_told_of_a_kernel_without_landlock(
    client, marketer, keeper, monkeypatch, version
):
    monkeypatch.setattr("console.views.home.landlock_version", lambda: version)
    told = []
    for user in (marketer, keeper):
        client.force_login(user)
        told.append("has no Landlock" in client.get("/").content.decode())

    assert told == [False, version == 0]
