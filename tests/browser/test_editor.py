"""The query editor, its export panel and its schedule, used by keyboard and mouse."""

import re
from contextlib import contextmanager

from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import expect

from console import jobs, tables
from console.models import Database, Job, Query, Schedule, Table
from console.queries.saving import save
from console.schedules import schedule_query
from integrations.connectors.sftp_v2 import Export
from integrations.models import Authentication

POLL = 700  # milliseconds, as in _query_job.html


def run_waiting():
    """Do the work of the cluster."""
    for job in Job.objects.filter(status=Job.Status.QUEUED):
        jobs.run(job.pk)


def write(page, sql):
    """Replace the text of the editor by typing."""
    page.locator(".ace_text-input").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(sql, delay=10)


def text(page):
    return page.locator("#sql").input_value()


def run(page):
    """Run the editor's text by key, and do the job."""
    with page.expect_response(re.compile("/run/")):
        page.keyboard.press("Control+Enter")
    run_waiting()


def completions(page):
    return page.locator(".ace_autocomplete .ace_line")


def test_a_query_is_written_run_and_saved_by_keyboard(editor, shop):
    page = editor("/workbench/queries/new/")
    write(page, "SELECT name FROM people ORDER BY name")
    page.keyboard.press("Escape")

    run(page)

    grid = page.get_by_role("region", name="Result", exact=True)
    expect(grid).to_contain_text("ann")
    expect(page.locator("#job")).to_contain_text("Success")
    page.get_by_label("Name", exact=True).fill("Names")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", level=1)).to_have_text("Names")
    assert Query.objects.get().sql == "SELECT name FROM people ORDER BY name"
    expect(grid).to_contain_text("bob")


def test_selected_text_runs_alone(editor, people):
    page = editor(people.get_absolute_url())
    write(page, "")
    # At once: Enter would take what is offered for the word before it.
    page.keyboard.insert_text("SELECT 1;\nSELECT nope")
    expect(page.locator("#sql")).to_have_value("SELECT 1;\nSELECT nope")
    page.keyboard.press("Shift+Home")

    run(page)

    assert Job.objects.get().sql == "SELECT nope"
    expect(page.locator("#job")).to_contain_text("Line 1, column 8")
    expect(page.locator(".ace_gutter-cell.ace_error")).to_have_text("2")


def test_a_run_is_shown_though_an_earlier_job_asks_for_itself_meanwhile(editor, people):
    page = editor("/workbench/queries/new/")
    write(page, "SELECT 1")
    with page.expect_response(re.compile("/run/")):
        page.keyboard.press("Control+Enter")
    expect(page.locator("#job")).to_have_attribute("data-job", re.compile(r"\d"))
    first = page.locator("#job").get_attribute("data-job")
    page.keyboard.insert_text(" + 1")  # The same text would be the same job.

    with slow(page, "**/run/"):
        page.keyboard.press("Control+Enter")
    expect(page.locator("#job")).not_to_have_attribute("data-job", first)

    with slow(page, "**/stop/"):
        page.locator("#stop").click()
    expect(page.locator("#job")).to_have_attribute("data-status", "killed")


def test_what_a_job_asked_for_before_a_run_does_not_take_its_place(editor, people):
    page = editor("/workbench/queries/new/")
    write(page, "SELECT 1")
    held = []
    page.route("**/queries/jobs/*/", lambda route: held.append(route))
    with page.expect_request(re.compile("/queries/jobs/")):
        page.keyboard.press("Control+Enter")
    expect(page.locator("#job")).to_have_attribute("data-job", re.compile(r"\d"))
    first = page.locator("#job").get_attribute("data-job")
    page.keyboard.insert_text(" + 1")  # The same text would be the same job.

    with page.expect_response(re.compile("/run/")):
        page.keyboard.press("Control+Enter")
    expect(page.locator("#job")).not_to_have_attribute("data-job", first)
    second = page.locator("#job").get_attribute("data-job")
    with page.expect_response(re.compile(f"/queries/jobs/{first}/")):
        held[0].continue_()
    page.wait_for_timeout(POLL)

    assert page.locator("#job").get_attribute("data-job") == second
    assert page.locator("#job-shown").input_value() == second
    assert f"Job {second}" in page.locator("#job").inner_text()


@contextmanager
def slow(page, address):
    """Hold the answer of the address back until the job on show has had time to ask twice."""
    held = []
    page.route(address, lambda route: held.append(route))
    yield
    page.wait_for_timeout(2 * POLL)
    for route in held:
        route.continue_()
    page.unroute(address)


