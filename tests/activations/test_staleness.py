"""Whether data is older than its schedule says, and what the pages say of that."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from activations.parents.staleness import SOON, stale
from console.models import Job, Schedule
from console.schedules import pause, schedule_query

NOW = timezone.now()


@pytest.fixture
def refreshed(shoppers):
    """Keep a refresh of the parent segment that ended so many hours ago."""

    def refreshed(status="success", hours_ago=1, **more):
        at = NOW - timedelta(hours=hours_ago)
        given = {"started_at": at, "ended_at": at, "slot": at, **more}
        return Job.objects.create(
            query=shoppers.query, owner=shoppers.owner, sql="-", status=status, **given
        )

    return refreshed


def due(shoppers, hours_ago, **fields):
    """Give the refresh a schedule whose next slot was due so many hours ago."""
    schedule_query(shoppers.query, "@daily", "UTC")
    next_slot = NOW - timedelta(hours=hours_ago)
    Schedule.objects.update(next_slot=next_slot, **fields)
    shoppers.query.refresh_from_db()


def test_data_of_the_last_slot_is_as_it_should_be(shoppers, refreshed):
    assert stale(shoppers) is None  # no schedule, no refresh
    refreshed("error", 9)
    refreshed()
    due(shoppers, -20)

    assert stale(shoppers, now=NOW) is None


def test_after_a_refresh_that_failed_data_is_that_of_the_one_before(shoppers, refreshed):
    good = refreshed(hours_ago=30)
    bad = refreshed("error", 6, error="The table crm.orders is gone.", remedy="Put it back.")

    found = stale(shoppers)

    assert (found.data_of, found.job, found.refreshing) == (good.started_at, bad, False)
    assert found.why.endswith("failed: The table crm.orders is gone. Put it back.")
    refreshed("running", 0, ended_at=None)
    assert stale(shoppers).refreshing
    refreshed("success", 0)
    assert stale(shoppers) is None


@pytest.mark.parametrize(
    ("status", "said"), [("killed", "was stopped"), ("skipped", "was skipped")]
)
def test_a_slot_that_was_not_run_to_its_end_is_told(shoppers, refreshed, status, said):
    refreshed(hours_ago=30)
    refreshed(status, 6)

    assert said in stale(shoppers).why


def test_a_slot_that_nothing_began_is_told_a_little_later(shoppers, refreshed):
    refreshed(hours_ago=30)
    due(shoppers, 2)
    slot = Schedule.objects.get().next_slot

    assert stale(shoppers, now=slot + SOON) is None
    assert "was not begun" in stale(shoppers, now=slot + SOON + timedelta(seconds=1)).why
    refreshed("queued", 0, started_at=None, ended_at=None)
    assert stale(shoppers, now=NOW) is None


def test_by_hand_after_the_slot_is_as_good(shoppers, refreshed):
    refreshed(hours_ago=1, slot=None)
    due(shoppers, 2)

    assert stale(shoppers, now=NOW) is None


def test_a_pause_is_told_once_a_slot_has_passed(shoppers, refreshed, marketer):
    refreshed(hours_ago=30)
    due(shoppers, -2)
    pause(shoppers.query.schedule, marketer)
    shoppers.query.refresh_from_db()
    assert stale(shoppers, now=NOW) is None

    due(shoppers, 2)

    assert "is paused since" in stale(shoppers, now=NOW).why
    assert "mia paused it." in stale(shoppers, now=NOW).why


@pytest.mark.parametrize("name", ["segment", "segment-insight", "segment-versions"])
def test_pages_of_a_segment_say_so_with_what_to_do(
    client, shoppers, refreshed, make, analyst, name
):
    segment = make()
    refreshed(hours_ago=30)
    refreshed("error", 6, error="The disk is full.")
    address = reverse(name, args=[shoppers.pk, segment.pk])

    client.force_login(shoppers.owner)
    page = client.get(address).content.decode()
    assert "The data is that of" in page and "The disk is full." in page
    assert "See what is wrong, and refresh" in page
    client.force_login(analyst)
    page = client.get(address).content.decode()
    assert "Tell mia, the owner of Customers." in page and "See what is wrong" not in page


def test_the_studio_and_activations_say_so_too(client, shoppers, refreshed, send):
    made = send()
    refreshed("error", 6, error="The disk is full.")
    client.force_login(shoppers.owner)

    for address in (
        reverse("studio-parent", args=[shoppers.pk]),
        reverse("segment-activations", args=[shoppers.pk, made.segment_id]),
        made.get_absolute_url(),
        reverse("activation-runs", args=[made.pk]),
        reverse("activation-settings", args=[made.pk]),
    ):
        page = client.get(address).content.decode()
        assert "The data is that of" in page and "The disk is full." in page


def test_where_nothing_was_built_yet_it_says_so(client, unbuilt):
    failed = {"status": "error", "error": "The disk is full."}
    Job.objects.create(query=unbuilt.query, owner=unbuilt.owner, sql="-", **failed)
    client.force_login(unbuilt.owner)

    page = client.get(reverse("studio-parent", args=[unbuilt.pk])).content.decode()

    assert "There is no data yet" in page and "The disk is full." in page
