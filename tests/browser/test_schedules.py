"""The schedule panel of a query and the page of its earlier slots, by keyboard and mouse."""

import re
from datetime import UTC, datetime, time, timedelta

from django.urls import reverse
from playwright.sync_api import expect

from console.schedules import Repeat, schedule_query, tick, times
from integrations.connectors.sftp_v2 import Export


def test_a_bad_cron_names_its_field_and_a_good_one_shows_its_times(editor, people, good_page):
    page = editor(people.get_absolute_url())
    page.get_by_role("link", name="Schedule: None").click()
    panel = page.get_by_role("dialog", name="Schedule")
    expect(panel.get_by_text("No schedule: the query runs when somebody runs it.")).to_be_visible()
    panel.get_by_label("Schedule").select_option("custom")
    cron = panel.get_by_label("Cron")
    expect(cron).to_be_focused()

    cron.fill("0 25 * * *")
    expect(panel.locator("#firings")).to_contain_text("Hour: ")
    panel.get_by_role("button", name="Done").click()
    expect(panel.locator(".invalid-feedback").first).to_contain_text("Hour: ")
    cron.fill("0 0 1 * 1")
    expect(panel.locator("#firings")).to_contain_text("At 00:00 on Mondays")
    expect(panel.locator(".invalid-feedback")).to_have_count(0)
    panel.get_by_label("Time zone").fill("Asia/Tokyo")
    expect(panel.get_by_role("columnheader", name="Asia/Tokyo")).to_be_visible()
    expect(panel.locator("#firings tbody tr")).to_have_count(5)
    good_page(page, "query-schedule")
    panel.get_by_role("button", name="Done").click()

    expect(page.get_by_role("link", name="Schedule: 0 0 1 * 1")).to_be_visible()
    expect(page.get_by_text("Next run")).to_be_visible()
    people.refresh_from_db()
    assert (people.schedule.cron, people.schedule.timezone) == ("0 0 1 * 1", "Asia/Tokyo")


def test_a_repeat_is_set_by_keyboard_and_said_in_words(editor, people, good_page):
    schedule_query(people, "@daily", "Europe/Berlin")
    page = editor(people.get_absolute_url())
    page.get_by_role("link", name="Schedule: @daily").press("Enter")
    panel = page.get_by_role("dialog", name="Schedule")
    panel.get_by_label("Schedule", exact=True).select_option("repeat")
    unit = panel.get_by_label("Repeat", exact=True)
    expect(unit).to_be_focused()
    expect(panel.locator(".sentence")).to_contain_text("Every day at 09:00, Europe/Berlin, from")

    unit.press("w")
    expect(panel.locator("#firings")).to_contain_text("Choose at least one day of the week.")
    page.keyboard.press("Tab")
    expect(panel.get_by_role("spinbutton", name="Every weeks")).to_be_focused()
    page.keyboard.type("2")
    for key in ("Tab", "Space", "Tab", "Tab", "Tab", "Space"):
        page.keyboard.press(key)
    panel.get_by_label("Start", exact=True).fill("2026-11-30T00:00")
    panel.get_by_label("End", exact=True).fill("2099-03-31")
    said = "Every 2 weeks on Monday and Thursday at 09:00, Europe/Berlin, from 30 Nov 2026"
    expect(panel.locator(".sentence")).to_have_text(f"{said} until 31 Mar 2099.")
    expect(panel.locator("#firings tbody tr:not(.note)")).to_have_count(5)
    good_page(page, "query-schedule-repeat")
    panel.get_by_role("button", name="Done").press("Enter")

    expect(page.get_by_text("Next run")).to_be_visible()
    page.get_by_role("link", name="Schedule: Every 2 weeks on Monday and Thursday").press("Enter")
    expect(panel.get_by_label("Thursday")).to_be_checked()


