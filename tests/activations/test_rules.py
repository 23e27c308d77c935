"""Rules as SQL: random trees against plain Python, and what is refused."""

import datetime as dt
import os
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activations.rules import Column, count, funnel, members, problems
from activations.rules.audience import KEY, kind_of
from activations.rules.insights import distribution, top_values
from tests.activations.audience_data import (
    ATTRIBUTES,
    EVENT_TYPES,
    NOW,
    TYPES,
    Plain,
    audience,
)
from tests.activations.audience_engine import asking

DAY = 86_400
WORDS = ["ann", "Bob", "o'neill", "", " \t\n", "zoë", "50%", "a_b"]
KINDS = ["buy", "view", "return", None]
random_ = random.Random(7)


def maybe(value):
    return None if random_.random() < 0.2 else value


def moment():
    return NOW + random_.randint(-100, 100) * DAY // 2 + random_.randint(-7200, 7200)


def customer(number):
    born = dt.date(1990, 1, 1) + dt.timedelta(days=random_.randint(0, 9000))
    return {
        KEY: f"c{number:03}",
        "email": maybe(random_.choice(WORDS)),
        "age": maybe(random_.randint(18, 30)),
        "value": maybe(random_.choice([0.0, 0.5, 10.0, -3.25])),
        "member": maybe(random_.random() < 0.5),
        "born": maybe(born if number % 3 else (dt.datetime.fromtimestamp(moment(), dt.UTC).date())),
        "seen": maybe(moment()),
        "joined": maybe(dt.datetime.fromtimestamp(moment(), dt.UTC).replace(tzinfo=None)),
        "tags": maybe([maybe(random_.choice(WORDS)) for _ in range(random_.randint(0, 3))]),
        "scores": maybe([maybe(random_.randint(0, 5)) for _ in range(random_.randint(0, 3))]),
    }