def test_an_error_is_marked_on_its_line(editor, people, good_page):
    people.sql = "SELECT id,\n  nmae\nFROM people"
    save(people, by=people.owner)
    page = editor(people.get_absolute_url())
    page.locator(".ace_text-input").focus()

    run(page)

    expect(page.locator(".ace_gutter-cell.ace_error")).to_have_text("2")
    expect(page.locator(".sql-wrong")).to_be_visible()
    expect(page.get_by_role("alert").first).to_contain_text("Line 2, column 3")
    good_page(page, "query-error")
    write(page, "S")
    expect(page.locator(".sql-wrong")).to_have_count(0)


def test_an_error_moves_nobody_who_types_on(editor, people):
    page = editor(people.get_absolute_url())
    write(page, "")
    page.keyboard.insert_text("SELECT nope")
    with page.expect_response(re.compile("/run/")):
        page.keyboard.press("Control+Enter")
    page.keyboard.insert_text("\n-- on")
    run_waiting()
    expect(page.get_by_role("alert").first).to_contain_text("Line 1, column 8")
    page.keyboard.insert_text(" and on")

    assert text(page) == "SELECT nope\n-- on and on"
    expect(page.locator(".ace_error")).to_have_count(0)


def test_an_alias_completes_the_columns_of_its_table(editor, shop):
    page = editor("/workbench/queries/new/?database=shop")

    write(page, "SELECT * FROM people p WHERE p.")

    expect(completions(page).filter(has_text="email")).to_be_visible()
    expect(completions(page).filter(has_text="amount")).to_have_count(0)


def test_columns_come_first_where_a_table_is_called_with_its_database(editor, shop):
    page = editor("/workbench/queries/new/?database=shop")

    write(page, "SELECT * FROM shop.people WHERE e")
    page.keyboard.press("Control+Space")  # Keys that come too fast close the list.

    expect(completions(page).first).to_contain_text("email")


def test_tables_of_the_database_come_before_those_of_others(editor, shop, marketer):
    Table.objects.create(
        database=Database.objects.create(name="archive", owner=marketer),
        name="letters",
        columns=[["id", "bigint"]],
    )
    page = editor("/workbench/queries/new/?database=shop")
    write(page, "SELECT ")

    page.keyboard.press("Control+Space")

    expect(completions(page).nth(1)).to_contain_text("people")
    expect(completions(page).nth(2)).to_contain_text("archive.letters")


def test_names_are_completed_on_demand_where_there_are_very_many(editor, shop):
    table = shop.tables.get(name="people")
    table.columns = [[f"column_{number}", "bigint"] for number in range(5001)]
    table.save()
    page = editor("/workbench/queries/new/?database=shop")

    write(page, "SELECT * FROM people p WHERE p.column_50")

    expect(page.locator("#sql")).to_have_value(re.compile("column_50$"))
    expect(completions(page)).to_have_count(0)
    page.keyboard.press("Control+Space")
    expect(completions(page).filter(has_text="column_50").first).to_be_visible()


