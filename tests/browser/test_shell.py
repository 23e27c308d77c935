"""The frame around every page."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from console import jobs
from console.models import LookUp
from console.schedules import schedule_query
from tests.browser.conftest import session_cookie


def test_a_person_signs_in_and_out(clean_page, live_server, marketer, good_page):
    clean_page.goto(live_server.url + "/settings/")
    good_page(clean_page, "login")
    clean_page.get_by_label("User name").fill("mia")
    clean_page.get_by_label("Password").fill("wrong")
    clean_page.keyboard.press("Enter")
    expect(clean_page.get_by_role("alert")).to_have_text("The user name or the password is wrong.")
    clean_page.get_by_label("Password").fill("pass-word-1")
    clean_page.get_by_role("button", name="Sign in").click()
    expect(clean_page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    clean_page.get_by_role("button", name="mia").click()
    clean_page.get_by_role("menuitem", name="Sign out").click()
    expect(clean_page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_settings_page(as_user, marketer, good_page):
    page = as_user(marketer, "/settings/")
    good_page(page, "settings")
    page.get_by_label("First name").fill("Mia")
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    expect(page.get_by_role("button", name="Mia")).to_be_visible()


def test_the_theme_is_kept(as_user, marketer):
    page = as_user(marketer, "/help/keys/")
    page.emulate_media(color_scheme="light")
    html = page.locator("html")
    expect(html).to_have_attribute("data-theme", "light")
    page.locator(".rail").get_by_role("button", name="Switch between light and dark").click()
    expect(html).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(html).to_have_attribute("data-theme", "dark")


def test_what_is_wrong_about_a_page_is_found(page, axe):
    page.set_content("<html lang=en><title>A page</title><main><h1>A</h1><img src='data:,'></main>")

    with pytest.raises(AssertionError, match="image-alt"):
        axe(page)


def test_the_question_mark_lists_the_keys(as_user, marketer, axe):
    page = as_user(marketer, "/settings/")
    page.locator("main").press("?")
    dialog = page.get_by_role("dialog", name="Keyboard keys")
    expect(dialog).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_first_tab_stop_skips_to_the_content(as_user, marketer):
    page = as_user(marketer, "/settings/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"


def test_the_user_menu_works_by_keys(as_user, marketer):
    page = as_user(marketer, "/settings/")
    button = page.get_by_role("button", name="mia")
    button.press("Enter")
    expect(page.get_by_role("menuitem", name="Settings")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Sign out")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_a_menu_takes_the_focus_from_nobody_who_was_quicker(as_user, marketer):
    page = as_user(marketer, "/settings/")
    quick = """async (name) => {
        const menu = document.querySelector(".menu[popover]");
        const items = [...menu.querySelectorAll("[role=menuitem]")];
        menu.showPopover();
        items.find((item) => item.textContent.includes(name)).focus();
        await new Promise((opened) => menu.addEventListener("toggle", opened, { once: true }));
        return document.activeElement.textContent;
    }"""
    assert "Sign out" in page.evaluate(quick, "Sign out")


def test_the_rail_folds_on_a_phone(as_user, marketer, axe):
    page = as_user(marketer, "/settings/")
    page.set_viewport_size({"width": 360, "height": 740})
    link = page.locator(".rail").get_by_role("link", name="Home")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()


def test_only_admins_are_shown_the_administration(as_user, marketer, keeper):
    link = as_user(keeper, "/settings/").get_by_role("link", name="Django admin")
    expect(link).to_be_visible()
    expect(as_user(marketer, "/settings/").get_by_role("link", name="Django admin")).to_be_hidden()


def test_a_failed_request_is_told_once_and_forgotten_when_it_works_again(
    page, live_server, marketer, people
):
    job = jobs.submit_query(people)
    page.context.add_cookies([session_cookie(marketer, live_server.url)])
    page.goto(f"{live_server.url}/workbench/jobs/{job.pk}/")
    page.route("**/live/**", lambda route: route.abort())
    toast = page.get_by_text("Could not reach the server. Try again.")
    expect(toast).to_have_count(1)
    with page.expect_request("**/live/**") as asked:
        pass
    assert asked.value.headers["x-poll"]
    expect(toast).to_have_count(1)
    page.unroute("**/live/**")
    expect(toast).to_have_count(0)
    page.route("**/live/**", lambda route: route.fulfill(status=500), times=1)
    toast = page.get_by_text("The server could not do that.")
    expect(toast).to_have_count(1)
    expect(toast).to_have_count(0)


def test_a_look_up_goes_on_after_a_failure(page, live_server, keeper):
    look_up = LookUp.objects.create(by=keeper, kind="phone number", before=1)
    page.context.add_cookies([session_cookie(keeper, live_server.url)])
    page.route("**/more/", lambda route: route.abort(), times=1)
    page.goto(live_server.url + look_up.get_absolute_url())
    expect(page.get_by_text("A phone number, looked up")).to_be_visible()
    expect(page.get_by_text("Could not reach the server. Try again.")).to_be_visible()
    expect(page.get_by_text("Nothing was delivered yet.")).to_be_visible()


def test_a_failure_is_told_in_the_panel_it_is_of(page, live_server, marketer, people):
    page.context.add_cookies([session_cookie(marketer, live_server.url)])
    page.goto(live_server.url + people.get_absolute_url() + "?panel=schedule")
    page.route("**/schedule/", lambda route: route.fulfill(status=500))
    panel = page.get_by_role("dialog", name="Schedule")
    panel.get_by_role("button", name="Done").click()
    told = panel.get_by_role("alert").filter(has_text="The server could not do that.")
    out_of_date = panel.get_by_text("You may not do that, or this page is out of date")
    told.get_by_role("button", name="Dismiss").click()
    expect(told).to_have_count(0)
    page.unroute("**/schedule/")
    page.route("**/schedule/", lambda route: route.fulfill(status=403), times=1)
    panel.get_by_role("button", name="Done").click()
    expect(out_of_date).to_be_visible()

    panel.get_by_role("button", name="Done").click()
    expect(page.locator("body > #toasts")).to_contain_text("The query has no schedule now.")


def test_a_form_is_not_sent_while_the_server_is_away(page, live_server, marketer, people):
    page.context.add_cookies([session_cookie(marketer, live_server.url)])
    page.goto(live_server.url + "/workbench/queries/new/")
    page.get_by_label("Name", exact=True).fill("Mine")
    page.route("**/login/", lambda route: route.fulfill(status=503), times=1)
    page.get_by_role("button", name="Export Results").click()
    expect(page.get_by_role("alert")).to_contain_text("Could not reach the server. Try again.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Mine")


def test_what_takes_longer_than_a_moment_says_so(as_user, marketer, people, axe):
    page = as_user(marketer, people.get_absolute_url())
    held = []
    page.route("**/schedule/", lambda route: held.append(route))
    page.get_by_role("link", name="Schedule: None").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_attribute("data-loading", "")
    expect(heading).to_have_accessible_name("People")
    expect(page.locator("#panel")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_text("Working on it…")).to_be_visible()
    axe(page)
    held[0].continue_()
    expect(page.get_by_role("dialog", name="Schedule")).to_be_visible()
    expect(page.get_by_text("Working on it…")).to_have_count(0)
    expect(page.locator("[data-loading], [aria-busy]")).to_have_count(0)
    panel = page.get_by_role("dialog", name="Schedule")
    panel.get_by_role("button", name="Done").click()
    expect(panel.get_by_role("heading", name="Schedule")).to_have_attribute("data-loading", "")
    held[1].continue_()
    expect(page.locator("[data-loading], [aria-busy]")).to_have_count(0)


def test_a_session_that_ended_leads_to_the_sign_in_and_back(as_user, marketer, people, axe):
    job = jobs.submit_query(people)
    page = as_user(marketer, f"/workbench/jobs/{job.pk}/")
    Session.objects.all().delete()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    axe(page)
    page.get_by_label("User name").fill("mia")
    page.get_by_label("Password").fill("pass-word-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Job {job.pk}")).to_be_visible()


def test_the_first_page(as_user, marketer, people, run_query, good_page):
    page = as_user(marketer, "/")
    expect(page.get_by_role("heading", name="Your first export in three steps")).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text("The cluster is not running")
    run_query(people)
    page.reload()
    good_page(page, "home")
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("1")
    expect(page.get_by_role("region", name="Jobs by day")).to_be_visible()


def test_the_administration_in_the_console_colours(as_user, keeper, people, run_query, good_page):
    run_query(people)
    page = as_user(keeper, "/admin/")
    expect(page.get_by_role("link", name="Console administration")).to_be_visible()
    good_page(page, "admin")
    for name in ("console/job", "console/query", "integrations/switchedoff"):
        page.goto(page.url.split("/admin/")[0] + f"/admin/{name}/")
        good_page(page, f"admin-{name.partition('/')[2]}")


def test_the_page_of_notifications(as_user, keeper, people, mailbox, settings, good_page):
    people.owner, people.notify_success = keeper, True
    people.save()
    people.notified.set([keeper])
    schedule_query(people, "0 6 * * mon-fri", "Europe/Berlin")
    page = as_user(keeper, "/settings/notifications/")
    page.get_by_role("button", name="Send a test mail").press("Enter")
    expect(page.get_by_text("The mail server took it.")).to_be_visible()
    good_page(page, "notifications")
    settings.EMAIL_PORT = 1
    page.get_by_role("button", name="Send a test mail").press("Enter")
    expect(page.get_by_text("▲ Not sent.")).to_be_visible()
    page.get_by_role("link", name="Change who hears of People").click()
    expect(page.get_by_role("dialog", name="Schedule")).to_be_visible()


def test_the_page_of_notifications_where_there_are_none(as_user, marketer, settings, good_page):
    settings.EMAIL_HOST = ""
    marketer.email = ""
    marketer.save()
    page = as_user(marketer, "/settings/notifications/")
    expect(page.get_by_text("Nothing tells you of its runs yet")).to_be_visible()
    good_page(page, "notifications-empty")


def test_the_page_of_the_command_line(as_user, marketer, good_page):
    page = as_user(marketer, "/help/cli/")
    page.locator("summary").first.press("Enter")
    expect(page.get_by_role("region", name="Options of td query")).to_be_visible()
    good_page(page, "command-line")
    page.get_by_role("button", name="Copy the --result for Rokt").press("Enter")
    expect(page.get_by_text(re.compile("Copied|Press Ctrl"))).to_be_visible()


def test_the_page_for_what_is_not_there_searches(
    page, live_server, marketer, people, good_page, no_sideways_scroll
):
    page.context.add_cookies([session_cookie(marketer, live_server.url)])
    page.goto(live_server.url + "/workbench/queries/999/")
    good_page(page, "not-found")
    page.locator("main").press("/")
    page.keyboard.type("peop")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="People")).to_be_visible()
    good_page(page, "search")
    page.goto(live_server.url + "/search/?q=nothing+is+called+like+this+" + "x" * 70)
    expect(page.get_by_text("Nothing that you may see")).to_be_visible()
    no_sideways_scroll(page)
    page.goto(live_server.url + "/studio/who-got-what/")
    expect(page.get_by_text("You may not see this page")).to_be_visible()
    good_page(page, "not-allowed")
    page.context.clear_cookies()
    page.goto(live_server.url + "/nothing/")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    no_sideways_scroll(page)
