"""A parent segment is defined, checked, refreshed and read, by keyboard and mouse."""

from django.urls import reverse
from playwright.sync_api import expect

from activations.models import ParentSegment
from console import jobs
from tests.activations.parents import crm, parent, refresh  # noqa: F401  fixtures


def test_a_parent_segment_is_defined(as_user, marketer, crm, good_page):  # noqa: F811
    page = as_user(marketer, reverse("parent-segments"))
    expect(page.get_by_role("heading", name="No parent segments yet")).to_be_visible()
    good_page(page, "parents-empty")
    page.get_by_role("link", name="New parent segment").first.press("Enter")
    good_page(page, "parent-new")
    page.reload()  # Pictures leave styles at the fields, which htmx would copy.

    page.get_by_label("Name", exact=True).fill("People")
    customers_are_chosen(page)
    attributes_are_added(page.locator("joined-tables[prefix=attributes]"))
    behaviors_are_added(page.locator("joined-tables[prefix=behaviors]"))
    good_page(page, "parent-form")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("People is saved. It is built at the next refresh.")).to_be_visible()
    made = ParentSegment.objects.get()
    assert [each["table"] for each in made.attributes] == ["crm.people", "crm.profile"]
    assert [each["name"] for each in made.behaviors] == ["orders"]
    columns = {each["name"]: each["visibility"] for each in made.attributes[0]["columns"]}
    assert columns == {"id": "clear", "email": "masked", "city": "clear", "house": "clear"}


def customers_are_chosen(page):
    page.get_by_label("Master table").select_option("crm.people")
    expect(page.get_by_label("Key", exact=True)).to_have_value("id")
    expect(page.locator(".key-check").get_by_text("4 customers in 6 rows.")).to_be_visible(
        timeout=20_000
    )
    page.get_by_label("Visibility of email").select_option("masked")
    page.get_by_label("Use of age").press("Space")
    expect(page.get_by_label("Name of age")).to_be_hidden()


def attributes_are_added(part):
    part.get_by_role("button", name="Add attribute table").press("Enter")
    expect(part.get_by_label("Table", exact=True)).to_be_focused()
    part.get_by_label("Table", exact=True).select_option("crm.profile")
    part.get_by_label("Key in this table").select_option("seen_at")
    expect(part.get_by_text("0 % of 4 customers have rows in it.")).to_be_visible(timeout=20_000)
    part.get_by_label("Key in this table").select_option("person")
    expect(part.get_by_text("50.0 % of 4 customers")).to_be_visible(timeout=20_000)
    expect(part.get_by_label("Kind of seen_at")).to_have_value("timestamp")


def behaviors_are_added(part):
    part.get_by_role("button", name="Add behavior").click()
    part.get_by_label("Table", exact=True).select_option("crm.orders")
    expect(part.get_by_label("Name", exact=True)).to_have_value("orders")
    expect(part.get_by_label("Time", exact=True)).to_have_value("time")
    part.get_by_label("Key in this table").select_option("buyer")
    expect(part.get_by_text("50.0 % of 4 customers")).to_be_visible(timeout=20_000)


def test_a_refresh_is_followed_to_its_end(as_user, marketer, parent, good_page):  # noqa: F811
    page = as_user(marketer, parent.get_absolute_url())
    page.get_by_role("button", name="Refresh now").press("Enter")

    expect(page.get_by_text("A refresh is under way.")).to_be_visible()
    assert jobs.run(parent.query.jobs.get().pk)
    expect(page.locator("#parent-data")).to_contain_text("Success", timeout=20_000)
    expect(page.locator("#parent-data")).to_contain_text("3 behavior_orders")
    good_page(page, "parent")
    page.get_by_role("link", name="Parent segments", exact=True).click()
    expect(page.get_by_role("cell", name="4", exact=True)).to_be_visible()
    good_page(page, "parents")


def test_tables_are_moved_and_removed_by_keyboard(
    as_user,
    marketer,
    parent,  # noqa: F811
    good_page,
    asks_first,
):
    page = as_user(marketer, reverse("edit-parent-segment", args=[parent.pk]))
    visits = page.get_by_role("group", name="crm.visits")
    visits.get_by_label("Name", exact=True).press("Alt+ArrowUp")
    expect(visits.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.locator("#live")).to_have_text("Moved to place 1 of 2.")
    expect(page.get_by_role("button", name="Move crm.visits up")).to_be_disabled()
    asks_first(page, page.get_by_role("link", name="Cancel"))
    page.get_by_role("button", name="Remove crm.profile").press("Enter")
    expect(page.get_by_text("No attribute table yet.")).to_be_visible()
    page.get_by_label("Name", exact=True).first.fill("")

    page.get_by_role("button", name="Save", exact=True).press("Enter")

    expect(page.get_by_text("It is not saved yet")).to_be_visible()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    good_page(page, "parent-refused")
    page.get_by_label("Name", exact=True).first.fill("Less")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Less", exact=True)).to_be_visible()
    parent.refresh_from_db()
    assert [each["table"] for each in parent.attributes] == ["crm.people"]
    assert [each["name"] for each in parent.behaviors] == ["visits", "orders"]


def test_a_refresh_is_put_on_a_schedule(as_user, marketer, parent, good_page):  # noqa: F811
    page = as_user(marketer, parent.get_absolute_url())
    page.get_by_role("link", name="Change").press("Enter")
    panel = page.get_by_role("dialog", name="Schedule")
    panel.get_by_label("Schedule").select_option("@daily")
    expect(panel.locator("#firings tbody tr")).to_have_count(5)
    good_page(page, "parent-schedule")
    panel.get_by_role("button", name="Done").click()

    expect(page.get_by_text("Next refresh")).to_be_visible()
    page.get_by_role("button", name="More actions").press("Enter")
    page.get_by_role("menuitem", name="Delete…").press("Enter")
    good_page(page, "parent-delete")
