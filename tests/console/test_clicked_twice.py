"""Who clicks twice, or sends a form again, starts one job."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from console import jobs
from console.jobs.submission import DOUBLE_CLICK, TWICE
from console.models import Job, Query
from tests.together import at_once


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def run(client, query, **changes):
    data = {"sql": query.sql, "database": query.database.name, "engine": query.engine} | changes
    return client.post(reverse("run-query", args=[query.pk]), data)


def began(ago, **fields):
    """Let the only job have been made so long ago."""
    Job.objects.update(created_at=timezone.now() - ago, **fields)


def test_a_second_click_leads_to_the_first_job(mia, people):
    first, second = run(mia, people), run(mia, people)

    job = Job.objects.get()
    assert first.url == second.url and first.url.endswith(f"?job={job.pk}")


def test_a_second_click_on_run_and_export_leads_to_the_first_job(mia, people, sftp):
    people.authentication, people.export = sftp, {"path_prefix": "/a.csv"}
    people.save()

    assert run(mia, people, deliver="yes").url == run(mia, people, deliver="yes").url
    assert Job.objects.get().authentication == sftp
    run(mia, people)  # That is another one: its result stays here.
    assert Job.objects.count() == 2


def test_another_text_is_another_job_at_once(mia, people):
    run(mia, people)
    run(mia, people, sql="SELECT 2 AS two")

    assert Job.objects.count() == 2


MEANT = {
    "the first is done": (2 * DOUBLE_CLICK, {"status": Job.Status.SUCCESS}),
    "the first is held": (2 * DOUBLE_CLICK, {"held_because": "No rows."}),
    "the first waits for long": (2 * TWICE, {}),
    "the clock was ahead at the first": (-TWICE, {"status": Job.Status.SUCCESS}),
}


@pytest.mark.parametrize(("ago", "fields"), MEANT.values(), ids=MEANT)
def test_a_click_is_meant_where(mia, people, ago, fields):
    run(mia, people)
    began(ago, **fields)

    run(mia, people)

    assert Job.objects.count() == 2


@pytest.mark.parametrize(
    ("ago", "fields"),
    [(DOUBLE_CLICK / 2, {"status": Job.Status.SUCCESS}), (TWICE / 2, {"status": "running"})],
)
def test_a_click_is_not_meant_right_after_the_first_or_while_its_job_runs(mia, people, ago, fields):
    run(mia, people)
    began(ago, **fields)

    run(mia, people)

    assert Job.objects.count() == 1


def test_what_a_schedule_started_is_no_first_click(mia, people):
    jobs.submit_query(people, slot=timezone.now())
    run(mia, people)

    assert Job.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_clicks_at_the_same_moment_make_one_job(people, marketer):
    query = Query.objects.select_related("database", "owner").get(pk=people.pk)

    found = at_once(4, lambda _: jobs.submit_once(jobs.new_job(query), by=marketer))

    assert sorted(new for _, new in found) == [False, False, False, True], connection.vendor
    assert {job.pk for job, _ in found} == {Job.objects.get().pk}
