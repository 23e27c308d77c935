"""A connector that is switched off: nothing new is made of it, what is there goes on."""

import pytest

from integrations.models import Authentication, SwitchedOff
from tests.integrations.conftest import SETTINGS, store

ADMIN = "/admin/integrations/switchedoff/"
NEW = "/integrations/catalog/sftp_v2/new/"
SAID = "Switched off by an administrator"


@pytest.fixture
def off(db):
    return SwitchedOff.objects.create(type="sftp_v2", reason="Use S3.")


def text_of(response):
    return response.content.decode()


def test_an_admin_switches_a_connector_off_and_on(client, keeper):
    client.force_login(keeper)
    assert SAID not in text_of(client.get("/integrations/catalog/"))

    made = client.post(f"{ADMIN}add/", {"type": "sftp_v2", "reason": "Use S3."})

    assert made.status_code == 302 and SwitchedOff.objects.get().sentence == (
        "SFTP_V2 is switched off by an administrator. Use S3."
    )
    assert "SFTP_V2" in text_of(client.get(ADMIN))
    assert 'value="sftp_v2"' not in text_of(client.get(f"{ADMIN}add/"))
    page = f"{ADMIN}{SwitchedOff.objects.get().pk}"
    client.post(f"{page}/change/", {"type": "s3", "reason": ""})
    assert SwitchedOff.objects.get().type == "sftp_v2" and not SwitchedOff.objects.get().reason
    client.post(f"{page}/delete/", {"post": "yes"})
    assert SAID not in text_of(client.get("/integrations/catalog/"))


def test_marketers_switch_nothing_off(client, marketer):
    marketer.is_staff = True
    marketer.save()
    client.force_login(marketer)

    assert client.post(f"{ADMIN}add/", {"type": "sftp_v2"}).status_code == 403


def test_its_card_and_its_page_say_so_and_offer_nothing(client, marketer, off):
    client.force_login(marketer)

    page = text_of(client.get("/integrations/catalog/", {"q": "sftp_v2"}))
    own = text_of(client.get("/integrations/catalog/sftp_v2/"))

    for each in (page, own):
        assert SAID in each and "Use S3." in each and NEW not in each


@pytest.mark.parametrize("path", [NEW, f"{NEW}name/"])
def test_no_authentication_of_it_can_be_made(client, marketer, path):
    client.force_login(marketer)
    client.post(NEW, {name: str(value) for name, value in SETTINGS.items()})
    SwitchedOff.objects.create(type="sftp_v2")

    answer = client.post(path, {"name": "Mine"}, follow=True)

    assert answer.redirect_chain[-1][0] == "/integrations/catalog/sftp_v2/"
    assert "No authentication can be created." in text_of(answer)
    assert not Authentication.objects.exists()


def test_nor_in_the_admin_nor_as_a_copy(client, keeper, off):
    kept = store(keeper)
    client.force_login(keeper)
    add = "/admin/integrations/authentication/add/?type=sftp_v2"

    chooser = text_of(client.get(add))
    client.post(add, {"name": "Mine", "owner": keeper.pk})
    copied = client.post(f"{kept.get_absolute_url()}duplicate/", follow=True)

    assert "?type=s3" in chooser and "?type=sftp_v2" not in chooser
    assert "SFTP_V2 is switched off by an administrator. Use S3." in text_of(copied)
    assert Authentication.objects.get() == kept


def test_what_is_there_says_that_it_goes_on_and_can_be_changed(client, keeper, marketer, off):
    kept = store(keeper)
    kept.shared_users.add(marketer)
    for person in (keeper, marketer):
        client.force_login(person)
        page = text_of(client.get(kept.get_absolute_url()))
        assert SAID in page and "What exports with it already goes on" in page
        assert "switched off" in text_of(client.get("/integrations/authentications/"))
    client.force_login(keeper)

    changed = client.post(
        f"{kept.get_absolute_url()}edit/",
        {name: str(value) for name, value in SETTINGS.items()} | {"host": "new.test"},
    )

    assert changed.status_code == 302
    kept.refresh_from_db()
    assert kept.settings["host"] == "new.test"


def test_cards_say_what_can_be_sent_with_a_connector(client, marketer):
    client.force_login(marketer)

    assert "File storage · export, activation" in text_of(client.get("/integrations/catalog/"))
