"""Segments in a browser: built with the keyboard alone, counted, saved, kept in folders."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from activations.models import Folder, Segment
from tests.activations.studio import GOLD, all_of, bought, rule


@pytest.fixture
def studio(as_user, parent):
    """Open a page of the studio as a person."""

    def open_page(user, name="studio-parent", *more):
        return as_user(user, reverse(name, args=[parent.pk, *more]))

    return open_page


def test_a_segment_is_built_with_the_keyboard_alone(studio, marketer, good_page):
    page = studio(marketer, "new-segment")
    expect(page.locator("#customers")).to_have_text("100", timeout=30_000)
    good_page(page, "segment-new")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Gold buyers")

    page.get_by_role("button", name="Rule set", exact=True).press("Enter")
    expect(page.get_by_label("Rule 1.1: attribute")).to_be_focused()
    page.keyboard.type("tier")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("gold")
    expect(page.locator("#customers")).to_have_text("25", timeout=30_000)

    page.get_by_role("button", name="Behavior").press("Enter")
    expect(page.get_by_label("Rule 1.2: behavior")).to_be_focused()
    expect(page.locator("#customers")).to_have_text("20", timeout=30_000)
    page.get_by_label("orders: value").fill("3")
    page.get_by_role("button", name="Only some of them…").press("Enter")
    expect(page.get_by_label("Rule 1.2, condition 1: column")).to_be_focused()
    page.get_by_label("Rule 1.2, condition 1: column").select_option("amount")
    page.get_by_label("Rule 1.2, condition 1: how").select_option("is at least")
    page.get_by_label("Rule 1.2, condition 1: value").fill("20")
    expect(page.locator("#customers")).to_have_text("5", timeout=30_000)
    expect(page.locator(".funnel")).to_contain_text("All customers")
    expect(page.locator("#profiles tbody tr")).to_have_count(5, timeout=30_000)

    page.get_by_label("Rule 1.2: behavior").press("Alt+ArrowUp")
    expect(page.locator(".rule").first).to_contain_text("Only where")
    expect(page.locator(".rule").first).to_be_focused()
    expect(page.locator("#unsaved")).to_be_visible()
    good_page(page, "segment-built")
    page.keyboard.press("Control+s")

    expect(page.get_by_text("Saved. The rules are version 1.")).to_be_visible()
    segment = Segment.objects.get(name="Gold buyers")
    first, second = segment.rules["conditions"][0]["conditions"]
    assert first["leftValue"]["filter"]["conditions"][0]["operator"] == {
        "type": "GreaterEqual",
        "rightValue": 20,
    }
    assert second == rule("tier", "Equal", rightValue="gold")
    expect(page.locator("#customers")).to_have_text("5", timeout=30_000)
    expect(page.locator("#unsaved")).to_be_hidden()
    segment.refresh_from_db()
    assert segment.customers == 5
