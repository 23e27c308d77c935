import re

import pytest
from django.urls import reverse

from integrations.models import Authentication, HostKey
from tests.integrations.conftest import SETTINGS, store
from tests.integrations.keys import private_key

SECRET = SETTINGS["password"].strip()
NEW = "/integrations/catalog/sftp_v2/new/"
ENTERED = {name: str(value) for name, value in SETTINGS.items()}


def text_of(response):
    return response.content.decode()


def test_the_catalog_has_a_card_for_each_connector(client, marketer, authentication):
    client.force_login(marketer)

    page = text_of(client.get("/integrations/catalog/"))

    assert "SFTP_V2" in page and "Create Authentication" in page and "None yet" in page


def test_the_catalog_counts_what_can_be_used(client, marketer, authentication):
    authentication.shared_users.add(marketer)
    client.force_login(marketer)

    assert "1 existing" in text_of(client.get("/integrations/catalog/"))


@pytest.mark.parametrize(
    ("words", "cards"), [("SFTP_V2 upload", 1), ("csv manifest", 1), ("ftps only", 0)]
)
def test_the_catalog_can_be_searched(client, marketer, words, cards):
    client.force_login(marketer)

    page = text_of(client.get("/integrations/catalog/", {"q": words}))

    assert page.count("data-card=") == cards
    assert ('id="no-match" hidden' in page) == bool(cards)


def test_an_authentication_is_made_in_two_steps(client, marketer, colleague):
    client.force_login(marketer)

    first = client.post(NEW, ENTERED)
    assert first.status_code == 302 and first.url == f"{NEW}name/"
    second = text_of(client.get(first.url))
    assert SECRET not in second and "Name" in second
    done = client.post(first.url, {"name": "Rokt", "shared_users": [colleague.pk]})

    made = Authentication.objects.get(name="Rokt")
    assert done.status_code == 302 and done.url == made.get_absolute_url()
    assert made.settings == SETTINGS and made.owner == marketer
    assert list(made.shared_users.all()) == [colleague]


def test_a_name_goes_with_the_credentials_that_were_shown(client, marketer):
    client.force_login(marketer)
    name = client.post(NEW, ENTERED).url
    first = text_of(client.get(name))
    shown = re.search(r'name="shown" value="(\w+)"', first)[1]
    assert "sftp.test:22" in first and f"<dd>{SETTINGS['username']}</dd>" in first
    client.post(NEW, ENTERED | {"host": "elsewhere.test"})  # in another tab

    late = client.post(name, {"name": "Rokt", "shown": shown}, follow=True)

    assert not Authentication.objects.exists()
    assert late.redirect_chain[0][0] == NEW and "elsewhere.test" in text_of(late)
    assert "other credentials were entered in another tab meanwhile" in text_of(late)


def test_a_secret_of_another_tab_goes_to_no_other_host(client, marketer):
    client.force_login(marketer)
    shown = re.search(r'name="shown" value="(\w+)"', text_of(client.get(NEW)))[1]
    client.post(NEW, ENTERED)  # in another tab
    mine = ENTERED | {"host": "elsewhere.test", "password": "", "shown": shown}

    tested = client.post(f"{NEW}test/", mine, headers={"HX-Request": "true"})
    refused = client.post(NEW, mine)

    assert "Password: <span>This field is required.</span>" in text_of(tested)
    assert refused.status_code == 422 and "This field is required." in text_of(refused)
    shown = re.search(r'name="shown" value="(\w+)"', text_of(refused))[1]
    assert client.post(NEW, mine | {"shown": shown, "password": "mine"}).status_code == 302


def test_between_the_steps_secrets_are_sealed(client, marketer):
    client.force_login(marketer)

    client.post(NEW, ENTERED)

    assert SECRET not in str(dict(client.session)) and "sftp.test" not in str(dict(client.session))


def test_a_wrong_field_answers_422_and_keeps_the_secret(client, marketer):
    client.force_login(marketer)

    wrong = client.post(NEW, ENTERED | {"port": "70000"})
    assert wrong.status_code == 422
    assert SECRET not in text_of(wrong) and "leave blank to keep" in text_of(wrong)
    client.post(NEW, ENTERED | {"password": ""})
    client.post(f"{NEW}name/", {"name": "Rokt"})

    assert Authentication.objects.get(name="Rokt").settings["password"] == SETTINGS["password"]


