"""A query that runs after another one: chosen by keyboard, shown as a chain, told at deleting."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from console import jobs
from console.jobs.ending import JobError, fail, succeed
from console.jobs.lease import Lease, claim
from console.models import Job, Query
from console.schedules import follow_query, schedule_query, tick


@pytest.fixture
def others(people):
    """Three more queries of Mia's."""
    return [
        Query.objects.create(
            name=name, database=people.database, sql="SELECT 1 AS one", owner=people.owner
        )
        for name in ("Report for the board", "Export to the partner", "Archive")
    ]


def let_run(query, slot, error=None):
    job = claim(jobs.submit_query(query, schedule=query.schedule, slot=slot).pk)
    if error:
        fail(Lease(job), JobError(error))
    else:
        succeed(Lease(job), None)


def test_a_query_is_chosen_with_the_keyboard(editor, people, others, good_page):
    schedule_query(people, "0 6 * * *", "Europe/Berlin")
    report = others[0]
    page = editor(report.get_absolute_url())
    page.get_by_role("link", name="Schedule: None").press("Enter")
    panel = page.get_by_role("dialog", name="Schedule")
    panel.get_by_label("Schedule", exact=True).focus()
    page.keyboard.press("A")  # The focus goes on at once: more letters would be the next field's.

    after = panel.get_by_label("Runs after")
    expect(after).to_be_focused()
    expect(panel.get_by_label("Time zone")).to_be_hidden()
    panel.get_by_role("button", name="Done").press("Enter")
    expect(panel.locator(".invalid-feedback").first).to_have_text(
        "Choose the query that this one runs after."
    )
    # The panel, which came anew, takes the focus when it is settled.
    expect(panel.get_by_role("heading", name="Schedule", exact=True)).to_be_focused()
    after.focus()
    page.keyboard.type("People")
    expect(panel.locator("#firings")).to_contain_text("Each time that “People” has succeeded")
    expect(panel.locator("#firings tbody tr")).to_have_count(5)
    panel.get_by_label("also after runs that somebody starts by hand").press("Space")
    panel.get_by_label("minutes").fill("10")
    expect(panel.locator("#firings")).to_contain_text("06:10:00")
    good_page(page, "query-schedule-after")
    panel.get_by_role("button", name="Done").press("Enter")

    expect(panel).to_be_hidden()
    expect(page.get_by_role("link", name="Schedule: After People")).to_be_visible()
    expect(page.get_by_text("Runs when that has succeeded")).to_be_visible()
    report.refresh_from_db()
    trigger = report.schedule.follows
    assert (trigger.query, trigger.by_hand, report.schedule.delay) == (people, True, 600)


def test_a_chain_is_seen_with_how_each_stands(editor, people, others, good_page):
    report, partner, archive = others
    schedule_query(people, "0 6 * * *", "Europe/Berlin")
    follow_query(report, people)
    follow_query(partner, report)
    follow_query(archive, report)
    slot = people.schedule.next_slot
    let_run(people, slot)
    tick()
    job = claim(Job.objects.get(query=report).pk)
    fail(Lease(job), JobError("The table is gone.", remedy="Bring it back."))
    page = editor(partner.get_absolute_url() + "?panel=schedule")
    panel = page.get_by_role("dialog", name="Schedule")
    expect(panel.locator("#standing")).to_contain_text(
        "The last run of “Report for the board” failed, so this has not run yet."
    )
    expect(panel.locator(".chain > li")).to_have_count(3)
    expect(panel.locator(".chain > li").nth(1)).to_contain_text("Failed")
    good_page(page, "query-schedule-failed-before")

    panel.get_by_role("link", name="Report for the board").press("Enter")
    expect(page.get_by_text("Followed by")).to_be_visible()
    expect(page.get_by_role("link", name="Archive")).to_be_visible()
    page.get_by_role("link", name="Schedule: After People").press("Enter")
    panel = page.get_by_role("dialog", name="Schedule")
    expect(panel.get_by_label("After Report for the board").locator(".chain")).to_have_count(2)
    expect(panel.locator("#pause-stops")).to_contain_text(
        "While it is paused, these do not start either:"
    )
    good_page(page, "query-schedule-branches")


def test_a_circle_is_told_at_once(editor, people, others):
    report = others[0]
    follow_query(report, people)
    page = editor(people.get_absolute_url() + "?panel=schedule")
    panel = page.get_by_role("dialog", name="Schedule")
    panel.get_by_label("Schedule", exact=True).select_option("after")

    panel.get_by_label("Runs after").select_option(label="Report for the board")

    expect(panel.locator("#firings")).to_contain_text(
        "“People” cannot run after “Report for the board”, which runs after “People”"
    )


def test_whoever_deletes_a_query_sees_what_runs_after_it(
    as_user, marketer, people, others, good_page
):
    follow_query(others[0], people)
    page = as_user(marketer, reverse("queries"))
    page.get_by_role("button", name="Menu of People").press("Enter")
    page.get_by_role("menuitem", name="Delete…").press("Enter")
    dialog = page.get_by_role("dialog", name="Delete “People”?")
    expect(dialog.get_by_role("link", name="Report for the board")).to_be_visible()
    good_page(page, "query-delete-followed")

    dialog.get_by_role("button", name="Delete query").press("Enter")

    expect(page.get_by_text("After a query that was deleted.")).to_be_visible()
