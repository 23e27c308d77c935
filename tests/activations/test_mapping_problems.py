"""What cannot be exported, said of the place where it is; and what is no mapping at all."""

import json
from dataclasses import replace

import pytest

from activations.mapping import BadMapping, from_json, output_columns, problems, statement
from activations.models import Segment
from activations.rules import Audience, Behavior, Column
from tests.activations.plain_mapping import BEHAVIORS, ROOM

SECRET = Column("secret", "varchar", "string", "blocked")
HIDDEN = Column("phone", "", "", "hidden")
MASKED = Column("card", "varchar", "string", "masked")
ATTRIBUTES = ROOM.attributes | {"secret": SECRET, "phone": HIDDEN, "card": MASKED}
ORDERS = BEHAVIORS["orders"]
ORDERS = replace(ORDERS, columns=ORDERS.columns | {"phone": HIDDEN})
AUDIENCE = replace(ROOM, attributes=ATTRIBUTES, behaviors=BEHAVIORS | {"orders": ORDERS})


def attribute(source="email", **more):
    return {"kind": "attribute", "source": source, "name": source, **more}


def string(*parts, **more):
    return {"kind": "string", "name": "text", "parts": list(parts), **more}


def bought(*columns, **more):
    listed = [{"source": each, "name": each} for each in columns or ["amount"]]
    said = {"kind": "behavior", "behavior": "orders", "strategy": "last", "columns": listed}
    return said | more


def only(*columns):
    return {"all_columns": False, "columns": list(columns)}


def every(*columns):
    return {"all_columns": True, "columns": list(columns)}


