"""A form of credentials that others were saved beneath takes nothing back unseen."""

import re

from django.urls import reverse

from tests.integrations.conftest import SETTINGS

ENTERED = {name: str(value) for name, value in SETTINGS.items()} | {"password": ""}


def opened(page):
    return re.search(r'name="opened" value="(\w+)"', page.content.decode())[1]


def test_an_edit_over_what_was_saved_meanwhile_is_shown_first(client, keeper, authentication):
    client.force_login(keeper)
    url = reverse("edit-authentication", args=[authentication.pk])
    stale = {"opened": opened(client.get(url)), "timeout": "60"}
    moved = {"host": "new.test", "password": "new"}
    client.post(url, ENTERED | moved | {"opened": stale["opened"]})

    refused = client.post(url, ENTERED | stale)

    authentication.refresh_from_db()
    assert refused.status_code == 422 and authentication.settings == SETTINGS | moved
    page = refused.content.decode()
    assert "It was saved in another window, or by somebody else" in page
    assert "enter those of yours again" in page
    assert 'value="sftp.test"' in page and 'value="60"' in page

    again = {"opened": opened(refused), "password": "mine"}
    assert client.post(url, ENTERED | stale | again).status_code == 302
    authentication.refresh_from_db()
    assert authentication.settings == SETTINGS | {"timeout": 60, "password": "mine"}


def test_sharing_meanwhile_keeps_nobody_from_saving_credentials(client, keeper, authentication):
    client.force_login(keeper)
    url = reverse("edit-authentication", args=[authentication.pk])
    mark = opened(client.get(url))
    authentication.exports_at_once = 2
    authentication.save()

    assert client.post(url, ENTERED | {"opened": mark, "port": "23"}).status_code == 302

    authentication.refresh_from_db()
    assert (authentication.settings["port"], authentication.exports_at_once) == (23, 2)


def test_a_second_click_on_save_is_no_other_window(client, keeper, authentication):
    client.force_login(keeper)
    url = reverse("edit-authentication", args=[authentication.pk])
    form = ENTERED | {"opened": opened(client.get(url)), "timeout": "60"}

    assert [client.post(url, form).status_code for _ in range(2)] == [302, 302]
