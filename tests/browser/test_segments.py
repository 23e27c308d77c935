"""Segments in a browser: built with the keyboard alone, counted, saved, kept in folders."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import expect

from activations.models import Folder, Segment
from activations.segments.saving import save
from tests.activations.studio import all_of, bought, rule
from tests.browser.conftest import session_cookie


@pytest.fixture
def studio(as_user, shoppers):
    """Open a page of the studio as a person."""

    def open_page(user, name="studio-parent", *more):
        return as_user(user, reverse(name, args=[shoppers.pk, *more]))

    return open_page


def counted(page, customers):
    expect(page.locator("#customers")).to_have_text(customers, timeout=40_000)


def of_condition(page, what):
    return page.get_by_label(f"Rule 1.2, condition 1: {what}")


def build(page):
    """Two rules, by keys alone: gold customers, and those with two orders of at least 20."""
    page.get_by_role("button", name="Rule set", exact=True).press("Enter")
    expect(page.get_by_label("Rule 1.1: attribute")).to_be_focused()
    page.keyboard.type("tier")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("gold")
    counted(page, "25")
    page.get_by_role("button", name="Behavior").press("Enter")
    expect(page.get_by_label("Rule 1.2: behavior")).to_be_focused()
    counted(page, "20")
    page.get_by_label("orders: value").fill("2")
    page.get_by_role("button", name="Only some of them…").press("Enter")
    expect(of_condition(page, "column")).to_be_focused()
    page.keyboard.type("amount")
    of_condition(page, "how").focus()
    page.keyboard.type("is at least")
    of_condition(page, "value").fill("20")
    counted(page, "10")


def test_a_segment_is_built_with_the_keyboard_alone(studio, marketer, good_page):
    page = studio(marketer, "new-segment")
    counted(page, "100")
    good_page(page, "segment-new")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Gold buyers")
    build(page)
    expect(page.locator(".funnel")).to_contain_text("All customers")
    expect(page.locator("#profiles tbody tr")).to_have_count(10, timeout=40_000)

    page.get_by_label("Rule 1.2: behavior").press("Alt+ArrowUp")
    expect(page.locator(".rule").first).to_contain_text("Only where")
    expect(page.locator(".rule").first).to_be_focused()
    expect(page.locator("#unsaved")).to_be_visible()
    good_page(page, "segment-built")
    page.keyboard.press("Control+s")

    expect(page.get_by_text("Saved. The rules are version 1.")).to_be_visible()
    expect(page.locator("#unsaved")).to_be_hidden()
    counted(page, "10")
    segment = Segment.objects.get(name="Gold buyers")
    first, second = segment.rules["conditions"][0]["conditions"]
    [inner] = first["leftValue"]["filter"]["conditions"]
    assert inner["operator"] == {"type": "GreaterEqual", "rightValue": 20}
    assert second == rule("tier", "Equal", rightValue="gold")
    assert segment.customers == 10


def test_problems_are_said_at_their_rule(as_user, studio, marketer, make, good_page):
    segment = make("Old", all_of(rule("age", "Greater", rightValue=60), bought(1)))
    held = []
    as_user(marketer).route("**/profiles/", lambda route: held.append(route))
    page = studio(marketer, "segment", segment.pk)
    expect(page.locator("#profiles")).to_have_attribute("aria-busy", "true", timeout=40_000)
    page.get_by_label("age: value").fill("old")

    expect(page.locator(".rule").first.get_by_text("'old' is not a number.")).to_be_visible()
    expect(page.locator("#of-total")).to_have_text("A rule has to be completed.")
    expect(page.locator("#profiles")).to_have_attribute("aria-busy", "false")
    page.unroute("**/profiles/")
    good_page(page, "segment-problem")
    page.locator(".rule").first.focus()
    page.keyboard.press("Delete")
    expect(page.locator(".rule")).to_have_count(1)
    expect(page.locator(".rule").first).to_be_focused()
    counted(page, "80")


def test_a_session_that_ends_takes_no_rule_with_it(studio, marketer, live_server):
    page = studio(marketer, "new-segment")
    page.get_by_label("Name", exact=True).fill("All of them")
    Session.objects.all().delete()
    # The count can tell it too, while it is still asked whether the save would arrive.
    with page.expect_response(lambda answer: answer.request.resource_type == "fetch"):
        page.keyboard.press("Control+s")
    told = page.get_by_role("alert").filter(has_text="Your session has ended.")
    expect(told.get_by_role("link", name="Sign in")).to_be_visible()
    save = page.get_by_role("button", name="Save", exact=True)
    expect(save).not_to_have_attribute("aria-disabled", "true")

    page.context.add_cookies([session_cookie(marketer, live_server.url)])
    page.keyboard.press("Control+s")
    page.keyboard.press("Control+s")

    expect(page.get_by_role("heading", level=1)).to_have_text("All of them")
    assert [one.name for one in Segment.objects.all()] == ["All of them"]


def test_a_value_that_is_still_being_typed_is_saved_with_the_rule(studio, marketer, make):
    segment = make("Some tiers", all_of(rule("tier", "In", rightValues=["gold"])))
    page = studio(marketer, "segment", segment.pk)
    page.get_by_label("tier: value: add one").fill("silver")
    page.keyboard.press("Control+s")

    expect(page.get_by_text("Saved. The rules are version 2.")).to_be_visible()
    segment.refresh_from_db()
    assert segment.rules["conditions"][0]["conditions"][0]["operator"]["rightValues"] == [
        "gold",
        "silver",
    ]


def test_a_rule_about_a_list_says_of_which_members_it_is(studio, marketer, make):
    segment = make("Not new", all_of(rule("tags", "Equal", rightValue="new", **{"not": True})))
    page = studio(marketer, "segment", segment.pk)
    counted(page, "10")
    expect(page.locator(".rule")).to_have_attribute(
        "aria-label", "Rule 1.1: tags (any of them) is not new"
    )

    page.get_by_label("tags: how many of its values").select_option("all of them")

    counted(page, "0")
    expect(page.locator(".funnel")).to_contain_text("tags (all of them) is not new")


def test_a_segment_is_moved_by_its_menu(studio, marketer, make, shoppers, good_page):
    make()
    Folder.objects.create(parent_segment=shoppers, name="Summer")
    page = studio(marketer)
    good_page(page, "studio-list")
    page.get_by_role("link", name="Gold", exact=True).press("Shift+F10")
    page.get_by_role("menuitem", name="Move…").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Move to").select_option("Summer")
    good_page(page, "segment-move")
    dialog.get_by_role("button", name="Move").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Summer")
    expect(page.get_by_role("link", name="Gold", exact=True)).to_be_visible()


def test_a_folder_is_created_in_a_dialog(studio, marketer, shoppers, good_page):
    page = studio(marketer)
    good_page(page, "studio-empty")
    page.get_by_role("button", name="Create new").press("Enter")
    page.get_by_role("menuitem", name="Folder…").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Save folder").press("Enter")
    expect(dialog.get_by_text("This field is required.")).to_be_visible()
    dialog.get_by_label("Name").fill("Growth")
    dialog.get_by_label("Name").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Growth")


def test_the_folders_are_walked_by_arrows(studio, marketer, shoppers, good_page):
    growth = Folder.objects.create(parent_segment=shoppers, name="Growth")
    for name in ("Spring", "Summer"):
        Folder.objects.create(parent_segment=shoppers, name=name, within=growth)
    Folder.objects.create(parent_segment=shoppers, name="Retention")
    page = studio(marketer)
    tree = page.get_by_role("navigation", name="Folders")
    walk = [
        *(("ArrowDown", "Growth"), ("ArrowRight", "Spring"), ("ArrowRight", "Spring")),
        *(("ArrowDown", "Summer"), ("ArrowLeft", "Growth"), ("End", "Retention")),
        *(("ArrowDown", "Retention"), ("ArrowUp", "Summer"), ("Home", shoppers.name)),
        *(("ArrowLeft", shoppers.name), ("ArrowRight", "Growth")),
    ]
    tree.get_by_role("link", name=shoppers.name).focus()
    for key, name in walk:
        page.keyboard.press(key)
        expect(tree.get_by_role("link", name=name)).to_be_focused()
    good_page(page, "studio-folders")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Growth")


def test_what_is_used_says_so_before_it_is_deleted(studio, marketer, make, good_page):
    gold = make()
    make("Gold, again", all_of({"type": "Reference", "id": gold.pk}))
    page = studio(marketer)
    page.get_by_role("button", name="Menu of Gold", exact=True).press("Enter")
    page.get_by_role("menuitem", name="Delete…").press("Enter")

    dialog = page.get_by_role("dialog", name="Delete “Gold”?")
    expect(dialog.get_by_role("link", name="Gold, again")).to_be_visible()
    expect(dialog.get_by_role("button", name="Delete segment")).to_have_count(0)
    good_page(page, "segment-in-use")


def test_insight_and_versions_are_pages_with_tables(studio, marketer, make, good_page):
    other = make("Buyers", all_of(bought(1)))
    segment = make()
    for customers in (20, 25):
        segment.sizes.create(customers=customers)
    segment.rules = all_of(rule("tier", "In", rightValues=["gold", "silver"]), bought(2))
    save(segment, by=marketer, opened=1)
    page = studio(marketer, "segment-insight", segment.pk)
    page.get_by_label("Attribute").select_option("age")
    page.get_by_role("checkbox", name=other.name).check()
    page.get_by_role("button", name="Compare").press("Enter")
    expect(page.get_by_text("Customers of the segment by age")).to_be_visible(timeout=40_000)
    expect(page.locator(".matrix tbody tr")).to_have_count(2)
    good_page(page, "segment-insight")

    page.get_by_role("link", name="Versions").press("Enter")
    page.get_by_role("link", name="Compare version 1").press("Enter")
    expect(page.locator(".diff")).to_contain_text("orders: number of times is at least 2")
    good_page(page, "segment-versions")
