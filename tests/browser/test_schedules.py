"""Slots of the past, seen and run by keyboard."""

from datetime import UTC, datetime, timedelta

from django.urls import reverse
from playwright.sync_api import expect

from console.schedules import schedule_query, tick


def test_earlier_slots_are_chosen_and_run(as_user, marketer, people, good_page):
    now = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
    schedule_query(people, "0 * * * *", "Europe/Berlin", now=now - timedelta(hours=5))
    tick(now)
    page = as_user(marketer, reverse("backfill", args=[people.pk]))
    boxes = page.get_by_role("checkbox")
    expect(boxes).to_have_count(7 * 24)
    good_page(page, "backfill")

    for box in boxes.all()[:-2]:
        box.uncheck()
    expect(page.locator("input:checked")).to_have_count(1)  # the latest has its job
    page.get_by_role("button", name="Run the chosen slots").press("Enter")

    expect(page.get_by_text("1 slot will run, one after the other.")).to_be_visible()
