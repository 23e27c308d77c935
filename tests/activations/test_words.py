"""Every operator can be chosen, and every rule can be read."""

from dataclasses import replace

import pytest

from activations.rules import members
from activations.rules.operators import names_for
from activations.segments.lines import lines
from activations.segments.words import AGGREGATES, KINDS, offered, spoken
from tests.activations.audience_data import EVENTS, audience, column
from tests.activations.studio import all_of, bought, rule


@pytest.mark.parametrize("kind", KINDS)
def test_every_operator_of_a_kind_has_words(kind):
    choices = offered(kind)

    assert {each["type"] for each in choices} == set(names_for(kind))
    assert len({each["key"] for each in choices}) == len(choices)
    assert choices[0]["offered"]


COLUMNS = {
    "string": "email",
    "number": "age",
    "boolean": "member",
    "timestamp": "seen",
    "date": "born",
    "string_array": "tags",
    "number_array": "scores",
}
SHAPES = {
    "none": lambda value: {},
    "one": lambda value: {"rightValue": value},
    "pair": lambda value: {"minValue": value, "maxValue": value},
    "many": lambda value: {"rightValues": [value]},
    "units": lambda _: {"value": 3, "unit": "day"},
    "unit": lambda _: {"unit": "month"},
    "ends": lambda _: {"from": 1, "to": 3, "unit": "day"},
    "ago": lambda _: {"rightValue": {"last": 3, "unit": "day"}},
}
SAMPLES = {"string": "a", "boolean": True, "timestamp": "2026-01-31T09:00", "date": "2026-01-31"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_chosen_can_be_run(kind):
    sample = SAMPLES.get(kind.partition("_")[0], 3)
    for choice in offered(kind):
        operator = SHAPES[choice["shape"]](sample) | {"not": choice["not"]}
        tree = all_of(rule(COLUMNS[kind], choice["type"], **operator))

        assert "WHERE" in members(tree, audience()), choice
        assert choice["label"] in "\n".join(lines(tree, audience(), {}))


def test_every_aggregate_and_time_of_the_page_is_declared():
    said = spoken()

    assert set(said["aggregates"]) == set(AGGREGATES)
    assert {each["shape"] for each in said["windows"]} == {"units", "unit", "ends", "none"}


def test_rules_are_lines_that_people_read():
    left = bought(2)["leftValue"] | {
        "window": {"type": "TimeWithinPast", "value": 30, "unit": "day"},
        "filter": {"type": "And", "conditions": [rule("kind", "In", rightValues=["buy", "view"])]},
    }
    rules = all_of(
        rule("email", "Contain", rightValues=["ann"]) | {"exclude": True},
        bought(2) | {"leftValue": left},
        rule("tags", "Equal", rightValue="new") | {"arrayMatching": {"atLeast": 2}},
        {"type": "Reference", "id": 7},
        limit={"type": "Percent", "number": 5, "orderColumns": [{"column": "age"}]},
    )

    assert lines(rules, audience(), {7: "Gold"}) == [
        "Customers who match all of:",
        "  Customers who match all of:",
        "    email does not contain “ann”",
        "    orders: number of times is at least 2, when it is in the last 30 days, "
        "where kind is one of “buy”, “view”",
        "    tags (at least 2) is “new”",
        "    in the segment “Gold”",
        "No more than 5 %, by age ascending",
    ]


@pytest.mark.parametrize(
    ("matching", "operator", "line"),
    [
        (None, "Equal", "tags (any of them) is not “news”"),
        ("all", "Equal", "tags (all of them) is not “news”"),
        ("all", "IsNull", "tags is not empty"),
    ],
)
def test_a_line_about_a_list_says_of_which_members_it_is(matching, operator, line):
    leaf = rule("tags", operator, rightValue="news", **{"not": True})

    found = lines(all_of(leaf | {"arrayMatching": matching}), audience(), {})

    assert found[-1].strip() == line


def test_the_last_value_of_a_list_is_told_as_a_list():
    events = replace(EVENTS, columns=EVENTS.columns | {"tags": column("tags", "array(varchar)")})
    said = replace(audience(), behaviors={"orders": events})
    left = {"source": {"name": "orders"}, "aggregation": {"type": "Last", "column": "tags"}}
    rows = {"filter": {"type": "And", "conditions": [rule("tags", "Equal", rightValue="a")]}}
    leaf = rule("", "Equal", rightValue="b") | {"leftValue": left | rows}

    [*_, line] = lines(all_of(leaf), said, {})

    assert line.strip() == (
        "orders: last tags (any of them) is “b”, where tags (any of them) is “a”"
    )
