"""A run is held while others of its query go on: what is asked, compared and skipped."""

import pytest
from django.utils import timezone

from console import jobs
from console.jobs.control import skip_waiting
from console.jobs.holding import NotReleased, check_volume, compared
from console.models import Job
from integrations.models import Authentication
from tests.console.hourly import buyers, slots_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def query(marketer):
    return buyers(marketer, rows(10), hold_unusual=True)


@pytest.fixture
def run(query):
    return slots_of(query)


def rows(number):
    return f"SELECT x FROM UNNEST(sequence(1, {number})) t(x)"


@pytest.fixture
def overtaken(run):
    """A run that is held, and one after it that was delivered."""
    run(rows(10))
    held, later = run(rows(90)), run(rows(11))
    assert (held.held, later.status) == (True, "success")
    return held, later


def test_older_rows_are_not_released_over_newer_ones_unasked(overtaken, marketer):
    held, later = overtaken

    with pytest.raises(NotReleased, match=f"^Job {later.pk} has delivered newer rows of this "):
        jobs.release(held, marketer)

    assert jobs.release(held, marketer, known=later.pk)


def test_the_page_says_so_and_asks_before_it_releases(overtaken, client, marketer):
    held, later = overtaken
    client.force_login(marketer)

    text = client.get(held.get_absolute_url()).content.decode()
    assert "delivered newer rows of this query meanwhile: where both write to one name" in text
    assert f'data-confirm="Job {later.pk} has delivered newer rows' in text

    client.post(f"/workbench/jobs/{held.pk}/release/")  # As a page from before would.
    held.refresh_from_db()
    assert held.held
    client.post(f"/workbench/jobs/{held.pk}/release/", {"newer": later.pk})
    held.refresh_from_db()
    assert not held.held


def test_a_held_run_is_compared_with_those_before_it_on_its_page_too(overtaken):
    held, _ = overtaken

    assert [each.rows for each in compared(held)["runs"]] == [10]
    assert held.held_because.endswith("than the last delivered run (10).")
    Job.objects.filter(pk=held.pk).update(held_because="")
    held.refresh_from_db()
    with pytest.raises(Exception, match=r"more than the last delivered run \(10\)\.$"):
        check_volume(held)


def test_what_was_released_is_not_skipped_when_the_schedule_is_paused(run, query, marketer):
    held = run("SELECT 1 AS x WHERE 1 = 0")
    assert jobs.release(held, marketer)  # It waits for its turn.

    assert skip_waiting(query.schedule, "Paused.") == 0

    held.refresh_from_db()
    assert held.status == "queued"


def test_what_has_begun_is_not_held_any_more(run, query, marketer):
    run(rows(10))
    job = Job.objects.create(
        query=query, query_version=query.versions.last(), database=query.database, owner=marketer
    )
    job.authentication = Authentication(type="clevertap", owner=marketer)
    job.export, job.rows, job.sent_bytes = query.export, 90, 4096
    job.started_at = timezone.now()

    check_volume(job)

    job.sent_bytes = 0
    with pytest.raises(Exception, match="more than the last delivered run"):
        check_volume(job)