def test_what_a_repeat_does_not_ask_for_is_not_shown(editor, people, good_page):
    fortnight = Repeat("week", 2, frozenset({4}), at=time(9))
    schedule_query(people, times(fortnight, "Europe/Berlin"))
    page = editor(people.get_absolute_url() + "?panel=schedule")
    panel = page.get_by_role("dialog", name="Schedule")
    expect(panel.get_by_label("Thursday")).to_be_checked()
    panel.get_by_label("Repeat", exact=True).select_option("month")
    panel.get_by_label("On day").select_option("31")
    expect(panel.locator(".sentence")).to_contain_text("Every 2 months on the last day at 09:00")
    expect(panel.get_by_label("Thursday")).to_be_hidden()
    panel.get_by_label("Repeat", exact=True).select_option("once")
    panel.get_by_label("Start", exact=True).fill("2026-01-01T09:00")
    panel.get_by_role("button", name="Done").press("Enter")
    expect(panel.get_by_label("Start", exact=True)).to_have_accessible_description(
        re.compile("This time has passed")
    )
    good_page(page, "query-schedule-once-refused")
    panel.get_by_label("Schedule", exact=True).select_option("@hourly")
    panel.get_by_label("Start", exact=True).fill("")
    panel.get_by_label("End", exact=True).fill("2099-01-01")
    expect(panel.locator(".sentence")).to_have_text("Every hour, on the hour, until 1 Jan 2099.")


def test_an_answer_for_a_panel_that_is_gone_is_not_shown(editor, people):
    schedule_query(people, "@daily", "Europe/Berlin")
    page = editor(people.get_absolute_url() + "?panel=schedule")
    panel = page.get_by_role("dialog", name="Schedule")
    held = []
    page.route("**/schedule/firings/", lambda route: held.append(route))
    with page.expect_request("**/schedule/firings/"):
        panel.get_by_label("Schedule", exact=True).select_option("custom")
        panel.get_by_label("Cron").fill("0 25 * * *")
    panel.get_by_role("button", name="Done").press("Enter")
    expect(panel.locator(".invalid-feedback").first).to_contain_text("Hour: ")
    with page.expect_response("**/schedule/firings/"):
        held[0].continue_()
    page.unroute("**/schedule/firings/")
    panel.get_by_label("Cron").fill("0 12 * * *")
    expect(panel.locator(".sentence")).to_contain_text("At 12:00")


def test_a_schedule_is_paused_and_resumed_in_its_panel(editor, people, sftp, good_page):
    people.authentication = sftp
    given = {"path_prefix": "/{yyyy}{MM}{dd}.csv", "user_directory_is_root": True}
    people.export = Export.from_json(given).cleaned_data
    people.save()
    schedule_query(people, "30 2 * * sun", "Europe/Berlin", missed="all", overlap="skip")
    page = editor(people.get_absolute_url() + "?panel=schedule")
    panel = page.get_by_role("dialog", name="Schedule")
    expect(panel.get_by_label("Slots that were missed")).to_have_value("all")
    panel.get_by_label("Show the next").select_option("100")
    expect(panel).to_contain_text("The clock skips the time that was named", timeout=20_000)

    panel.get_by_role("button", name="Pause").press("Enter")

    expect(panel).to_be_hidden()
    expect(page.get_by_text("Paused: mia paused it.")).to_be_visible()
    page.get_by_role("link", name="Schedule: 30 2 * * sun").press("Enter")
    expect(panel).to_contain_text("It is paused: none of these starts until it is resumed.")
    good_page(page, "query-schedule-paused")
    panel.get_by_role("button", name="Resume").press("Enter")
    expect(page.get_by_text("Paused: mia paused it.")).to_be_hidden()
    expect(page.get_by_text("Next run").first).to_be_visible()