def test_the_editor_is_no_keyboard_trap(editor, people):
    page = editor(people.get_absolute_url())
    page.get_by_role("group", name=re.compile("^Editor content")).focus()

    page.keyboard.press("Enter")
    page.keyboard.type("-- ")
    assert "-- " in text(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")

    assert not page.evaluate("document.activeElement.closest('sql-editor')")


def test_a_table_of_the_tree_is_written_into_the_query(editor, shop):
    page = editor("/workbench/queries/new/?database=shop")
    page.get_by_label("Filter tables").fill("peo")
    expect(page.get_by_text("orders", exact=True)).to_be_hidden()
    page.locator(".tree").get_by_text("people", exact=True).click()
    page.get_by_role("button", name="email").click()
    page.get_by_role("button", name="Insert people").click()

    assert text(page) == "emailpeople"


def test_a_long_name_of_a_database_leaves_the_query_s_name_its_room(editor, people):
    tables.create_database("x" * 128, people.owner)

    page = editor(people.get_absolute_url())

    assert page.get_by_label("Name", exact=True).bounding_box()["width"] > 250
    tree = page.locator(".tree").evaluate("tree => tree.scrollWidth - tree.clientWidth")
    assert tree == 0


CUT = "cards => cards.filter((card) => card.scrollWidth > card.clientWidth).length"


def test_long_names_and_reasons_fit_a_phone(editor, people, sftp, no_sideways_scroll):
    Authentication.objects.update(name="a" * 100)
    people.name, people.authentication, people.export = "x" * 255, sftp, {"path_prefix": "/a"}
    people.save()
    schedule_query(people, "@daily", "UTC")
    wide = [["c" * 128, f"struct({'d' * 128} bigint)"]]
    Table.objects.create(database=people.database, name="wide", columns=wide)
    page = editor(people.get_absolute_url())
    page.set_viewport_size({"width": 360, "height": 800})
    for path in ("/", "/workbench/databases/shop/wide/"):
        page.goto(page.url.partition("/workbench")[0].rstrip("/") + path)
        assert page.locator(".card.flush").evaluate_all(CUT) == 0

    because = "The table " + "no" * 200 + " is gone."
    Schedule.objects.update(paused_at=timezone.now(), paused_because=because)
    page.goto(page.url.partition("/workbench")[0] + people.get_absolute_url())
    no_sideways_scroll(page)


def test_formatting_lays_the_text_out_and_can_be_undone(editor, people):
    page = editor(people.get_absolute_url())
    write(page, "select id from people -- all")
    page.keyboard.press("Control+Shift+f")

    expect(page.locator("#sql")).to_have_value("SELECT\n  id\nFROM people /* all */")
    page.keyboard.press("Control+z")
    assert text(page) == "select id from people -- all"


def test_leaving_with_unsaved_changes_asks(editor, people):
    page = editor(people.get_absolute_url())
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    expect(page.get_by_text("Unsaved changes")).to_be_hidden()

    write(page, "SELECT 2")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    page.get_by_role("link", name="Queries").first.click()
    page.wait_for_url("**/workbench/queries/")

    assert asked == ["beforeunload"]


def test_what_is_typed_while_a_query_is_saved_is_not_saved_yet(editor, people):
    page = editor(people.get_absolute_url())
    write(page, "SELECT 2")
    held = []
    page.route("**" + people.get_absolute_url(), lambda route: held.append(route))
    with page.expect_request("**" + people.get_absolute_url()):
        page.keyboard.press("Control+s")
    page.get_by_label("Name", exact=True).fill("Twenty-two")
    held[0].continue_()

    expect(page.get_by_text("Saved. The SQL is version 2.")).to_be_visible()
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    with page.expect_request("**" + people.get_absolute_url()):
        page.keyboard.press("Control+s")
    page.locator(".ace_text-input").first.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("2")
    with page.expect_response("**" + people.get_absolute_url()):
        held[1].continue_()
    page.unroute_all()

    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Twenty-two")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    query = Query.objects.get()
    assert (query.name, query.sql) == ("Twenty-two", "SELECT 22")


def test_a_session_that_ends_takes_no_text_with_it(editor, people):
    page = editor(people.get_absolute_url())
    write(page, "SELECT 2")
    Session.objects.all().delete()
    page.keyboard.press("Control+s")
    with page.expect_popup() as opened:
        page.get_by_role("alert").get_by_role("link", name="Sign in").click()
    sign_in(opened.value)

    page.locator("#save").click()

    expect(page.get_by_text("Saved. The SQL is version 2.")).to_be_visible()
    expect(page.get_by_text("Your session has ended.")).to_have_count(0)
    assert Query.objects.get().sql == "SELECT 2"


def sign_in(page):
    page.get_by_label("User name").fill("mia")
    page.get_by_label("Password").fill("pass-word-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def test_a_copy_is_saved_by_enter_and_cancelled_without_a_trace(editor, people):
    page = editor(people.get_absolute_url())
    opener = page.get_by_role("button", name="Save as…")
    dialog = page.get_by_role("dialog", name="Save as a new query")
    opener.click()
    dialog.get_by_label("Name of the copy").fill("Other people")
    dialog.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    opener.click()
    dialog.get_by_label("Name of the copy").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Other people")
    assert not Job.objects.exists()


def test_a_conflict_keeps_the_text_and_says_who_saved(editor, people, keeper):
    page = editor(people.get_absolute_url())
    theirs = Query.objects.get()
    theirs.sql = "SELECT 'theirs'"
    save(theirs, by=keeper)

    write(page, "SELECT 'mine'")
    page.keyboard.press("Control+s")

    expect(page.get_by_role("alert")).to_contain_text("ada saved version 2")
    assert text(page) == "SELECT 'mine'"
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved. The SQL is version 3.").first).to_be_visible()


def test_versions_are_compared_and_restored(editor, people, good_page):
    people.sql = "SELECT id\nFROM people"
    save(people, by=people.owner)
    page = editor(people.get_absolute_url())
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("link", name="Compare version 1").click()

    expect(page.get_by_role("region", name="Differences")).to_contain_text("ORDER BY id")
    good_page(page, "query-versions")
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.locator("#sql")).to_have_value(re.compile("ORDER BY id"))


def test_tabs_are_walked_with_arrows(editor, people, run_query, good_page):
    run_query(people)
    page = editor(people.get_absolute_url())
    page.get_by_role("tab", name="Results").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")

    expect(page.get_by_role("region", name="Jobs of this query")).to_be_visible()
    good_page(page, "query-history")


def test_an_export_is_chosen_previewed_and_saved(editor, people, sftp, run_query, good_page):
    run_query(people)
    page = editor(people.get_absolute_url())
    write(page, "SELECT 'not saved'")
    opener = page.get_by_role("link", name="Export Results")
    opener.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Export Results")
    panel.get_by_label("Rokt drop").check()
    panel.get_by_label("Path prefix").fill("/upload/people.csv")
    panel.get_by_label("No", exact=True).check()

    preview = panel.get_by_role("region", name="First bytes of the file", exact=True)
    expect(preview).to_contain_text("id,name␍␊")
    expect(panel.get_by_text("Writes /upload/people.csv")).to_be_visible()
    panel.locator("#export_format").select_option("tsv")
    expect(preview).to_contain_text("1⇥ann␍␊")
    good_page(page, "query-export")
    panel.get_by_role("button", name="Hex").click()
    expect(panel.get_by_role("region", name="First bytes of the file in hex")).to_contain_text(
        "69 64"
    )
    panel.get_by_role("button", name="Done").click()

    expect(panel).to_be_hidden()
    expect(page.get_by_role("link", name="Export Results: Rokt drop")).to_be_visible()
    expect(page.get_by_role("button", name="Run and export")).to_be_visible()
    assert text(page) == "SELECT 'not saved'"
    people.refresh_from_db()
    assert (people.authentication, people.export["format"]) == (sftp, "tsv")
    page.keyboard.press("Control+s")


def test_the_panel_closes_with_escape_and_gives_the_focus_back(editor, people, sftp):
    page = editor(people.get_absolute_url() + "?panel=export")
    expect(page.get_by_role("dialog")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("link", name="Export Results")).to_be_focused()
    assert "panel" not in page.url


def test_the_page_behind_an_open_panel_does_not_scroll(editor, people, sftp):
    page = editor(people.get_absolute_url() + "?panel=export")
    page.set_viewport_size({"width": 1000, "height": 420})
    expect(page.get_by_role("dialog", name="Export Results")).to_be_visible()
    expect(page.locator("html")).to_have_css("overflow-y", "hidden")
    page.keyboard.press("Escape")
    expect(page.locator("html")).to_have_css("overflow-y", "visible")


def test_a_missing_setting_is_named_and_focused(editor, people, sftp):
    page = editor(people.get_absolute_url() + f"?panel=export&authentication={sftp.pk}")
    page.get_by_role("dialog").get_by_role("button", name="Done").click()

    expect(page.get_by_role("dialog")).to_contain_text("This field is required.")
    expect(page.locator(".is-invalid").first).to_be_focused()


def test_run_and_export_now_shows_its_job(editor, people, sftp):
    people.authentication = sftp
    people.export = Export.from_json(
        {"path_prefix": "/a.csv", "user_directory_is_root": True}
    ).cleaned_data
    people.save()
    page = editor(people.get_absolute_url() + "?panel=export")

    page.get_by_role("button", name="Run and export now").click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#job")).to_contain_text("Queued")
    assert Job.objects.get().authentication == sftp
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#job")).to_contain_text("mia stopped this job.")


def test_the_editor_is_good_in_both_themes_and_on_a_phone(editor, people, run_query, good_page):
    job = run_query(people)
    page = editor(people.get_absolute_url() + f"?job={job.pk}")
    page.locator(".tree").get_by_text("people", exact=True).click()

    good_page(page, "query")


def test_the_list_is_good_and_n_begins_a_query(as_user, marketer, people, good_page):
    page = as_user(marketer, "/workbench/queries/")
    good_page(page, "queries")

    page.keyboard.press("n")

    page.wait_for_url("**/queries/new/")


def test_a_query_is_deleted_from_its_menu(as_user, marketer, people):
    page = as_user(marketer, "/workbench/queries/")
    page.get_by_role("button", name="Menu of People").click()
    page.get_by_role("menuitem", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete query").click()

    expect(page.get_by_text("No queries yet")).to_be_visible()


def test_the_empty_list_is_good(as_user, marketer, good_page):
    good_page(as_user(marketer, "/workbench/queries/"), "queries-empty")
