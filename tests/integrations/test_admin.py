import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import Authentication, ConnectionTest, HostKey
from tests.integrations.conftest import SETTINGS, store
from tests.integrations.keys import private_key

LIST = "/admin/integrations/authentication/"
ADD = f"{LIST}add/?type=sftp_v2"
SECRET = SETTINGS["password"].strip()


@pytest.fixture
def ada(client, keeper):
    client.force_login(keeper)
    return client


def change(authentication):
    return f"{LIST}{authentication.pk}/change/"


def entered(owner, **changes):
    return {name: str(value) for name, value in SETTINGS.items()} | {
        "name": "Rokt",
        "exports_at_once": "2",
        "owner": owner.pk,
        **changes,
    }


def text_of(response):
    return response.content.decode()


def test_it_shows_what_the_connector_declares(ada, authentication):
    page = text_of(ada.get(change(authentication)))

    assert "Retry limit" in page and "sftp.test" in page and SECRET not in page
    assert "leave blank to keep" in page and 'data-when="auth_method=password"' in page


def test_a_secret_left_blank_is_kept(ada, keeper, authentication):
    response = ada.post(change(authentication), entered(keeper, password="", host="new.test"))

    assert response.status_code == 302, response.context["errors"]
    authentication.refresh_from_db()
    assert authentication.settings == SETTINGS | {"host": "new.test"}
    assert authentication.exports_at_once == 2


def opened_in(response):
    """Return the mark that the form on a page carries."""
    return response.context["adminform"].form["opened"].value()


def test_no_secret_goes_to_the_host_of_a_form_that_was_opened_before(ada, keeper, authentication):
    page, moved = change(authentication), {"host": "moved.test", "password": "moved-too"}
    mine = entered(keeper, password="", opened=opened_in(ada.get(page)))
    authentication.replace_settings(SETTINGS | moved)
    authentication.save()

    refused = ada.post(page, mine)

    assert "It was saved in another window, or by somebody else" in text_of(refused)
    assert 'value="sftp.test"' in text_of(refused)
    authentication.refresh_from_db()
    assert authentication.settings == SETTINGS | moved
    seen = mine | {"password": "mine-again", "opened": opened_in(refused)}
    assert ada.post(page, seen).status_code == 302
    authentication.refresh_from_db()
    assert authentication.settings == SETTINGS | {"password": "mine-again"}


def test_nobody_gets_it_back_by_a_form_that_was_opened_before(ada, marketer, authentication):
    authentication.shared_users.add(marketer)
    page = change(authentication)
    mine = entered(
        authentication.owner, shared_users=[marketer.pk], opened=opened_in(ada.get(page))
    )
    authentication.shared_users.clear()

    assert "by somebody else" in text_of(ada.post(page, mine))

    assert not authentication.shared_users.exists()


def test_what_was_tested_before_is_not_said_of_other_credentials(ada, keeper, authentication):
    passed = {"tested_at": timezone.now(), "test_steps": [{"name": "log in", "outcome": "passed"}]}
    Authentication.objects.update(**passed)

    ada.post(change(authentication), entered(keeper, password=""))
    authentication.refresh_from_db()
    assert authentication.tested_at  # They are the same.
    ada.post(change(authentication), entered(keeper, host="new.test"))

    authentication.refresh_from_db()
    assert (authentication.tested_at, authentication.test_steps) == (None, [])


def test_it_asks_for_what_the_choice_calls_for(ada, keeper, authentication):
    page = text_of(ada.post(change(authentication), entered(keeper, auth_method="key_pair")))

    assert page.count("This field is required.") == 1


def test_to_add_one_begins_with_the_connector(ada, keeper):
    assert "?type=sftp_v2" in text_of(ada.get(f"{LIST}add/"))
    assert "Retry limit" in text_of(ada.get(ADD))

    response = ada.post(ADD, entered(keeper))

    assert response.status_code == 302, response.context["errors"]
    made = Authentication.objects.get()
    assert made.settings == SETTINGS and made.type == "sftp_v2" and made.owner == keeper
    assert made.secrets_set.keys() == {"password"}


def test_a_name_that_is_taken_is_refused(ada, keeper, authentication):
    page = text_of(ada.post(ADD, entered(keeper)))

    assert "There is an authentication of that name already." in page


def test_a_wrong_entry_does_not_show_the_secret(ada, keeper, authentication):
    key = private_key("123")
    pair = {"auth_method": "key_pair", "secret_key_file": key, "secret_key_passphrase": "nope-12"}

    page = text_of(ada.post(change(authentication), entered(keeper, **pair)))

    assert "The passphrase does not open the private key." in page
    assert key[60:120] not in page and "nope-12" not in page


def test_credentials_that_do_not_open_can_be_entered_again(ada, keeper, authentication):
    Authentication.objects.update(sealed="garbage")

    assert ada.get(LIST).status_code == 200
    assert ada.get(change(authentication)).status_code == 200
    assert ada.post(change(authentication), entered(keeper)).status_code == 302
    authentication.refresh_from_db()
    assert authentication.settings == SETTINGS


@pytest.mark.needs("sshd")
def test_the_action_tests_the_connection(ada, keeper, sshd, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    good = Authentication(name="Good", type="sftp_v2", owner=keeper)
    good.replace_settings(sshd.settings)
    good.save()
    bad = store(keeper, "Bad", host="127.0.0.1", port=sshd.port, timeout=5)
    chosen = {"action": "test_connection", "_selected_action": [good.pk, bad.pk]}

    page = text_of(ada.post(LIST, chosen, follow=True))

    assert "Good: the test passed." in page and "Bad: log in failed." in page
    good.refresh_from_db()
    assert [test.by for test in ConnectionTest.objects.all()] == [keeper, keeper]
    assert good.tested_at and HostKey.objects.get().fingerprint == sshd.fingerprint()


def test_a_host_key_is_forgotten_by_deleting_it(ada):
    key = HostKey.objects.create(host="sftp.test", port=22, key="ssh-ed25519 AAAA")
    assert "SHA256:" in text_of(ada.get("/admin/integrations/hostkey/"))

    ada.post(reverse("admin:integrations_hostkey_delete", args=[key.pk]), {"post": "yes"})

    assert not HostKey.objects.exists()


def test_marketers_do_not_come_in(client, marketer, authentication):
    client.force_login(marketer)

    assert client.get(LIST).status_code in (302, 403)


def test_no_page_shows_a_secret_that_was_saved(ada, keeper):
    ada.post(ADD, entered(keeper, password="zq-unheard-of"))
    made = Authentication.objects.get()
    hub = made.get_absolute_url()
    pages = [
        *("/", "/integrations/catalog/", "/integrations/catalog/sftp_v2/"),
        *("/integrations/catalog/sftp_v2/new/", "/integrations/authentications/"),
        *(hub, f"{hub}edit/", f"{hub}sharing/", f"{hub}delete/"),
        *("/admin/", LIST, change(made), f"{LIST}{made.pk}/history/", f"{LIST}{made.pk}/delete/"),
    ]

    for page in pages:
        response = ada.get(page)
        assert response.status_code == 200, page
        assert "zq-unheard-of" not in text_of(response) + str(response.headers), page
