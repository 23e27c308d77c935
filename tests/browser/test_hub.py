"""The Integrations Hub in a browser."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from integrations.models import Authentication, SwitchedOff
from tests.integrations.conftest import store


@pytest.fixture
def local(settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]


def test_the_catalog_narrows_while_typing(as_user, marketer, good_page):
    SwitchedOff.objects.create(type="s3", reason="Send files to the agency by SFTP.")
    page = as_user(marketer, "/integrations/catalog/")
    good_page(page, "catalog")
    page.keyboard.press("/")
    page.keyboard.type("no such thing")
    expect(page.get_by_text("No connector matches")).to_be_visible()
    good_page(page, "catalog-empty")
    with page.expect_navigation():
        page.get_by_role("link", name="Clear search").click()
    page.keyboard.press("/")
    page.keyboard.type("sftp_v2")
    expect(page.locator("[data-card]:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New SFTP_V2 authentication")
    page.goto(page.url.replace("sftp_v2/new/", ""))
    page.keyboard.press("/")
    page.keyboard.type("amazon")
    expect(page.locator("[data-card]:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Amazon S3")
    good_page(page, "connector-switched-off")


def test_fields_appear_as_they_apply(as_user, marketer, good_page):
    page = as_user(marketer, "/integrations/catalog/sftp_v2/new/")
    key, password = page.get_by_label("Secret key file*"), page.get_by_label("Password*")
    expect(password).to_be_hidden()
    page.get_by_label("Authentication mode").select_option("Password")
    expect(password).to_be_visible()
    expect(key).to_be_hidden()
    page.get_by_label("Authentication mode").select_option("Public / Private key pair")
    expect(key).to_be_visible()
    good_page(page, "credentials")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("Not tested: correct this first")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#error_1_id_host")).to_have_text("This field is required.")
    good_page(page, "credentials-refused")


def test_what_is_wrong_about_a_field_is_said_until_it_is_changed(as_user, marketer, good_page):
    page = as_user(marketer, "/integrations/catalog/sftp_v2/new/")
    page.get_by_role("button", name="Continue").click()
    host, user = page.locator("#error_1_id_host"), page.locator("#error_1_id_username")
    expect(host).to_be_visible()
    expect(user).to_be_visible()
    page.get_by_label("Host*").fill("sftp.example.com")
    expect(host).to_have_count(0)
    expect(page.get_by_label("Host*")).not_to_have_class(re.compile("is-invalid"))
    expect(user).to_be_visible()
    good_page(page, "credentials-changed")


def test_what_keeps_a_connection_from_its_test_is_said_at_the_fields(as_user, marketer, good_page):
    page = as_user(marketer, "/integrations/catalog/sftp_v2/new/")
    host, user = page.get_by_label("Host*"), page.get_by_label("User*")
    user.fill("mia")
    page.get_by_role("button", name="Test connection").press("Enter")

    expect(host).to_have_attribute("aria-invalid", "true")
    expect(host).to_have_accessible_description(re.compile("This field is required"))
    expect(user).not_to_have_attribute("aria-invalid", "true")
    good_page(page, "credentials-not-tested")
    host.fill("sftp.example.com")
    expect(host).not_to_have_attribute("aria-invalid", "true")
    expect(host).not_to_have_accessible_description(re.compile("This field is required"))


def fill_in(page, sshd):
    page.get_by_label("Host*").fill(sshd.host)
    page.get_by_label("Port*").fill(str(sshd.port))
    page.get_by_label("User*").fill(sshd.username)
    chooser = page.get_by_label("Read secret key file from a file")
    chooser.set_input_files(sshd.folder / "user_key")
    expect(page.get_by_text("user_key was read into the field.")).to_be_visible()


def pass_the_test(page):
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("The connection works")).to_be_visible(timeout=20_000)


@pytest.mark.needs("sshd")
def test_an_authentication_is_tested_and_created(as_user, marketer, sshd, local, good_page):
    page = as_user(marketer, "/integrations/catalog/sftp_v2/new/")
    fill_in(page, sshd)
    pass_the_test(page)
    expect(page.locator("#test-result")).to_contain_text(sshd.fingerprint())
    good_page(page, "credentials-tested")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name*", exact=True).fill("Rokt SFTP")
    good_page(page, "credentials-name")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rokt SFTP")
    expect(page.get_by_text(re.compile("set on"))).to_be_visible()
    assert "PRIVATE KEY" not in page.content()


@pytest.mark.needs("sshd")
def test_a_stored_one_is_tested_and_its_pin_forgotten(as_user, keeper, sshd, local, good_page):
    stored = store(keeper, "Rokt SFTP", **sshd.settings)
    page = as_user(keeper, stored.get_absolute_url())
    pass_the_test(page)
    page.reload()
    good_page(page, "authentication")
    page.get_by_role("button", name="Forget pinned key").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget pinned key").click()
    expect(page.get_by_text("is forgotten")).to_be_visible()


@pytest.mark.needs("sshd")
def test_a_failed_step_says_what_to_do(as_user, keeper, sshd, local, good_page):
    wrong = store(keeper, host=sshd.host, port=sshd.port, username=sshd.username, timeout=10)
    page = as_user(keeper, wrong.get_absolute_url())
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("The connection does not work yet")).to_be_visible(timeout=20_000)
    expect(page.locator(".test-steps .failed .remedy")).to_be_visible()
    expect(page.locator(".test-steps .skipped").first).to_be_visible()
    expect(page.get_by_role("region", name="Tests so far")).to_contain_text("Log in failed")
    good_page(page, "authentication-failed")


def test_the_list_and_its_menu(as_user, keeper, good_page):
    page = as_user(keeper, "/integrations/authentications/")
    good_page(page, "authentications-empty")
    store(keeper)
    store(keeper, "Advertiser uploads")
    page.reload()
    good_page(page, "authentications")
    for name in ("Advertiser uploads", "Rokt"):
        page.keyboard.press("j")
        expect(page.get_by_role("link", name=name)).to_be_focused()
    page.get_by_role("button", name="Actions for Rokt").press("Enter")
    expect(page.get_by_role("menuitem", name="Edit")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Duplicate")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rokt (copy)")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    good_page(page, "authentication-delete")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Rokt (copy) is deleted.")).to_be_visible()
    assert Authentication.objects.count() == 2


def test_the_edit_page_offers_to_keep_the_secret(as_user, keeper, marketer, good_page):
    authentication = store(keeper)
    page = as_user(keeper, f"{authentication.get_absolute_url()}edit/")
    expect(page.get_by_label("Password")).to_have_attribute(
        "placeholder", re.compile("leave blank to keep")
    )
    good_page(page, "authentication-edit")
    page.get_by_label("Password").fill("another-one")
    Session.objects.all().delete()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    expect(page.get_by_label("Password")).to_have_value("another-one")
    as_user(keeper)
    page.goto(page.url.replace("edit", "sharing"))
    page.get_by_label("mia").check()
    good_page(page, "authentication-sharing")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".badge", has_text="mia")).to_be_visible()


def test_the_reference_page(as_user, marketer, good_page):
    page = as_user(marketer, "/integrations/catalog/sftp_v2/")
    expect(page.get_by_role("heading", name="Export")).to_be_visible()
    good_page(page, "connector")


def test_the_admin_knows_the_fields_of_the_connector(as_user, keeper, shot):
    authentication = store(keeper)
    page = as_user(keeper, f"/admin/integrations/authentication/{authentication.pk}/change/")
    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_label("Secret key file:", exact=True)).to_be_hidden()
    shot(page, "admin-authentication")
    page.goto(page.url.replace(f"{authentication.pk}/change", "add"))
    page.get_by_role("link", name="SFTP_V2").click()
    expect(page.get_by_label("Host")).to_be_visible()
    shot(page, "admin-authentication-add")
