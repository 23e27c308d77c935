"""Create Activation in a browser: from the menu of a segment to the file at its receiver."""

import re
from hashlib import sha256

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from activations.models import Activation
from console import jobs
from console.models import Job
from integrations.models import Authentication

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")


@pytest.fixture
def drop(sshd, marketer, settings):
    """Mia's authentication of a server that is there."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    drop = Authentication(name="Partner drop", type="sftp_v2", owner=marketer)
    drop.settings = sshd.settings
    drop.save()
    return drop


def facts(page, text):
    expect(page.locator("#preview-facts")).to_contain_text(text, timeout=40_000)


def fill_details(page):
    page.get_by_label("Name", exact=True).fill("Gold, weekly")
    page.get_by_text("Partner drop").click()
    page.get_by_role("radio", name="Yes").first.check()
    page.get_by_label("Path prefix").fill("/in/gold.csv")
    expect(page.get_by_text("/in/gold.csv", exact=True)).to_be_visible()


def choose_columns(page, good_page):
    page.get_by_role("link", name="Output Mapping").click()
    page.get_by_label(re.compile("^Export All Columns")).uncheck()
    page.get_by_role("button", name="Add columns").click()
    good_page(page, "activation-pick")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("tier").check()
    dialog.get_by_label("email").check()
    dialog.get_by_role("button", name="Add 2 columns").click()
    page.get_by_role("button", name="Add string").click()
    page.get_by_label("Column 3, part 1: value").fill("spring")
    page.get_by_label("Column 3: output name").fill("campaign")
    page.get_by_label("Hash email").check()
    page.locator(".handle").nth(2).drag_to(page.locator(".output-column").first)
    expect(page.get_by_label("Column 1: campaign", exact=True)).to_be_focused()
    facts(page, "3 columns")


def test_an_activation_is_created_with_the_mouse(as_user, marketer, make, drop, sshd, good_page):
    gold = make()
    page = as_user(marketer, reverse("studio-parent", args=[gold.parent_segment_id]))
    page.get_by_role("link", name="Gold", exact=True).click(button="right")
    page.get_by_role("menuitem", name="Create Activation").click()
    facts(page, "25 customers")
    fill_details(page)
    choose_columns(page, good_page)
    good_page(page, "activation-mapping")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("combobox", name="Schedule").select_option("@daily")
    expect(page.locator("#firings tbody tr")).to_have_count(5)
    good_page(page, "activation-schedule")
    page.get_by_role("button", name="Create and run now").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Gold, weekly")
    jobs.run(Job.objects.get(query=Activation.objects.get().query).pk)
    lines = (sshd.root / "in" / "gold.csv").read_bytes().split(b"\r\n")
    assert lines[0] == b"campaign,tier,email" and lines[-1] == b""
    assert lines[1:-1] == [
        f"spring,gold,{sha256(f'c{n}@example.com'.encode()).hexdigest()}".encode()
        for n in range(0, 100, 4)
    ]
    assert Activation.objects.get().query.schedule.cron == "@daily"


def type_details(page):
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("By keys")
    expect(page.get_by_label("Name", exact=True)).to_have_value("By keys")
    page.get_by_label("Partner drop").press("Space")
    page.get_by_role("radio", name="Yes").first.press("Space")
    page.get_by_label("Path prefix").focus()
    page.keyboard.type("/in/keys.csv")
    expect(page.get_by_label("Path prefix")).to_have_value("/in/keys.csv")


def type_columns(page):
    """A picked attribute, the name of the segment, and what was ordered last."""
    page.get_by_label("Export All Columns").press("Space")
    page.get_by_role("button", name="Add columns").press("Enter")
    page.keyboard.type("ti")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("tier")).to_be_focused()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Add 1 column").press("Enter")
    expect(page.locator(".output-column").first).to_be_focused()
    page.get_by_role("button", name="Add string").press("Enter")
    expect(page.get_by_label("Column 2, part 1: type")).to_be_focused()
    page.keyboard.type("Segment N")
    page.get_by_label("Column 2: output name").fill("Tier")
    expect(page.get_by_text("Another column is called “Tier” already")).to_be_visible()
    page.get_by_label("Column 2: output name").fill("segment")
    page.get_by_role("button", name="Add behavior").press("Enter")
    page.get_by_role("button", name="Columns of orders").press("Enter")
    page.get_by_role("dialog").get_by_label("amount").press("Space")
    page.get_by_role("button", name="Add 1 column").press("Enter")


def test_an_activation_is_created_by_keys_alone(as_user, marketer, make, drop, sshd, good_page):
    gold = make()
    page = as_user(marketer, reverse("studio-parent", args=[gold.parent_segment_id]))
    page.get_by_role("link", name="Gold", exact=True).press("Shift+F10")
    page.get_by_role("menuitem", name="Create Activation").press("Enter")
    page.wait_for_url("**/new/#details")  # The page has shown its first step.
    type_details(page)
    page.get_by_role("button", name="Next").press("Enter")
    type_columns(page)
    page.get_by_label("Column 3: which rows").select_option("Top N rows")
    facts(page, "3 columns")
    good_page(page, "activation-behavior")
    page.get_by_label("Column 3: which rows").select_option("Last row")
    page.get_by_label("Column 2: segment", exact=True).press("Alt+ArrowUp")
    expect(page.get_by_label("Column 1: segment", exact=True)).to_be_focused()
    page.get_by_label("Column 2: tier", exact=True).press("Delete")
    expect(page.locator(".output-column")).to_have_count(2)
    facts(page, "2 columns")
    page.keyboard.press("Control+s")

    expect(page.get_by_text("“By keys” is created.")).to_be_visible()
    jobs.run(jobs.submit_query(Activation.objects.get().query).pk)
    rows = (sshd.root / "in" / "keys.csv").read_text().splitlines()
    assert rows[0] == "segment,amount" and len(rows) == 26
    assert set(rows[1:]) <= {f"Gold,{amount}" for amount in ("", "10.0", "20.0", "30.0", "40.0")}


def test_what_is_wrong_opens_its_step(as_user, marketer, make, drop, good_page):
    gold = make()
    page = as_user(marketer, reverse("new-activation", args=[gold.parent_segment_id, gold.pk]))
    facts(page, "25 customers")
    page.get_by_label("Name", exact=True).fill("Never sent")
    page.get_by_text("Partner drop").click()
    expect(page.get_by_label("Path prefix")).to_be_visible()
    page.get_by_role("link", name="Schedule").last.click()
    page.get_by_role("combobox", name="Schedule").select_option("custom")
    page.get_by_label("Cron", exact=True).fill("61 * * * *")
    page.get_by_role("button", name="Create", exact=True).click()

    expect(page.locator("#details .invalid-feedback").first).to_be_visible()
    expect(page.get_by_role("link", name="Schedule").last).to_contain_text("1 to correct")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Never sent")
    facts(page, "25 customers")
    good_page(page, "activation-wrong")
    page.get_by_role("link", name="Schedule").last.click()
    expect(page.locator("#schedule .invalid-feedback")).to_be_visible()
    assert not Activation.objects.exists()


def test_what_was_corrected_is_not_counted_any_more(as_user, marketer, make, drop):
    gold = make()
    page = as_user(marketer, reverse("new-activation", args=[gold.parent_segment_id, gold.pk]))
    facts(page, "25 customers")
    page.get_by_role("button", name="Create", exact=True).click()
    step = page.get_by_role("navigation", name="Steps").get_by_role("link", name="Details")
    expect(step).to_contain_text("2 to correct")

    page.get_by_label("Name", exact=True).fill("Never sent")
    expect(step).to_contain_text("1 to correct")
    page.get_by_text("Partner drop").click()

    expect(step).not_to_contain_text("to correct")
    expect(page.get_by_text("Choose where it goes")).to_be_hidden()


def test_the_bar_with_the_buttons_covers_little(as_user, marketer, make, drop, good_page):
    gold = make()
    page = as_user(marketer, reverse("new-activation", args=[gold.parent_segment_id, gold.pk]))
    facts(page, "25 customers")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="Back")).to_be_visible()
    bar = page.locator(".save-bar")
    page.reload(wait_until="load")
    facts(page, "25 customers")
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport(ratio=1)

    for width in (1440, 1366, 1280, 1024, 768):
        page.set_viewport_size({"width": width, "height": 800})
        assert bar.bounding_box()["height"] < 70, f"it has several lines at {width} px"
    page.set_viewport_size({"width": 360, "height": 800})
    expect(bar).to_have_css("position", "static")
    good_page(page, "activation-bar")