TIME = {"type": "timestamp", "format": "yyyy-MM-dd"}
BESIDE = bought(strategy="top", rows=2, format="columns")
TOP = {"strategy": "top"}
# Each: the mapping, the path, and what is said.
WRONG = {
    "nothing": (only(), (), "Add at least one column"),
    "a column that is gone": (only(attribute("gone")), (0, "source"), "no attribute 'gone'"),
    "one that was not chosen": (only(attribute("", name="x")), (0, "source"), "Choose a column"),
    "one that is masked": (only(attribute("phone")), (0, "source"), "'phone' is masked"),
    "one that is blocked": (only(attribute("secret")), (0, "source"), "no attribute 'secret'"),
    "an attribute beside all": (every(attribute()), (0,), "has the attributes already"),
    "a hash of several values": (only(attribute("tags", hash=True)), (0, "hash"), "several values"),
    "no name": (only(attribute(name="")), (0, "name"), "Enter a name"),
    "a name of spaces": (only(attribute(name=" ")), (0, "name"), "Enter a name"),
    "a name with a line break": (only(attribute(name="a\nb")), (0, "name"), "line breaks"),
    "a space at its end": (only(attribute(name="a ")), (0, "name"), "spaces at its ends"),
    "a long name": (only(attribute(name="x" * 129)), (0, "name"), "128 characters"),
    "a name twice": (
        only(attribute(), attribute("age", name="EMAIL")),
        (1, "name"),
        "“EMAIL” already",
    ),
    "a name of an attribute": (every(string(TIME, name="Email")), (0, "name"), "“Email” already"),
    "a name that top N makes": (
        only(BESIDE, attribute("age", name="amount_2")),
        (1, "name"),
        "“amount_2” already",
    ),
    "a string of nothing": (only(string()), (0, "parts"), "at least one part"),
    "a time without a format": (
        only(string({"type": "timestamp"})),
        (0, "parts", 0, "format"),
        "Enter a format",
    ),
    "a format that is none": (
        only(string({"type": "string", "value": "a"}, TIME | {"format": "today"})),
        (0, "parts", 1, "format"),
        "'today' is no time format",
    ),
    "a format that goes wrong after many letters": (
        only(string({"type": "string", "value": "a"}, TIME | {"format": "y" * 100 + "q"})),
        (0, "parts", 1, "format"),
        "is no time format",
    ),
    "a format that is too long": (
        only(string({"type": "string", "value": "a"}, TIME | {"format": "y" * 201})),
        (0, "parts", 1, "format"),
        "200 characters",
    ),
    "a text with NUL": (
        only(string({"type": "string", "value": "a\0"})),
        (0, "parts", 0, "value"),
        "NUL",
    ),
    "a text that is too long": (
        only(string({"type": "string", "value": "a" * 10_001})),
        (0, "parts", 0, "value"),
        "10,000 characters",
    ),
    "a behavior that is gone": (
        only(bought(behavior="gone")),
        (0, "behavior"),
        "no behavior 'gone'",
    ),
    "no behavior": (only(bought(behavior="")), (0, "behavior"), "Choose a behavior"),
    "no strategy": (only(bought(strategy="")), (0, "strategy"), "Choose one of"),
    "no columns": (only(bought(columns=[])), (0, "columns"), "at least one column"),
    "a column of it that is gone": (
        only(bought("amount", "gone")),
        (0, "columns", 1, "source"),
        "no column of orders 'gone'",
    ),
    "a column of it that is masked": (
        only(bought("phone")),
        (0, "columns", 0, "source"),
        "'phone' is masked",
    ),
    "an order that is gone": (
        only(bought(order_by="gone")),
        (0, "order_by"),
        "no column of orders 'gone'",
    ),
    "an order that is masked": (
        only(bought(order_by="phone")),
        (0, "order_by"),
        "'phone' is masked",
    ),
    "no order": (
        only(bought("word", behavior="signs")),
        (0, "order_by"),
        "Choose what signs is ordered by",
    ),
    "a hash of its several values": (
        only(bought(columns=[{"source": "tags", "name": "t", "hash": True}])),
        (0, "columns", 0, "hash"),
        "several values",
    ),
    "no number of rows": (only(bought(**TOP)), (0, "rows"), "from 1 to 1,000"),
    "rows that are none": (only(bought(**TOP, rows="x")), (0, "rows"), "not a whole number"),
    "too many rows": (only(bought(**TOP, rows=1001)), (0, "rows"), "from 1 to 1,000"),
    "too many beside": (only(BESIDE | {"rows": 21}), (0, "rows"), "from 1 to 20"),
    "a format of neither": (only(bought(format="x")), (0, "format"), "rows or columns"),
    "all beside each other": (
        only(bought(strategy="all", format="columns")),
        (0, "format"),
        "can only be rows",
    ),
    "two that multiply rows": (
        only(bought(strategy="all"), bought("kind", **TOP, rows=2)),
        (1, "strategy"),
        "Only one behavior",
    ),
    "five behaviors": (
        only(*(bought(columns=[{"source": "kind", "name": f"k{n}"}]) for n in range(5))),
        (4,),
        "4 behaviors at most",
    ),
}