CUSTOMERS = [customer(number) for number in range(60)]
EVENTS = [
    {
        KEY: f"c{random_.randint(0, 70):03}",
        "kind": random_.choice(KINDS),
        "amount": maybe(random_.choice([1.0, 2.5, 4.0])),
        "time": NOW + number * 997 - 100_000,
    }
    for number in range(200)
]
SEGMENTS = {
    1: {
        "type": "And",
        "conditions": [
            {
                "type": "Value",
                "leftValue": {"name": "age"},
                "operator": {"type": "Less", "rightValue": 24},
            }
        ],
    },
    2: {
        "type": "Or",
        "conditions": [
            {"type": "Reference", "id": 1, "exclude": True},
            {
                "type": "Value",
                "leftValue": {"name": "member"},
                "operator": {"type": "Equal", "rightValue": True},
            },
        ],
    },
}
PLAIN = Plain(CUSTOMERS, EVENTS, SEGMENTS)


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Run a statement over the audience and return its rows."""
    tables = {"customers": (CUSTOMERS, TYPES), "behavior_orders": (EVENTS, EVENT_TYPES)}
    return asking(tmp_path_factory.mktemp("audience"), tables)


def some(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


def ordered(values):
    right = st.sampled_from(values)
    names = ["Equal", "Greater", "GreaterEqual", "Less", "LessEqual"]
    return st.one_of(
        st.builds(
            lambda name, value: {"type": name, "rightValue": value}, st.sampled_from(names), right
        ),
        st.builds(
            lambda low, high: {"type": "Between", "minValue": low, "maxValue": high}, right, right
        ),
        st.builds(lambda found: {"type": "In", "rightValues": found}, some(values)),
    )


FULL = [word for word in WORDS if word]
TEXTS = st.one_of(
    st.builds(lambda value: {"type": "Equal", "rightValue": value}, st.sampled_from(WORDS)),
    st.builds(lambda found: {"type": "In", "rightValues": found}, some(FULL)),
    st.builds(
        lambda name, found: {"type": name, "rightValues": found},
        st.sampled_from(["Contain", "StartWith", "EndWith"]),
        some(["a", "b", "'", "%", "ë", "nn", "Bob"]),
    ),
    st.builds(
        lambda found: {"type": "Regexp", "rightValue": found},
        st.sampled_from(["^a", "[0-9]", "b$"]),
    ),
)
UNITS = st.sampled_from(["day", "week", "month", "hour"])
FEW = st.integers(1, 40)
ENDS = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)
SPANS = st.one_of(
    st.just({"type": "TimeToday"}),
    st.builds(
        lambda name, unit: {"type": name, "unit": unit},
        st.sampled_from(["TimeThis", "TimeNext", "TimeLast"]),
        UNITS,
    ),
    st.builds(
        lambda name, value, unit: {"type": name, "value": value, "unit": unit},
        st.sampled_from(["TimeWithinPast", "TimeWithinNext"]),
        FEW,
        UNITS,
    ),
    st.builds(
        lambda name, ends, unit: {"type": name, "from": ends[0], "to": ends[1], "unit": unit},
        st.sampled_from(["TimeInBetweenNext", "TimeInBetweenPast"]),
        ENDS,
        UNITS,
    ),
)
MOMENTS = ordered(
    ["2026-10-25", "2026-10-25 02:30", "2026-09-01T00:00:00+00:00", "2026-11-30 23:59"]
)
AGO = st.builds(
    lambda name, number, unit: {"type": name, "rightValue": {"last": number, "unit": unit}},
    st.sampled_from(["Greater", "Less"]),
    FEW,
    UNITS,
)
TIMED = st.one_of(SPANS, MOMENTS, AGO)
DATES = st.one_of(
    SPANS.filter(lambda each: each.get("unit") != "hour"), ordered(["2000-01-01", "2010-06-15"])
)
NULL = st.just({"type": "IsNull"})
BY_NAME = {
    "email": TEXTS,
    "age": ordered([18, 21, 24, 30]),
    "value": ordered([0, 0.5, 10, -3.25]),
    "member": st.sampled_from([{"type": "Equal", "rightValue": each} for each in (True, False)]),
    "born": DATES,
    "seen": TIMED,
    "joined": TIMED,
    "tags": TEXTS,
    "scores": ordered([0, 2, 5]),
}
MATCHING = st.sampled_from([None, "any", "all", {"atLeast": 2}, {"atMost": 1}, {"exactly": 1}])


def flagged(operators):
    return st.builds(
        lambda found, flag: {**found, "not": flag}, st.one_of(operators, NULL), st.booleans()
    )


@st.composite
def attribute(draw):
    name = draw(st.sampled_from(list(BY_NAME)))
    leaf = {"type": "Value", "leftValue": {"name": name}, "exclude": draw(st.booleans())}
    if name in ("tags", "scores"):
        leaf["arrayMatching"] = draw(MATCHING)
    return leaf | {"operator": draw(flagged(BY_NAME[name]))}


@st.composite
def behavior(draw):
    kind = draw(
        st.sampled_from(["Count", "CountDistinct", "Sum", "Average", "Min", "Max", "First", "Last"])
    )
    column = "kind" if kind in ("CountDistinct", "First", "Last") else "amount"
    left = {"aggregation": {"type": kind, "column": column}, "source": {"name": "orders"}}
    if draw(st.booleans()):
        rows = st.builds(
            lambda found: {"type": "Value", "leftValue": {"name": "kind"}, "operator": found},
            flagged(
                st.builds(lambda found: {"type": "In", "rightValues": found}, some(["buy", "view"]))
            ),
        )
        left["filter"] = {
            "type": draw(st.sampled_from(["And", "Or"])),
            "conditions": draw(st.lists(rows, min_size=1, max_size=2)),
        }
    if draw(st.booleans()):
        left["window"] = draw(SPANS)
    texts = st.builds(lambda found: {"type": "In", "rightValues": found}, some(["buy", "view"]))
    operators = texts if kind in ("First", "Last") else ordered([0, 1, 2, 2.5, 4])
    return {"type": "Value", "leftValue": left, "operator": draw(flagged(operators))}


REFERENCES = st.builds(
    lambda number, flag: {"type": "Reference", "id": number, "exclude": flag},
    st.sampled_from([1, 2]),
    st.booleans(),
)
LEAVES = st.one_of(attribute(), behavior(), REFERENCES)
SETS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda kind, parts, flag: {"type": kind, "conditions": parts, "exclude": flag},
        st.sampled_from(["And", "Or"]),
        st.lists(inner, min_size=1, max_size=3),
        st.booleans(),
    ),
    max_leaves=6,
)
LIMITS = st.one_of(
    st.none(),
    st.builds(
        lambda kind, number, columns: {"type": kind, "number": number, "orderColumns": columns},
        st.sampled_from(["Count", "Percent"]),
        st.integers(1, 100),
        st.sampled_from([[], [{"column": "age", "order": "descending"}, {"column": "value"}]]),
    ),
)
TREES = st.builds(
    lambda kind, parts, limit: {"type": kind, "conditions": parts, "limit": limit},
    st.sampled_from(["And", "Or"]),
    st.lists(SETS, max_size=3),
    LIMITS,
)
THOROUGH = settings(max_examples=400 if os.environ.get("CONSOLE_TESTS_SOAK") else 40, deadline=None)


@THOROUGH
@given(TREES)
def test_the_members_are_those_that_plain_python_finds(ask, tree):
    assert problems(tree, audience(SEGMENTS)) == []

    found = sorted(row[KEY] for row in ask(members(tree, audience(SEGMENTS))))

    assert found == PLAIN.members(tree)


@THOROUGH
@given(TREES)
def test_the_count_is_that_of_the_members(ask, tree):
    assert ask(count(tree, audience(SEGMENTS))) == [{"customers": len(PLAIN.members(tree))}]


@THOROUGH
@given(TREES)
def test_the_funnel_says_what_each_rule_leaves(ask, tree):
    [found] = ask(funnel(tree, audience(SEGMENTS)))

    assert found["total"] == len(CUSTOMERS)
    for n, node in enumerate(tree["conditions"], 1):
        assert found[f"s{n}"] == alone({"type": "And", "conditions": [node]})
        assert found[f"s{n}_left"] == alone({**tree, "conditions": tree["conditions"][:n]})
        if node["type"] in ("And", "Or"):
            for m, rule in enumerate(node["conditions"], 1):
                first = {"type": node["type"], "conditions": node["conditions"][:m]}
                assert found[f"s{n}_{m}"] == alone({"type": "And", "conditions": [rule]})
                assert found[f"s{n}_{m}_left"] == alone(first)


def alone(tree):
    return len(PLAIN.members({**tree, "limit": None}))


def rule(operator, **left):
    leaf = {"type": "Value", "leftValue": left, "operator": operator}
    return {"type": "And", "conditions": [{"type": "And", "conditions": [leaf]}]}


def of_list(matching):
    tree = rule({"type": "Equal", "rightValue": "news"}, name="tags")
    tree["conditions"][0]["conditions"][0]["arrayMatching"] = matching
    return tree


LONG = rule({"type": "In", "rightValues": ["a"] * 1001}, name="email")
WRONG = {
    "an attribute that is gone": (rule({"type": "IsNull"}, name="gone"), "no attribute 'gone'"),
    "an operator of another kind": (
        rule({"type": "Regexp", "rightValue": "a"}, name="age"),
        "is not for a number",
    ),
    "a number that is none": (
        rule({"type": "Equal", "rightValue": "1; DROP"}, name="age"),
        "is not a number",
    ),
    "a number that is not there yet": (
        rule({"type": "Equal", "rightValue": ""}, name="age"),
        "Enter a number",
    ),
    "a time that is not there yet": (
        rule({"type": "Greater", "rightValue": ""}, name="seen"),
        "Enter a time, such as",
    ),
    "a time that is none": (
        rule({"type": "Greater", "rightValue": "soon"}, name="seen"),
        "is not a time",
    ),
    "a unit that is none": (
        rule({"type": "TimeThis", "unit": "moon"}, name="seen"),
        "Choose a unit",
    ),
    "no value": (rule({"type": "Contain", "rightValues": []}, name="email"), "at least one value"),
    "no time": (rule({"type": "In", "rightValues": [], "not": True}, name="seen"), "one value"),
    "a number of values that is not there yet": (
        of_list({"atLeast": ""}),
        "Enter a whole number",
    ),
    "at least no value": (of_list({"atLeast": 0}), "from 1 to"),
    "too many values": (LONG, "at most 1,000"),
    "a behavior that is gone": (
        rule({"type": "IsNull"}, aggregation={"type": "Count"}, source={"name": "x"}),
        "no behavior 'x'",
    ),
    "a sum of texts": (
        rule(
            {"type": "IsNull"},
            aggregation={"type": "Sum", "column": "kind"},
            source={"name": "orders"},
        ),
        "needs a column of numbers",
    ),
    "a rule that is not complete": (rule({}, name="email"), "not complete"),
}


@pytest.mark.parametrize(("tree", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_of_the_rule(tree, said):
    [problem] = problems(tree, audience())

    assert problem.path == (0, 0) and said in problem.text


@pytest.mark.parametrize("kind", ["First", "Last"])
def test_first_and_last_need_the_column_that_says_when(kind):
    orders = {"orders": replace(audience().behaviors["orders"], time="masked_since")}
    left = {"aggregation": {"type": kind, "column": "kind"}, "source": {"name": "orders"}}

    [problem] = problems(rule({"type": "IsNull"}, **left), replace(audience(), behaviors=orders))

    assert "'masked_since'" in problem.text


def test_segments_that_are_made_of_each_other_are_refused():
    circle = {
        1: {"type": "And", "conditions": [{"type": "Reference", "id": 2}]},
        2: {"type": "And", "conditions": [{"type": "Reference", "id": 1}]},
    }

    [problem] = problems(circle[1], audience(circle), segment=1)

    assert "made of each other" in problem.text


@pytest.mark.parametrize(
    "inside", [[rule({"type": "IsNull"}, name="age")], []], ids=["rules", "none"]
)
def test_segments_that_multiply_each_other_are_refused_at_once(inside):
    """Each refers to the one before a hundred times: 10 ** 12 rules would be written."""
    segments = {1: {"type": "And", "conditions": inside}}
    for key in range(2, 8):
        references = [{"type": "Reference", "id": key - 1}] * 100
        segments[key] = {"type": "And", "conditions": references}

    [problem] = problems(segments[7], audience(segments), segment=7)

    assert "more than 4,000 rules and rule sets" in problem.text


def test_segments_with_long_values_that_multiply_each_other_are_refused_at_once():
    long = rule({"type": "Equal", "rightValue": "x" * 9_000}, name="email")
    segments = {1: {"type": "And", "conditions": [long]}}
    for key in (2, 3):
        references = [{"type": "Reference", "id": key - 1}] * 50
        segments[key] = {"type": "And", "conditions": references}

    [problem] = problems(segments[3], audience(segments), segment=3)

    assert "or is too long. Refer to fewer segments, or to smaller ones." in problem.text


def test_as_many_rules_as_are_allowed_may_be_referred_to_several_times():
    leaf = {"type": "Value", "leftValue": {"name": "age"}, "operator": {"type": "IsNull"}}
    rules = {"type": "Or", "conditions": [leaf] * 200}
    tree = {"type": "And", "conditions": [{"type": "Reference", "id": 1}] * 15}

    assert problems(tree, audience({1: rules})) == []


def test_segments_that_refer_to_each_other_in_a_long_row_are_refused():
    segments = {
        key: {"type": "And", "conditions": [{"type": "Reference", "id": key + 1}]}
        for key in range(400)
    }

    [problem] = problems(segments[0], audience(segments), segment=0)

    assert "More than 20 segments refer to each other in a row." in problem.text


def test_a_segment_with_a_limit_is_no_part_of_another():
    limited = {7: SEGMENTS[1] | {"limit": {"type": "Count", "number": 3}}}
    tree = {"type": "And", "conditions": [{"type": "Reference", "id": 7}]}

    [problem] = problems(tree, audience(limited))

    assert "with a limit" in problem.text


@pytest.mark.parametrize("text", ["'; DROP TABLE x; --", "a' OR '1'='1", '"', "\\'"])
def test_what_people_type_stays_a_value(ask, text):
    tree = rule({"type": "Equal", "rightValue": text}, name="email")

    assert ask(members(tree, audience())) == []


def orders(kind, column="", **more):
    left = {"aggregation": {"type": kind, "column": column}, "source": {"name": "orders"}, **more}
    operator = {"type": "GreaterEqual", "rightValue": 1}
    return {"type": "Value", "leftValue": left, "operator": operator}


def test_a_behavior_is_read_once_whatever_the_rules_measure_of_it(ask):
    window = {"type": "TimeWithinPast", "value": 30, "unit": "day"}
    parts = [orders("Count"), orders("Count", window=window), orders("Sum", "amount")]
    tree = {"type": "And", "conditions": [{"type": "And", "conditions": [*parts, parts[0]]}]}

    sql = members(tree, audience())

    assert sql.count('"behavior_orders"') == sql.count("JOIN") == 1
    assert sql.count("count(*)") == 2
    assert sorted(row[KEY] for row in ask(sql)) == PLAIN.members(tree)


def test_only_the_rows_that_all_rules_want_are_read():
    window = {"type": "TimeWithinPast", "value": 30, "unit": "day"}
    parts = [orders("Count", window=window), orders("Sum", "amount", window=window)]

    sql = members({"type": "And", "conditions": parts}, audience())

    assert sql.count("TD_INTERVAL") == 1 and "FILTER" not in sql


LISTS = {
    "news": ["news"],
    "both": ["news", "sport"],
    "sport": ["sport", "sport"],
    "null": ["news", None],
    "empty": [],
    "none": None,
}
NOT_NEWS = {"type": "Equal", "rightValue": "news", "not": True}
NONE_OF = {"type": "In", "rightValues": ["news", "ads"], "not": True}
NO_NEWS = {"type": "Contain", "rightValues": ["new"], "not": True}


@pytest.fixture(scope="module")
def ask_lists(tmp_path_factory):
    """Run a statement over customers who differ in their tags alone."""
    rows = [dict.fromkeys(TYPES) | {KEY: key, "tags": tags} for key, tags in LISTS.items()]
    return asking(tmp_path_factory.mktemp("lists"), {"customers": (rows, TYPES)})


@pytest.mark.parametrize("operator", [NOT_NEWS, NONE_OF, NO_NEWS])
@pytest.mark.parametrize(
    ("matching", "expected"),
    [
        (None, ["both", "null", "sport"]),
        ("any", ["both", "null", "sport"]),
        ("all", ["empty", "none", "sport"]),
        ({"atLeast": 1}, ["both", "null", "sport"]),
        ({"atLeast": 2}, ["sport"]),
        ({"atMost": 1}, ["both", "empty", "news", "null"]),
        ({"exactly": 0}, ["empty", "news"]),
    ],
    ids=str,
)
def test_the_opposite_of_an_operator_is_asked_of_each_member_of_a_list(
    ask_lists, operator, matching, expected
):
    tree = of_list(matching)
    tree["conditions"][0]["conditions"][0]["operator"] = operator

    assert sorted(row[KEY] for row in ask_lists(members(tree, audience()))) == expected


def test_a_list_with_an_empty_member_is_not_all_of_one_value(ask_lists):
    tree = rule({"type": "Equal", "rightValue": "news"}, name="tags")
    tree["conditions"][0]["conditions"][0]["arrayMatching"] = "all"

    assert ask_lists(members(tree, audience())) == [{KEY: "news"}]


BLANK = {
    "full": {"email": "a", "tags": ["news"], "age": 0},
    "blank": {"email": " \t\r\n", "tags": [], "age": None},
    "none": {"email": None, "tags": None, "age": None},
    "empty": {"email": "", "tags": [None], "age": 1},
}


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ({"name": "email"}, ["blank", "empty", "none"]),
        ({"name": "tags"}, ["blank", "none"]),
        ({"name": "age"}, ["blank", "none"]),
        (
            {"aggregation": {"type": "Last", "column": "kind"}, "source": {"name": "orders"}},
            ["blank", "empty", "none"],
        ),
    ],
    ids=["text", "list", "number", "last text of a behavior"],
)
def test_what_has_no_character_and_no_member_is_empty(tmp_path, left, expected):
    rows = [dict.fromkeys(TYPES) | {KEY: key} | given for key, given in BLANK.items()]
    kinds = [(key, given["email"]) for key, given in BLANK.items() if key != "none"]
    done = [{KEY: key, "kind": kind, "amount": 1.0, "time": NOW} for key, kind in kinds]
    ask = asking(tmp_path, {"customers": (rows, TYPES), "behavior_orders": (done, EVENT_TYPES)})

    empty = ask(members(rule({"type": "IsNull"}, **left), audience()))
    full = ask(members(rule({"type": "IsNull", "not": True}, **left), audience()))

    assert sorted(row[KEY] for row in empty) == expected
    assert {row[KEY] for row in full} == set(BLANK) - set(expected)


@pytest.mark.parametrize(("kind", "expected"), [("First", ["a"]), ("Last", [])])
def test_the_first_and_the_last_row_count_also_where_they_hold_no_value(tmp_path, kind, expected):
    times = {NOW - 60: "gold", NOW: None}
    done = [{KEY: "a", "kind": each, "amount": 1.0, "time": time} for time, each in times.items()]
    people = [dict.fromkeys(TYPES) | {KEY: "a"}]
    ask = asking(tmp_path, {"customers": (people, TYPES), "behavior_orders": (done, EVENT_TYPES)})
    left = {"aggregation": {"type": kind, "column": "kind"}, "source": {"name": "orders"}}

    found = ask(members(rule({"type": "Equal", "rightValue": "gold"}, **left), audience()))

    assert [row[KEY] for row in found] == expected


def test_blank_texts_are_no_values_to_choose_from(ask):
    emails = ask(top_values("aud", "customers", ATTRIBUTES["email"], 20))
    tags = ask(top_values("aud", "customers", ATTRIBUTES["tags"], 20))

    assert (
        {row["v"] for row in emails} == {row["v"] for row in tags} == set(filter(str.strip, WORDS))
    )


def test_blank_texts_are_among_the_empty_ones_of_a_distribution(ask):
    everybody = {"type": "And", "conditions": []}
    empty = {"type": "And", "conditions": [rule({"type": "IsNull"}, name="email")]}

    found = ask(distribution(everybody, audience(), ATTRIBUTES["email"], 20))

    by_value = {row["v"]: row["n"] for row in found}
    assert set(by_value) == {None, *filter(str.strip, WORDS)}
    assert by_value[None] == len(PLAIN.members(empty))


@pytest.mark.parametrize("type_", ["uuid", "array(uuid)"])
def test_a_uuid_is_not_searched_for_blanks_as_it_is_no_text_for_the_engine(type_):
    ids = Column("ids", type_, kind_of(type_))
    tree = {"type": "And", "conditions": [rule({"type": "IsNull"}, name="ids")]}
    known = replace(audience(), attributes={"ids": ids})

    written = [
        top_values("aud", "customers", ids, 5),
        distribution(tree, known, ids, 5),
        members(tree, known),
    ]

    assert not any("regexp_like" in sql for sql in written)
