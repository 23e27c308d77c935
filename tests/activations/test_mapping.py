"""Output mappings as SQL: random ones against plain Python, and what is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activations.mapping import from_json, output_columns, problems, statement
from activations.models import Segment
from activations.rules import Column
from activations.rules.audience import KEY
from tests.activations.audience_data import Plain
from tests.activations.audience_engine import asking
from tests.activations.plain_mapping import BEHAVIORS, ROOM, TABLES, WORDS, mapped

EVERYBODY = {"type": "And", "conditions": []}
YOUNG = {
    "type": "Value",
    "leftValue": {"name": "age"},
    "operator": {"type": "Less", "rightValue": 24},
}
RULES = [
    EVERYBODY,
    {"type": "And", "conditions": [YOUNG]},
    {"type": "And", "conditions": [], "limit": {"type": "Percent", "number": 40}},
    {
        "type": "And",
        "conditions": [YOUNG],
        "limit": {
            "type": "Count",
            "number": 7,
            "orderColumns": [{"column": "value", "order": "descending"}],
        },
    },
]
PLAIN = Plain(TABLES["customers"][0], [], {})
TOLD = {"segment_id": 7, "segment_name": "It's “gold”; $1", "audience_id": 3}
TOLD |= {"timezone": "Europe/Berlin"}


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Run a statement over the customers, and what they did, and return its rows."""
    return asking(tmp_path_factory.mktemp("mapped"), TABLES)


def segment(rules=EVERYBODY):
    return Segment(pk=7, name=TOLD["segment_name"], parent_segment_id=3, rules=rules)


def written(mapping, rules=EVERYBODY, audience=ROOM, timezone=TOLD["timezone"]):
    assert problems(mapping, audience) == []
    return statement(segment(rules), mapping, audience, timezone)


NAMES = ["e-mail", 'a "b"; $1', "c'd", "Zoë", "SELECT", "x y", "n", "k", "v0", "b1"]


def picked(source, columns):
    hashable = [name for name, each in columns.items() if not each.kind.endswith("_array")]
    return {"source": source, "hash": source in hashable}


@st.composite
def attribute(draw):
    source = draw(st.sampled_from([KEY, *ROOM.attributes]))
    found = picked(source, ROOM.attributes | {KEY: Column(KEY, "varchar", "string")})
    return {"kind": "attribute"} | found | {"hash": found["hash"] and draw(st.booleans())}


PART = st.one_of(
    st.builds(
        lambda value: {"type": "string", "value": value}, st.sampled_from([*filter(None, WORDS)])
    ),
    st.just({"type": "timestamp", "format": "yyyy-MM-dd HH:mm:ss"}),
    st.sampled_from([{"type": each} for each in ("segment_id", "segment_name", "audience_id")]),
)
STRING = st.builds(
    lambda parts: {"kind": "string", "parts": parts}, st.lists(PART, min_size=1, max_size=4)
)


@st.composite
def behavior(draw, *, several):
    name = draw(st.sampled_from([*BEHAVIORS]))
    columns = {each: found for each, found in BEHAVIORS[name].columns.items() if each != KEY}
    orders = [*([""] if BEHAVIORS[name].time else []), *columns]
    kinds = ["all", "top"] if several else ["first", "last", "top"]
    item = {
        "kind": "behavior",
        "behavior": name,
        "strategy": draw(st.sampled_from(kinds)),
        "order_by": draw(st.sampled_from(orders)),
        "descending": draw(st.booleans()),
        "format": "rows" if several else "columns",
    }
    if item["strategy"] == "top":
        item["rows"] = draw(st.integers(1, 4))
    if item["strategy"] == "all":
        item["format"] = "rows"
    chosen = draw(st.lists(st.sampled_from([*columns]), min_size=1, max_size=3, unique=True))
    found = [picked(each, columns) for each in chosen]
    return item | {
        "columns": [each | {"hash": each["hash"] and draw(st.booleans())} for each in found]
    }


@st.composite
def mappings(draw):
    every = draw(st.booleans())
    single = STRING if every else st.one_of(attribute(), STRING)
    items = draw(st.lists(single, min_size=0 if every else 1, max_size=3))
    items += draw(st.lists(behavior(several=False), max_size=2))
    if draw(st.booleans()):
        items.append(draw(behavior(several=True)))
    places = [
        each
        for item in items
        for each in (item["columns"] if item["kind"] == "behavior" else [item])
    ]
    for number, each in enumerate(places):
        each["name"] = f"{NAMES[number % len(NAMES)]}{number or ''}"
    return {"all_columns": every, "columns": draw(st.permutations(items))}


@settings(max_examples=60, deadline=None)
@given(mappings(), st.sampled_from(RULES))
def test_the_rows_are_those_that_plain_python_makes_in_their_order(ask, mapping, rules):
    found = ask(written(mapping, rules))

    assert found == mapped(mapping, PLAIN.members(rules), TOLD)
    assert from_json(json.dumps(mapping)) == from_json(json.dumps(from_json(json.dumps(mapping))))
    if found:
        assert [name for name, _ in output_columns(mapping, ROOM)] == [*found[0]]