def test_a_draft_can_be_thrown_away(client, marketer):
    client.force_login(marketer)
    client.post(NEW, ENTERED)
    assert "You began this earlier" in text_of(client.get(NEW))

    client.post(NEW, {"start_over": "yes"})

    assert "sftp.test" not in text_of(client.get(NEW))


def test_nobody_began_who_entered_nothing(client, marketer):
    client.force_login(marketer)
    empty = {"port": "22", "auth_method": "key_pair", "max_connection_retry": "10"}

    assert client.post(NEW, empty | {"timeout": "600"}).status_code == 422

    assert "You began this earlier" not in text_of(client.get(NEW))
    client.post(NEW, empty | {"timeout": "600", "username": "mia"})
    assert "You began this earlier" in text_of(client.get(NEW))


def test_the_second_step_needs_the_first(client, marketer):
    client.force_login(marketer)

    assert client.get(f"{NEW}name/").url == NEW


def test_a_name_that_is_taken_is_refused(client, marketer, authentication):
    client.force_login(marketer)
    client.post(NEW, ENTERED)

    response = client.post(f"{NEW}name/", {"name": "Rokt"})

    assert response.status_code == 422
    assert text_of(response).count("There is an authentication of that name already.") == 1


@pytest.mark.parametrize(
    ("next_", "lands"),
    [
        (
            "/workbench/queries/1/?panel=export",
            "/workbench/queries/1/?panel=export&authentication=",
        ),
        ("https://elsewhere.test/", "/integrations/authentications/"),
    ],
)
def test_done_leads_back_to_where_it_was_asked_for(client, marketer, next_, lands):
    client.force_login(marketer)

    name = client.post(NEW, ENTERED | {"next": next_}).url
    done = client.post(name, {"name": "Rokt", "next": next_})

    assert done.url.startswith(lands)


def test_the_catalog_remembers_where_to_go_back_to(client, marketer):
    client.force_login(marketer)

    page = text_of(client.get("/integrations/catalog/", {"next": "/workbench/queries/1/?panel=x"}))

    assert f"{NEW}?next=%2Fworkbench%2Fqueries%2F1%2F%3Fpanel%3Dx" in page


def test_a_putty_key_is_refused_with_the_command_that_converts_it(client, marketer):
    client.force_login(marketer)
    key = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n"

    page = text_of(client.post(NEW, ENTERED | {"auth_method": "key_pair", "secret_key_file": key}))

    assert "puttygen" in page and "PuTTY-User-Key-File" not in page


def test_a_key_pair_is_stored(client, marketer):
    client.force_login(marketer)
    key = private_key("123")
    pair = {"auth_method": "key_pair", "secret_key_file": key, "secret_key_passphrase": "123"}

    client.post(NEW, ENTERED | pair)
    client.post(f"{NEW}name/", {"name": "Rokt"})

    stored = Authentication.objects.get(name="Rokt").settings
    assert stored["secret_key_file"] == key and "password" not in stored


def test_the_list_shows_only_what_may_be_used(client, marketer, colleague, authentication):
    store(colleague, "Otto's")
    shared = store(colleague, "Shared")
    shared.shared_groups.set(marketer.groups.all())
    client.force_login(marketer)

    page = text_of(client.get("/integrations/authentications/"))

    assert "Shared" in page and "Otto's" not in page and "Rokt" not in page
    assert "popovertarget" not in page.partition("<table data-rows>")[2].partition("</table>")[0]


def test_an_empty_list_leads_to_the_catalog(client, marketer):
    client.force_login(marketer)

    assert "No authentications yet" in text_of(client.get("/integrations/authentications/"))


def test_the_owner_sees_the_settings_but_no_secret(client, keeper, authentication):
    client.force_login(keeper)

    page = text_of(client.get(authentication.get_absolute_url()))

    assert "sftp.test" in page and SECRET not in page
    assert "td_authentication_id" in page and "&quot;password&quot;: &quot;***&quot;" in page
    assert re.search(r"set on \d+ \w+ \d{4}", page)


