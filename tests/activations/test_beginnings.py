"""Segments to begin with: made of what the parent segment has, and sound."""

import pytest
from django.urls import reverse

from activations.models import Segment
from activations.rules import Audience, Behavior, Column, problems
from activations.segments.beginnings import beginnings
from activations.segments.usable import audience_for


def column(name, kind, type_="varchar", **more):
    return Column(name, type_, kind, **more)


WHEN = column("time", "timestamp", "bigint")
VISITS, ORDERS = (
    Behavior(f"behavior_{each}", {"time": WHEN}, "time") for each in ("visits", "orders")
)
OPTED = column("email_opt_in", "boolean", "boolean")


def names(**given):
    attributes = {each.name: each for each in given.pop("attributes", ())}
    audience = Audience("cdp_audience_1", attributes, **given)
    found = beginnings(audience)
    assert [problems(each.rules, audience) for each in found] == [[]] * len(found)
    return [each.name for each in found]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ["Everybody"]),
        (
            {"behaviors": {"visits": VISITS, "web_orders": ORDERS}, "attributes": [OPTED]},
            ["Web orders in the last 30 days", "No web orders for 90 days", "Email opt in"],
        ),
        (
            {"behaviors": {"visits": VISITS}},
            ["Visits in the last 30 days", "No visits for 90 days", "Everybody"],
        ),
        ({"attributes": [OPTED, column("vip", "boolean")]}, ["Email opt in", "Everybody"]),
        ({"behaviors": {"visits": Behavior("behavior_visits", {}, "")}}, ["Everybody"]),
        (
            {
                "behaviors": {
                    "o": Behavior("b", {"time": column("time", "", visibility="hidden")}, "time")
                }
            },
            ["Everybody"],
        ),
    ],
)
def test_they_are_of_what_there_is(given, expected):
    assert names(**given) == expected


def test_before_the_first_refresh_there_is_none(unbuilt, marketer):
    assert beginnings(audience_for(unbuilt, marketer)) == []


def test_an_empty_studio_offers_them_and_the_editor_is_filled_in(client, shoppers, marketer):
    client.force_login(marketer)

    page = client.get(reverse("studio-parent", args=[shoppers.pk])).content.decode()
    assert "Create your first segment" in page and "No orders for 90 days" in page
    address = reverse("new-segment", args=[shoppers.pk]) + "?begin=lapsed"
    assert address in page
    editor = client.get(address).content.decode()

    assert 'value="No orders for 90 days"' in editor and "&quot;value&quot;: 90" in editor
    unknown = client.get(reverse("new-segment", args=[shoppers.pk]) + "?begin=else")
    assert unknown.status_code == 200 and b"&quot;value&quot;: 90" not in unknown.content


def test_what_is_sent_counts_not_what_the_address_says(client, shoppers, marketer):
    client.force_login(marketer)
    address = reverse("new-segment", args=[shoppers.pk]) + "?begin=lapsed"
    rules = '{"type": "And", "conditions": []}'

    client.post(address, {"name": "Mine", "description": "", "folder": "", "rules": rules})

    assert Segment.objects.get().rules == {"type": "And", "conditions": []}
