"""Databases, tables and uploads in a browser."""

import re

import pytest
from playwright.sync_api import expect

from console.tables import create_database

CSV = "id,Email Address,joined\n1,ann@example.com,2026-01-31\n2,,2026-02-01\n"


def test_a_database_is_made_in_a_dialog(as_user, marketer, good_page, axe):
    page = as_user(marketer, "/workbench/databases/")
    expect(page.get_by_role("heading", name="No databases yet")).to_be_visible()
    good_page(page, "databases-empty")
    page.locator("main").press("n")
    dialog = page.get_by_role("dialog", name="New database")
    dialog.get_by_label("Name").fill("Spring")
    dialog.get_by_label("Name").press("Enter")
    expect(dialog.get_by_text("cannot be the name of a database")).to_be_visible()
    axe(page)
    dialog.get_by_label("Name").fill("spring")
    dialog.get_by_role("button", name="Create database").click()
    expect(page.get_by_role("heading", name="spring", level=1)).to_be_visible()
    good_page(page, "database-empty")


def test_a_table_is_looked_at_by_keys(as_user, marketer, shop, good_page):
    page = as_user(marketer, "/workbench/databases/")
    good_page(page, "databases")
    page.locator("main").press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="shop", level=1)).to_be_visible()
    good_page(page, "database")
    page.keyboard.press("/")
    page.keyboard.type("nothing")
    expect(page.get_by_role("heading", name="No table is called “nothing”.")).to_be_visible()
    good_page(page, "database-none")
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_label("Filter tables")).to_be_focused()
    page.locator("main").press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="people", level=1)).to_be_visible()
    good_page(page, "table")
    page.get_by_role("link", name="Query this table").click()
    expect(page).to_have_url(re.compile("database=shop&table=people"))


def test_the_databases_narrow_to_tables_of_a_name(as_user, marketer, shop, good_page):
    create_database("spring", marketer)
    page = as_user(marketer, "/workbench/databases/")
    page.keyboard.press("/")
    page.keyboard.type("peo")
    expect(page.get_by_role("link", name="spring")).to_be_hidden()
    expect(page.get_by_role("link", name="orders")).to_be_hidden()
    expect(page.get_by_role("link", name="people")).to_be_visible()
    good_page(page, "databases-filtered")
    page.get_by_role("searchbox").press("Enter")
    page.locator("main").press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="people", level=1)).to_be_visible()


def test_a_search_among_very_many_is_said_in_a_heading_that_is_seen(
    as_user, marketer, shop, monkeypatch
):
    monkeypatch.setattr("console.views.databases.MOST_LISTED", 1)
    page = as_user(marketer, "/workbench/databases/")
    held = []
    page.route("**/databases/?q=*", lambda route: held.append(route))
    page.get_by_role("searchbox").fill("peo")
    expect(page.get_by_role("heading", name="Databases")).to_have_attribute("data-loading", "")
    held[0].continue_()
    expect(page.get_by_role("link", name="people")).to_be_visible()
    expect(page.locator("[data-loading]")).to_have_count(0)


def test_a_table_is_dropped_only_after_a_question(as_user, marketer, shop, axe):
    page = as_user(marketer, "/workbench/databases/shop/people/")
    page.get_by_role("button", name="More for shop.people").click()
    page.get_by_role("menuitem", name="Drop the table").click()
    dialog = page.get_by_role("dialog", name="Are you sure?")
    expect(dialog).to_contain_text("Queries that read it will fail.")
    axe(page)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="More for shop.people").click()
    page.get_by_role("menuitem", name="Drop the table").click()
    dialog.get_by_role("button", name="Drop the table").click()
    expect(page.get_by_text("Table shop.people is dropped.")).to_be_visible()


@pytest.fixture
def file(tmp_path):
    def file(text, name="crew.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return file


def test_a_file_is_uploaded(as_user, marketer, shop, file, good_page, asks_first):
    page = as_user(marketer, "/workbench/databases/shop/")
    page.get_by_role("link", name="Upload a file").click()
    expect(page.get_by_label("Database")).to_have_value("shop")
    good_page(page, "upload")
    page.get_by_label("File").set_input_files(file(CSV))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="crew.csv", level=1)).to_be_visible()
    good_page(page, "upload-table")
    page.get_by_label("Name of column 1").fill("crew_id")
    page.get_by_label("Type of column 1").select_option("varchar")
    asks_first(page, page.get_by_role("link", name="It is a row"))
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("crew.csv is in shop.crew, which has 2 rows.")).to_be_visible()
    expect(page.get_by_role("columnheader", name="crew_id varchar")).to_be_visible()


def test_a_broken_file_names_the_line_beside_its_field(as_user, marketer, shop, file, good_page):
    page = as_user(marketer, "/workbench/upload/?database=shop")
    page.get_by_label("File").set_input_files(file(CSV + '3,"never closed\n'))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("crew.csv:")).to_contain_text("4")
    expect(page.get_by_label("File")).to_be_focused()
    expect(page.get_by_label("Database")).to_have_value("shop")
    good_page(page, "upload-broken")


def test_a_file_for_a_table_that_is_there_asks_what_to_do(as_user, marketer, shop, file, good_page):
    page = as_user(marketer, "/workbench/upload/?database=shop")
    page.get_by_label("File").set_input_files(file("id,name,email\n7,eve,\n", "people.csv"))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Choose what happens to the rows")).to_be_visible()
    good_page(page, "upload-there")
    page.get_by_label("Add the rows of the file to the 2 rows of people").check()
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("people.csv is in shop.people, which has 3 rows.")).to_be_visible()


def test_a_file_of_another_kind_is_refused_in_place(as_user, marketer, shop, file, axe):
    page = as_user(marketer, "/workbench/upload/")
    page.get_by_label("File").set_input_files(file("MZ", "game.exe"))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("does not tell what kind of file it is")).to_be_visible()
    axe(page)
