"""An activation in a browser: run, paused, copied, deleted, and the pages around it."""

from functools import partial

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from activations.models import Activation
from console.models import Job, Schedule
from console.schedules import schedule_query
from tests.activations.studio import all_of, bought

DAILY = partial(schedule_query, wanted="@daily", timezone="Europe/Berlin")


@pytest.fixture
def weekly(send, drop):
    """An activation that sends to a server on this machine each day."""
    return send("Weekly", timing=DAILY, authentication=drop)


def test_an_activation_runs_with_its_progress_and_pauses(
    as_user, weekly, sandbox, in_background, good_page
):
    page = as_user(weekly.query.owner, weekly.get_absolute_url())
    expect(page.get_by_text("It has not run yet.")).to_be_visible()

    page.get_by_role("button", name="Run now").press("Enter")
    expect(page.locator("#activation-now .phases")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    good_page(page, "activation-running")
    page.get_by_role("button", name="Stop").focus()
    with page.expect_response(page.url):
        pass
    expect(page.get_by_role("button", name="Stop")).to_be_focused()
    in_background(Job.objects.get(query=weekly.query))
    expect(page.get_by_text("Delivered 25 rows to Drop").first).to_be_visible(timeout=30_000)
    expect(page.locator("#activation-chart .chart")).to_have_count(2)
    assert (sandbox.root / "gold.csv").stat().st_size

    page.get_by_role("button", name="Pause").press("Enter")
    expect(page.get_by_text("mia paused it.")).to_be_visible()
    good_page(page, "activation-paused")
    page.get_by_role("button", name="Resume").press("Enter")
    expect(page.get_by_text("Next run in")).to_be_visible()
    good_page(page, "activation")
    assert Schedule.objects.get().paused_at is None
    page.get_by_role("link", name="Runs").press("Enter")
    expect(page.get_by_role("link", name="Receipt")).to_be_visible()
    good_page(page, "activation-runs")


def chosen(page, name):
    """Choose an entry of the menu; return the dialog that it opens."""
    page.get_by_role("button", name="More actions").press("Enter")
    page.get_by_role("menuitem", name=name).press("Enter")
    return page.locator("#panel")


def test_an_activation_is_copied_and_deleted(as_user, weekly, good_page):
    page = as_user(weekly.query.owner, reverse("activation-settings", args=[weekly.pk]))
    expect(page.get_by_text("attribute tier")).to_be_visible()
    good_page(page, "activation-settings")
    dialog = chosen(page, "Duplicate…")
    expect(dialog.get_by_label("Name")).to_have_value("Copy of Weekly")
    good_page(page, "activation-duplicate")
    dialog.get_by_role("button", name="Duplicate").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Copy of Weekly")
    expect(page.get_by_text("It runs when somebody runs it.")).to_be_visible()

    dialog = chosen(page, "Delete…")
    expect(dialog.get_by_text("This cannot be undone.")).to_be_visible()
    good_page(page, "activation-delete")
    dialog.get_by_role("button", name="Delete activation").press("Enter")
    expect(page.get_by_text("Activation “Copy of Weekly” is deleted.")).to_be_visible()
    assert [each.name for each in Activation.objects.all()] == ["Weekly"]


@pytest.fixture
def told(send, make, shoppers, marketer):
    """Two activations, of which one failed the last time, over data that is too old."""
    first = send("Weekly", make(), timing=DAILY)
    send("Daily", make("Buyers", all_of(bought(1))))
    gone = {"error": "The table crm.orders is gone."}
    full = {"error": "The server is full.", "remedy": "Make room on it."}
    receipt = {"rows": 25, "files": [], "summary": ""}
    for query, status, more in [
        (first.query, "success", {"rows": 25, "receipt": receipt}),
        (first.query, "error", full),
        (shoppers.query, "error", gone),
    ]:
        given = {"export": {}, "sql": "-", **more}
        Job.objects.create(query=query, owner=marketer, status=status, **given)
    return first


def test_a_retry_that_was_asked_about_is_made_though_the_runs_are_fetched_meanwhile(as_user, told):
    done = told.query.jobs.get(status="success")
    Job.objects.create(query=told.query, owner=done.owner, sql="-", export={})
    page = as_user(done.owner, reverse("activation-runs", args=[told.pk]))
    page.locator(f"#job-{done.pk}").get_by_role("button", name="Retry").click()
    asked = page.get_by_role("dialog", name="Are you sure?")
    with page.expect_response(page.url):
        expect(asked).to_be_visible()
    asked.get_by_role("button", name="Retry").click()
    expect(page.get_by_text(f"does job {done.pk} again.")).to_be_visible()


def test_runs_that_are_fetched_again_stay_where_they_were(as_user, told):
    waits = Job.objects.create(query=told.query, owner=told.query.owner, sql="-", export={})
    page = as_user(waits.owner, reverse("activation-runs", args=[told.pk]))
    page.set_viewport_size({"width": 360, "height": 800})
    page.get_by_role("region", name="Runs").evaluate("runs => { runs.scrollLeft = 100 }")
    page.get_by_role("button", name=f"Stop job {waits.pk}").evaluate(
        "stop => stop.focus({ preventScroll: true })"
    )
    with page.expect_response(page.url):
        pass

    expect(page.get_by_role("button", name=f"Stop job {waits.pk}")).to_be_focused()
    assert page.get_by_role("region", name="Runs").evaluate("runs => runs.scrollLeft") == 100


def test_an_activation_that_is_as_it_was_is_left_without_a_question(as_user, told):
    page = as_user(told.query.owner, reverse("edit-activation", args=[told.pk]))
    page.get_by_label("Name", exact=True).fill("Monthly")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Weekly")
    expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Weekly")


def test_activations_are_found_from_the_rail(as_user, told, good_page):
    page = as_user(told.query.owner, reverse("segments"))
    page.get_by_role("link", name="Activations").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(2)
    good_page(page, "activations")
    page.get_by_label("Status").select_option("Last run failed")
    page.get_by_role("button", name="Show").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)

    page.get_by_role("link", name="Weekly").press("Enter")
    expect(page.get_by_text("The server is full. Make room on it.")).to_be_visible()
    good_page(page, "activation-failed")


def test_a_segment_has_activations_and_templates(as_user, told, shoppers, good_page):
    page = as_user(told.query.owner, told.get_absolute_url())
    chosen(page, "Save as template…").get_by_role("button", name="Save template").press("Enter")
    expect(page.get_by_text("Template “Weekly” is kept.")).to_be_visible()
    page.locator(".crumbs").get_by_role("link", name="Gold").press("Enter")
    expect(page.get_by_role("heading", name="Templates")).to_be_visible()
    expect(page.get_by_text("The table crm.orders is gone.")).to_be_visible()
    good_page(page, "segment-activations")
    page.get_by_role("button", name="Delete Weekly").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Delete Weekly").press("Enter")
    expect(page.get_by_role("heading", name="Templates")).to_have_count(0)

    page.goto(page.url.partition("/segments/")[0] + "/")
    expect(page.get_by_role("link", name="1 activations of Gold")).to_be_visible()
    good_page(page, "studio-with-activations")