@pytest.mark.parametrize(("mapping", "path", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_of_its_place(mapping, path, said):
    [found] = problems(mapping, AUDIENCE)

    assert found.path == (("columns", *path) if path else ())
    assert said in found.text and found.text.endswith(".")


def test_nothing_is_wrong_with_what_can_be_exported():
    whole = only(
        attribute(hash=True),
        attribute("cdp_customer_id"),
        attribute("card"),
        string(TIME, {"type": "segment_name"}),
        bought(**TOP, rows="3"),
        BESIDE | {"columns": [{"source": "kind", "name": "kind", "hash": True}]},
        bought(
            "word", behavior="signs", order_by="word", columns=[{"source": "word", "name": "w"}]
        ),
    )

    assert problems(whole, AUDIENCE) == []
    assert output_columns(whole, AUDIENCE) == [
        ("email", "varchar"),
        ("cdp_customer_id", "varchar"),
        ("card", "varchar"),
        ("text", "varchar"),
        ("amount", "double"),
        ("kind_1", "varchar"),
        ("kind_2", "varchar"),
        ("w", "varchar"),
    ]
    assert problems({}, AUDIENCE) == problems(every(string(TIME), bought("kind")), AUDIENCE) == []


def test_a_number_of_rows_may_be_written_with_a_sign():
    mapping = only(bought(**TOP, rows="+3"))

    assert problems(mapping, AUDIENCE) == []
    assert "<= 3" in statement(
        Segment(pk=1, name="S", rules={"type": "And"}), mapping, AUDIENCE, "UTC"
    )


def test_all_columns_are_those_that_the_person_sees():
    assert [name for name, _ in output_columns({}, AUDIENCE)] == [*ROOM.attributes, "card"]
    sql = statement(Segment(pk=1, name="S", rules={"type": "And"}), {}, AUDIENCE, "UTC")
    assert "phone" not in sql and "secret" not in sql and '"card"' in sql


def test_where_nothing_may_be_seen_all_columns_are_a_problem():
    [found] = problems({}, Audience("aud", {"phone": HIDDEN}, {"x": Behavior("x", {})}))

    assert found.text == "There is no column that may be exported."


def test_the_json_of_a_mapping_comes_back_with_its_defaults():
    assert from_json("{}") == {"all_columns": True, "columns": []}
    sent = only(attribute(hash=None), string(TIME, {"type": "segment_id", "value": "x"}), bought())
    found = from_json(json.dumps(sent | {"more": 1}))

    assert found == only(
        {"kind": "attribute", "source": "email", "name": "email", "hash": False},
        {"kind": "string", "name": "text", "parts": [TIME, {"type": "segment_id"}]},
        {
            "kind": "behavior",
            "behavior": "orders",
            "strategy": "last",
            "order_by": "",
            "descending": True,
            "format": "rows",
            "columns": [{"source": "amount", "name": "amount", "hash": False}],
        },
    )
    assert from_json(json.dumps(found)) == found
    assert from_json(json.dumps(only(bought(**TOP, rows=" 3 "))))["columns"][0]["rows"] == 3


SHAPELESS = [
    "",
    "[",
    "[" * 100_000,
    "null",
    "[]",
    '"x"',
    '{"columns": {}}',
    '{"all_columns": 1, "columns": []}',
    '{"columns": [null]}',
    '{"columns": [{}]}',
    '{"columns": [{"kind": []}]}',
    '{"columns": [{"kind": "table"}]}',
    '{"columns": [{"kind": "attribute", "source": 1}]}',
    '{"columns": [{"kind": "attribute", "hash": "yes"}]}',
    '{"columns": [{"kind": "string", "parts": [{"type": "sql"}]}]}',
    '{"columns": [{"kind": "string", "parts": "x"}]}',
    '{"columns": [{"kind": "string", "parts": [{"type": "string", "value": 7}]}]}',
    '{"columns": [{"kind": "behavior", "strategy": "top", "rows": 1.5}]}',
    '{"columns": [{"kind": "behavior", "strategy": "top", "rows": true}]}',
    '{"columns": [{"kind": "behavior", "columns": [1]}]}',
    json.dumps(only(*[attribute()] * 501)),
    " " * (1 << 20) + "{}",
]


@pytest.mark.parametrize("text", SHAPELESS, ids=range(len(SHAPELESS)))
def test_what_is_no_mapping_is_refused_with_a_sentence(text):
    with pytest.raises(BadMapping, match=r"^[A-Z].*\.$"):
        from_json(text)


@pytest.mark.parametrize("rows", ["9" * 5000, "-1", "many"])
def test_a_number_of_rows_that_is_none_is_a_problem(rows):
    column = {"kind": "behavior", "behavior": "visits", "strategy": "top", "rows": rows}

    read = from_json(json.dumps(only(column)))

    assert read["columns"][0]["rows"] == rows and problems(read, AUDIENCE)


def test_a_mapping_that_was_kept_without_its_shape_is_a_problem():
    [found] = problems({"columns": [{"kind": "x"}]}, AUDIENCE)

    assert found.path == () and "Column 1 has to be" in found.text
