"""Looking up who got what, by keyboard, with the deliveries found in portions."""

import pytest
from playwright.sync_api import expect

from console.deliveries import looking_up
from tests.console import deliveries
from tests.console.test_who_got_what import ABOUT

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")
hand_over = deliveries.send  # a fixture; that of this folder with its name is another one


def test_an_address_leads_to_its_deliveries(
    as_user, keeper, hand_over, good_page, shot, monkeypatch
):
    monkeypatch.setattr(looking_up, "SECONDS", 0)
    monkeypatch.setattr("console.deliveries.searching.TOGETHER", 1)
    page = as_user(keeper, "/studio/who-got-what/")
    expect(page.get_by_role("heading", name="Nothing was delivered yet")).to_be_visible()
    good_page(page, "who-got-what-empty")
    hand_over(about=ABOUT), hand_over("SELECT 'x@example.com' AS email"), hand_over(about=ABOUT)

    page.get_by_role("link", name="Who got what").click()
    page.get_by_label("E-mail address, id, phone number or SHA-256").fill("Ann@Example.com")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="2 deliveries")).to_be_visible()
    expect(page.get_by_role("link", name="Download as CSV")).to_be_visible()
    expect(page.get_by_text("Looked through")).to_have_count(0)
    assert "ann" not in page.url.lower()
    good_page(page, "who-got-what-found")
    page.get_by_role("link", name="Look something else up").click()
    page.get_by_label("E-mail address, id, phone number or SHA-256").fill("nobody@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No delivery carried it")).to_be_visible()
    shot(page, "who-got-what-none")
    page.get_by_role("link", name="Who got what").first.click()
    expect(page.get_by_role("heading", name="Who looked something up")).to_be_visible()
    good_page(page, "who-got-what-look-ups")