def test_a_panel_that_was_changed_asks_before_it_closes(editor, people, good_page, asks_first):
    schedule_query(people, "0 5 * * *", "UTC")
    page = editor(people.get_absolute_url() + "?panel=schedule")
    panel = page.get_by_role("dialog", name="Schedule")
    panel.get_by_label("Schedule").select_option("custom")
    panel.get_by_label("Cron").fill("0 6 * * *")
    asked = page.get_by_role("dialog", name="Are you sure?")

    for close in ("Escape", "Escape", "button"):
        if close == "Escape":
            page.keyboard.press("Escape")
        else:
            panel.get_by_role("link", name="Close").press("Enter")
        expect(asked).to_contain_text("What you changed here is not saved.")
        page.keyboard.press("Escape")
        expect(asked).to_be_hidden()
        expect(panel.get_by_label("Cron")).to_have_value("0 6 * * *")

    asks_first(page, panel.get_by_role("link", name="Earlier slots…"))
    panel.get_by_role("link", name="Cancel").press("Enter")
    good_page(page, "panel-changed")
    asked.get_by_role("button", name="Discard").press("Enter")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("link", name="Schedule: 0 5 * * *")).to_be_focused()


def test_a_panel_closes_at_once_where_nothing_is_lost(editor, people):
    page = editor(people.get_absolute_url() + "?panel=schedule")
    panel = page.get_by_role("dialog", name="Schedule")
    panel.get_by_label("Schedule").select_option("@daily")
    panel.get_by_role("button", name="Done").press("Enter")
    expect(panel).to_be_hidden()

    page.get_by_role("link", name="Schedule: ").press("Enter")
    panel.get_by_label("Show the next").select_option("20")
    page.keyboard.press("Escape")

    expect(panel).to_be_hidden()


def test_earlier_slots_are_chosen_and_run(as_user, marketer, people, good_page):
    now = datetime.now(UTC).replace(minute=30, second=0, microsecond=0)
    schedule_query(people, "0 * * * *", "Europe/Berlin", now=now - timedelta(hours=5))
    tick(now)
    page = as_user(marketer, reverse("backfill", args=[people.pk]))
    boxes = page.get_by_role("checkbox")
    expect(boxes.first).to_be_checked()
    good_page(page, "backfill")

    for box in boxes.all()[:-2]:
        box.uncheck()
    expect(page.locator("input:checked")).to_have_count(1)  # the latest has its job
    page.get_by_role("button", name="Run the chosen slots").press("Enter")

    expect(page.get_by_text("1 slot will run, one after the other.")).to_be_visible()


def test_a_webhook_is_entered_tried_and_kept_by_keyboard(
    editor, people, endpoint, settings, good_page
):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    schedule_query(people, "@daily")
    page = editor(people.get_absolute_url() + "?panel=schedule")
    panel = page.get_by_role("dialog", name="Schedule")
    panel.get_by_text("Webhook", exact=True).press("Enter")
    panel.get_by_label("Address").fill(endpoint.url("/hush-hush-abcd"))

    panel.get_by_role("button", name="Send test").press("Enter")
    expect(panel.get_by_text(f"127.0.0.1:{endpoint.port} answered 200 OK")).to_be_visible()
    panel.get_by_label("Shape").select_option("signed")
    panel.get_by_label("Address").press("Enter")  # as Done, and not as Send test

    secret = panel.get_by_role("region", name="Secret of the webhook")
    expect(secret).to_contain_text("whsec_")
    assert len(endpoint.requests) == 1
    panel.get_by_role("button", name="Send test").press("Enter")
    expect(panel.get_by_text(f"127.0.0.1:{endpoint.port} answered 200 OK")).to_be_visible()
    first = secret.inner_text()
    panel.get_by_role("button", name="New secret").press("Enter")
    expect(secret).not_to_have_text(first)
    good_page(page, "query-webhook")
    panel.get_by_role("button", name="Done").press("Enter")
    expect(panel).to_be_hidden()

    page.get_by_role("link", name="Schedule: @daily").press("Enter")
    expect(panel.get_by_text("…abcd")).to_be_visible()
    assert "hush-hush" not in page.content()
    good_page(page, "query-webhook-kept")