def test_those_who_only_use_it_see_no_settings(client, marketer, authentication):
    authentication.shared_users.add(marketer)
    client.force_login(marketer)

    page = text_of(client.get(authentication.get_absolute_url()))

    assert "Rokt" in page and "SFTP_V2" in page
    assert "sftp.test" not in page and SECRET not in page


PAGES = [
    "authentication",
    "edit-authentication",
    "share-authentication",
    "delete-authentication",
]
ACTIONS = ["test-authentication", "duplicate-authentication", "forget-key", "test-edited"]


@pytest.mark.parametrize("route", PAGES + ACTIONS)
def test_what_is_not_shared_is_not_there(client, marketer, authentication, route):
    client.force_login(marketer)
    url = reverse(route, args=[authentication.pk])

    assert (client.get(url) if route in PAGES else client.post(url)).status_code == 404


@pytest.mark.parametrize("route", PAGES[1:] + ACTIONS)
def test_those_who_only_use_it_change_nothing(client, marketer, authentication, route):
    authentication.shared_users.add(marketer)
    client.force_login(marketer)
    url = reverse(route, args=[authentication.pk])

    assert client.post(url, ENTERED).status_code == 404
    authentication.refresh_from_db()
    assert authentication.settings == SETTINGS


@pytest.mark.parametrize("route", ACTIONS)
def test_reading_changes_nothing(client, keeper, authentication, route):
    client.force_login(keeper)

    assert client.get(reverse(route, args=[authentication.pk])).status_code == 405


def test_an_edit_keeps_a_secret_left_blank(client, keeper, authentication):
    client.force_login(keeper)
    since = authentication.secrets_set["password"]

    client.post(f"{authentication.get_absolute_url()}edit/", ENTERED | {"password": "", "port": 23})

    authentication.refresh_from_db()
    assert authentication.settings == SETTINGS | {"port": 23}
    assert authentication.secrets_set == {"password": since}


def test_an_edit_replaces_a_secret(client, keeper, authentication):
    client.force_login(keeper)
    since = authentication.secrets_set["password"]

    client.post(f"{authentication.get_absolute_url()}edit/", ENTERED | {"password": "new"})

    authentication.refresh_from_db()
    assert authentication.settings["password"] == "new"
    assert authentication.secrets_set["password"] > since


def test_an_optional_secret_can_be_removed(client, keeper):
    pair = {"auth_method": "key_pair", "secret_key_file": private_key()}
    authentication = store(keeper, **pair, secret_key_passphrase="123")
    client.force_login(keeper)
    url = f"{authentication.get_absolute_url()}edit/"
    assert "Remove the stored passphrase" in text_of(client.get(url))

    kept = ENTERED | {"auth_method": "key_pair", "remove_secret_key_passphrase": "on"}
    assert client.post(url, kept).status_code == 302

    authentication.refresh_from_db()
    assert authentication.settings["secret_key_passphrase"] == ""
    assert authentication.secrets_set.keys() == {"secret_key_file"}


def test_a_copy_belongs_to_who_makes_it(client, keeper, marketer, authentication):
    authentication.shared_users.add(marketer)
    client.force_login(keeper)

    for _ in range(2):
        client.post(reverse("duplicate-authentication", args=[authentication.pk]))

    names = Authentication.objects.order_by("pk").values_list("name", flat=True)
    assert list(names) == ["Rokt", "Rokt (copy)", "Rokt (copy 2)"]
    copy = Authentication.objects.get(name="Rokt (copy)")
    assert copy.settings == SETTINGS and copy.owner == keeper and not copy.shared_users.exists()


def test_what_is_not_used_can_be_deleted(client, keeper, authentication):
    client.force_login(keeper)

    client.post(reverse("delete-authentication", args=[authentication.pk]))

    assert not Authentication.objects.exists()


def test_sharing_is_changed_on_its_page(client, keeper, marketer, authentication):
    client.force_login(keeper)

    client.post(
        reverse("share-authentication", args=[authentication.pk]),
        {"name": "Rokt EU", "exports_at_once": 2, "shared_groups": [marketer.groups.get().pk]},
    )

    authentication.refresh_from_db()
    assert authentication.name == "Rokt EU"
    assert authentication.exports_at_once == 2
    assert list(authentication.shared_groups.all()) == list(marketer.groups.all())


