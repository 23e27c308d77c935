"""Where exports come from: as the administrator says, and as this machine sees it."""

import ipaddress
import socket

import pytest

from integrations.transports import outward
from integrations.transports.outward import outward_addresses


def test_what_this_machine_sees_is_an_address_of_its_own():
    for address in outward_addresses():
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        assert not ipaddress.ip_address(address).is_loopback
        with socket.socket(family, socket.SOCK_DGRAM) as own:
            own.bind((address, 0))  # Only the machine that has it may.


def test_without_a_way_out_there_is_none(monkeypatch):
    monkeypatch.setattr(outward, "FAR", ((socket.AF_INET, "127.0.0.1"),))

    assert outward_addresses() == []


def test_a_family_that_is_not_there_is_passed_by(monkeypatch):
    monkeypatch.setattr(outward, "FAR", ((socket.AF_INET, "not an address"),))

    assert outward_addresses() == []


PAGES = ("/integrations/catalog/", "/integrations/catalog/sftp_v2/")
PAGES += ("/integrations/catalog/sftp_v2/new/",)


@pytest.mark.parametrize("page", PAGES)
def test_what_the_administrator_says_is_shown_wherever_a_receiver_is_set_up(
    client, marketer, settings, page
):
    settings.EGRESS_ADDRESSES = ["203.0.113.7", "203.0.113.8/29"]
    client.force_login(marketer)

    text = client.get(page).text

    assert '<code id="egress">203.0.113.7, 203.0.113.8/29</code>' in text
    assert "behind NAT it differs" not in text


def test_the_page_of_an_authentication_shows_it_too(client, keeper, settings, authentication):
    settings.EGRESS_ADDRESSES = ["203.0.113.7"]
    client.force_login(keeper)

    assert (
        '<code id="egress">203.0.113.7</code>' in client.get(authentication.get_absolute_url()).text
    )


def test_what_stays_in_the_console_comes_from_nowhere(client, marketer, settings):
    settings.EGRESS_ADDRESSES = ["203.0.113.7"]
    client.force_login(marketer)

    assert "203.0.113.7" not in client.get("/integrations/catalog/treasure_data/").text


def test_a_guess_is_marked_as_one(client, marketer, settings, monkeypatch):
    settings.EGRESS_ADDRESSES = []
    monkeypatch.setattr("integrations.views.addresses.outward_addresses", lambda: ["10.1.2.3"])
    client.force_login(marketer)

    page = client.get("/integrations/addresses/").text

    assert "10.1.2.3" in page and "A hint only" in page
    assert "Nobody has said yet" in page and "CONSOLE_EGRESS_ADDRESSES" in page
    assert "behind NAT it differs" in client.get(PAGES[1]).text


def test_the_page_shows_what_is_said_and_what_is_seen_apart(client, marketer, settings):
    settings.EGRESS_ADDRESSES = ["203.0.113.7"]
    client.force_login(marketer)

    page = client.get("/integrations/addresses/").text

    assert 'id="told"' in page and "203.0.113.7" in page and "Nobody has said" not in page
