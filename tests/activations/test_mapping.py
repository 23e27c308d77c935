"""Output mappings as SQL: random ones against plain Python, and what is refused."""

import datetime as dt
import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activations.mapping import from_json, output_columns, problems, statement
from activations.mapping.columns import FORMAT
from activations.models import Segment
from activations.rules import Audience, Column
from activations.rules.audience import KEY, kind_of
from activations.rules.literals import text
from console.engines import QueryError
from tests.activations.audience_data import NOW, Plain
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


SAME = {
    "trimmed": " \t\r\n\x0b\x1f\x85\u3000ann@example.com\u00a0\n",
    "in lower case": "ANN@Example.COM",
    "a hash already": sha256(b"ann@example.com").hexdigest(),
    "a hash in capitals, with spaces": f" {sha256(b'ann@example.com').hexdigest().upper()} ",
}


def hashes(tmp_path, type_, *values):
    """Return the hashes that the engine makes of values, in their order."""
    rows = [{KEY: f"{place:03}", "x": value} for place, value in enumerate(values)]
    ask = asking(tmp_path, {"customers": (rows, {KEY: "varchar", "x": type_})})
    column = Column("x", type_, kind_of(type_))
    item = {"kind": "attribute", "source": "x", "name": "x", "hash": True}
    mapping = {"all_columns": False, "columns": [item]}
    found = ask(written(mapping, audience=Audience("aud", {"x": column})))
    return [row["x"] for row in found]


def test_a_hash_is_of_the_trimmed_text_in_lower_case(tmp_path):
    found = hashes(tmp_path, "varchar", *SAME.values())

    assert found == [sha256(b"ann@example.com").hexdigest()] * len(SAME)


VECTORS = {
    "varchar": {
        "test": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        " ZoË É ": sha256("zoë é".encode()).hexdigest(),
        "日本\u3000語": sha256("日本\u3000語".encode()).hexdigest(),
        "o'neill; $1 \"\\": sha256(b"o'neill; $1 \"\\").hexdigest(),
        "f" * 63: sha256(b"f" * 63).hexdigest(),
        "g" * 64: sha256(b"g" * 64).hexdigest(),
        "F" * 64: "f" * 64,
        f"{'a' * 64}\na": sha256(f"{'a' * 64}\na".encode()).hexdigest(),
        "": None,
        " \n": None,
        None: None,
    },
    "bigint": {42: sha256(b"42").hexdigest(), -7: sha256(b"-7").hexdigest(), None: None},
    "double": {1.5: sha256(b"1.5").hexdigest(), 1e10: sha256(b"1.0e10").hexdigest()},
    "boolean": {True: sha256(b"true").hexdigest()},
    "date": {dt.date(2026, 1, 31): sha256(b"2026-01-31").hexdigest()},
}


@pytest.mark.parametrize(("type_", "vectors"), VECTORS.items(), ids=VECTORS)
def test_hashes_are_these(tmp_path, type_, vectors):
    assert hashes(tmp_path, type_, *vectors) == [*vectors.values()]


def strings(ask, value, *, now=NOW, timezone="UTC", name="x"):
    parts = [value] if isinstance(value, dict) else [{"type": "string", "value": value}]
    item = {"kind": "string", "name": name, "parts": parts}
    found = ask(written({"all_columns": False, "columns": [item]}, timezone=timezone), now)
    return {row[name] for row in found}


DIFFICULT = ["'", "''; DROP TABLE x; --", "$1 ? :x %s {0}", 'a "b"', "\\' \\n", "a\nb\r\n\tc", "/*"]


@pytest.mark.parametrize("value", [*DIFFICULT, "--", "''", "日本 😀", ";", "x' || 'y"])
def test_what_people_type_stays_a_text_and_a_name(ask, value):
    assert strings(ask, value) == {value}
    name = " ".join(value.split()) or "x"
    assert strings(ask, "v", name=name) == {"v"}


# Berlin's clocks go from 3:00 to 2:00 in the night of 2026-10-25, at 1:00 UTC.
@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [(0, 30, "02:30 +0200"), (1, 30, "02:30 +0100"), (2, 0, "03:00 +0100")],
)
def test_a_timestamp_is_in_the_zone_when_clocks_change(ask, hour, minute, said):
    now = int(dt.datetime(2026, 10, 25, hour, minute, tzinfo=dt.UTC).timestamp())
    part = {"type": "timestamp", "format": "HH:mm Z"}

    assert strings(ask, part, now=now, timezone="Europe/Berlin") == {said}


@settings(max_examples=40, deadline=None)
@given(st.text("yMdHhmsSaEDeuwZXzT'-: q", min_size=1, max_size=6))
def test_a_format_is_refused_where_the_engine_refuses_it(ask, pattern):
    sql = f"SELECT TD_TIME_FORMAT(TD_SCHEDULED_TIME(), {text(pattern)}, 'UTC') AS x"
    if FORMAT.fullmatch(pattern):
        ask(sql)
    else:
        with pytest.raises(QueryError, match="format"):
            ask(sql)


def test_rows_in_any_order_make_the_same_output(ask, tmp_path):
    turned = {name: (rows[::-1], types) for name, (rows, types) in TABLES.items()}
    columns = [{"source": each, "name": each} for each in ("kind", "whole", "gift")]
    item = {"kind": "behavior", "behavior": "orders", "strategy": "all", "columns": columns}
    sql = written({"all_columns": True, "columns": [item]})

    assert asking(tmp_path, turned)(sql) == ask(sql)