@pytest.mark.parametrize("number", [0, 51, ""])
def test_the_limit_of_exports_at_a_time_is_checked(client, keeper, authentication, number):
    client.force_login(keeper)
    page = reverse("share-authentication", args=[authentication.pk])
    assert "Many servers allow one account few log-ins at once." in text_of(client.get(page))

    answer = client.post(page, {"name": "Rokt", "exports_at_once": number})

    assert answer.status_code == 422
    assert Authentication.objects.get().exports_at_once == 4


def test_everybody_who_uses_it_sees_the_limit(client, keeper, marketer, authentication):
    authentication.shared_users.add(marketer)
    for person in (keeper, marketer):
        client.force_login(person)
        page = text_of(client.get(authentication.get_absolute_url()))
        assert "<dt>Exports at a time</dt><dd>4</dd>" in page


def test_credentials_that_do_not_open_harm_no_page(client, keeper, authentication):
    Authentication.objects.update(sealed="garbage")
    client.force_login(keeper)
    page = authentication.get_absolute_url()

    assert "Rokt" in text_of(client.get("/integrations/authentications/"))
    assert "cannot be opened" in text_of(client.get(page))
    assert client.post(f"{page}test/").status_code == 302
    assert client.post(f"{page}duplicate/").status_code == 302
    assert client.post(f"{page}forget-key/").status_code == 302
    assert client.post(f"{page}edit/", ENTERED | {"password": ""}).status_code == 422
    assert client.post(f"{page}edit/", ENTERED).status_code == 302
    authentication.refresh_from_db()
    assert authentication.settings == SETTINGS


def test_the_pinned_key_is_shown_and_can_be_forgotten(client, keeper, authentication):
    HostKey.objects.create(host="sftp.test", port=22, key="ssh-ed25519 AAAA")
    client.force_login(keeper)
    page = authentication.get_absolute_url()
    assert "SHA256:" in text_of(client.get(page))

    client.post(f"{page}forget-key/")

    assert not HostKey.objects.exists()


def test_who_is_not_alone_on_a_server_asks_an_admin_to_forget_its_key(
    client, marketer, authentication
):
    HostKey.objects.create(host="sftp.test", port=22, key="ssh-ed25519 AAAA")
    page = store(marketer, "Mia's").get_absolute_url()
    client.force_login(marketer)
    assert "an admin can forget its key" in text_of(client.get(page))

    client.post(f"{page}forget-key/")
    assert HostKey.objects.exists()
    authentication.delete()
    client.post(f"{page}forget-key/")

    assert not HostKey.objects.exists()


def test_the_reference_lists_every_setting(client, marketer):
    client.force_login(marketer)

    page = text_of(client.get("/integrations/catalog/sftp_v2/"))

    for word in ("secret_key_file", "temp_file_threshold", "Retry limit", "5368709120", "amor"):
        assert word in page
    assert client.get("/integrations/catalog/ftp/").status_code == 404


def test_the_schema_is_there_for_programs(client, marketer):
    client.force_login(marketer)

    schema = client.get("/integrations/catalog/sftp_v2/schema.json").json()

    assert schema["authentication"]["properties"]["password"]["writeOnly"] is True
    assert schema["export"]["required"] == ["path_prefix"]


def test_nobody_comes_in_without_a_log_in(client, authentication):
    for url in ("/integrations/catalog/", authentication.get_absolute_url()):
        assert client.get(url).url.startswith("/login/")


def test_a_form_that_holds_nothing_answers_422(client, marketer):
    client.force_login(marketer)

    assert client.post(reverse("new-authentication", args=["sftp_v2"])).status_code == 422


def test_what_is_wrong_stays_in_the_draft_to_be_mended_later(client, marketer):
    client.force_login(marketer)
    client.post(NEW, ENTERED | {"port": "70000"})

    page = client.get(NEW)

    assert page.context["form"]["port"].value() == "70000"
    assert client.get(f"{NEW}name/").url == NEW
