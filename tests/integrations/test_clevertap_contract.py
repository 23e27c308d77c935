"""Each rule of CleverTap's contract, once broken; and that the sandbox takes what holds to it."""

import time
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from integrations.connectors import CONNECTORS
from integrations.connectors.clevertap.contract import CONTRACT
from integrations.contract import ColumnRule, RowRule, in_force, sifting
from integrations.errors import PermanentError
from tests.integrations.clevertap import EVENTS, LIST, numbers
from tests.servers import local_delivery

TOKENS = {"profile_operation": "upload_tokens"}
SUBSCRIPTIONS = {"profile_operation": "subscribe"}
PHONES = {"profile_operation": "disassociate"}
A, B = "a@example.com", "b@example.com"
LONG = "ü" * 257  # 514 bytes, though fewer characters than 512
SHORTS = "[" + ",".join(['"y"'] * 200) + "]"  # an array of short texts, 801 bytes in all
MAPS = pa.array([[[("a", 1)]]], pa.list_(pa.map_(pa.string(), pa.int64())))
NAN = float("nan")
FUTURE = int(time.time()) + 3600

COLUMNS = [
    ("identity-column", {}, {"email": [A]}, 'no column "identity" or "objectId"'),
    ("identity-column", EVENTS, {"evtName": ["E"]}, 'no column "identity" or "objectId"'),
    ("required-columns", EVENTS, {"identity": ["a"]}, 'no column "evtName"'),
    ("required-columns", TOKENS, {"objectId": ["a"], "id": ["t"]}, 'no column "type"'),
    ("required-columns", {"profile_operation": "demerge"}, {"id": ["a"]}, 'no column "identity"'),
    ("required-columns", SUBSCRIPTIONS, {"type": ["email"], "value": [A]}, 'no column "status"'),
    ("required-columns", PHONES, {"phone": ["+1"]}, 'no column "value"'),
    ("required-columns", LIST, {"identity": ["a"]}, 'no column "type"'),
    *(
        ("column-names", {}, {"identity": ["a"], f"a{sign}b": [1]}, f'"a{sign}b" holds {sign}')
        for sign in '&$",%><!'
    ),
    ("long-names", {}, {"identity": ["a"], "n" * 121: [1]}, "has 121 bytes; 120 are the most"),
    ("long-names", EVENTS, {"identity": ["a"], "evtName": ["E"], "ü" * 61: [1]}, "has 122 bytes"),
    (
        "duplicates",
        {},
        {"identity": ["a"], "Identity": ["b"]},
        '2 columns have the name "identity"',
    ),
    ("nested", {}, {"identity": ["a"], "x": [{"a": 1}]}, 'Column "x" holds rows or maps'),
    ("nested", {}, {"identity": ["a"], "x": MAPS}, 'Column "x" holds rows or maps'),
    (
        "nested",
        EVENTS,
        {"identity": ["a"], "evtName": ["E"], "x": MAPS},
        'Column "x" holds rows or maps',
    ),
    ("nested", {}, {"identity": ["a"], "x": [[[1]]]}, 'Column "x" holds rows or maps'),
    ("types", {}, {"identity": [1.5]}, 'Column "identity" holds numbers with a fraction'),
    (
        "types",
        {},
        {"objectId": [Decimal("1.5")]},
        'Column "objectId" holds numbers with a fraction',
    ),
    ("types", EVENTS, {"identity": [date(2026, 1, 1)], "evtName": ["E"]}, "holds dates or times"),
    ("types", EVENTS, {"identity": ["a"], "evtName": [1]}, "where CleverTap takes texts;"),
    ("types", LIST, {"type": ["i"], "identity": [True]}, "takes texts or whole numbers;"),
    (
        "single-columns",
        EVENTS,
        {"identity": [["a"]], "evtName": ["E"]},
        'Column "identity" holds arrays, but identity is a single value',
    ),
    (
        "single-columns",
        {"profile_operation": "demerge"},
        {"identity": [{"a": 1}]},
        'Column "identity" holds rows or maps, but identity is a single value',
    ),
    (
        "single-columns",
        LIST,
        {"type": ["i"], "Identity": [["a"]]},
        'Column "Identity" holds arrays, but identity is a single value',
    ),
    ("single-columns", {}, {"identity": ["a"], "phone": [["+1"]]}, 'Column "phone" holds arrays'),
    ("single-columns", {}, {"identity": [["a"]]}, 'Column "identity" holds arrays'),
    (
        "properties",
        {},
        {"identity": ["a"]} | {f"p{n}": [1] for n in range(257)},
        "There are 257 properties; 256 are the most",
    ),
    (
        "items-columns",
        EVENTS,
        {"identity": ["a"], "evtName": ["Charged"], "Items[x].Price": [1]},
        'Column "Items[x].Price" is not named like',
    ),
]
# The first row breaks the rule, the second holds.
ROWS = [
    ("identity", {}, {"identity": [None, "b"], "objectId": ["", None]}, "no identity"),
    ("identity", EVENTS, {"identity": [" ", "b"], "evtName": ["E", "E"]}, "no identity"),
    ("required-values", EVENTS, {"identity": ["a", "b"], "evtName": [None, "E"]}, "no evtName"),
    ("required-values", {"profile_operation": "demerge"}, {"identity": ["", "b"]}, "no identity"),
    (
        "required-values",
        TOKENS,
        {"objectId": ["a", "b"], "id": [None, "t"], "type": ["fcm", "fcm"]},
        "no id",
    ),
    ("long-values", {}, {"identity": ["a", "b"], "x": [LONG, "x" * 512]}, "longer than 512"),
    ("long-values", {}, {"identity": ["a", "b"], "x": ["x" * 513, "x"]}, "longer than 512"),
    ("long-values", {}, {"identity": ["a" * 513, "b"]}, "identity is longer than 512"),
    ("long-values", {}, {"identity": ["a", "b"], "x": [["y", LONG], ["y"]]}, "longer than 512"),
    ("long-values", {}, {"identity": ["a", "b"], "x": [f'["{LONG}"]', '["y"]']}, "longer than 512"),
    ("long-values", {}, {"identity": ["a", "b"], "x": [f"[{LONG}", SHORTS]}, "longer than 512"),
    ("long-values", {}, {"identity": [SHORTS, "b"]}, "identity is longer than 512"),
    (
        "long-values",
        EVENTS,
        {"identity": ["a", "b"], "evtName": ["E", "E"], "x": [f'[1,"{LONG}"]', SHORTS]},
        "x is longer than 512",
    ),
    (
        "long-values",
        EVENTS,
        {"identity": ["a"] * 2, "evtName": ["Charged"] * 2, "Items[0].x": [SHORTS, "y"]},
        "Items[0].x is longer than 512",
    ),
    ("long-values", PHONES, {"value": ["+1" * 300, "+14155551234"]}, "longer than 512"),
    (
        "ts",
        EVENTS,
        {"identity": ["a", "b"], "evtName": ["E", "E"], "ts": ["2020-08-01", "1596240000"]},
        "ts is no time",
    ),
    (
        "ts",
        EVENTS,
        {"identity": ["a", "b"], "evtName": ["E", "E"], "ts": [FUTURE, 1596240000]},
        "ts is in the future",
    ),
    (
        "ts",
        EVENTS,
        {"identity": ["a", "b"], "evtName": ["E", "E"], "ts": [1596240000000, 1596240000]},
        "ts is in the future",
    ),
    ("ts", {}, {"identity": ["a", "b"], "ts": [-1, 1]}, "ts is before 1970"),
    ("ts", {}, {"identity": ["a", "b"], "ts": [1.5, None]}, "ts is no time"),
    ("numbers", {}, {"identity": ["a", "b"], "x": [float("nan"), 1.0]}, "x is not a number"),
    ("numbers", {}, {"identity": ["a", "b"], "x": [float("inf"), None]}, "x is not a number"),
    ("numbers", {}, {"identity": ["a", "b"], "x": [[1.0, NAN], [1.0]]}, "x holds what is no"),
    (
        "numbers",
        EVENTS,
        {"identity": ["a", "b"], "evtName": ["E", "E"], "x": [[float("-inf")], None]},
        "x holds what is no number",
    ),
    (
        "system-events",
        EVENTS,
        {"identity": ["a", "b"], "evtName": ["App Launched", "Charged"]},
        "keeps the name of this event for itself",
    ),
    (
        "items",
        EVENTS,
        {"identity": ["a", "b"], "evtName": ["Seen", "Charged"], "Items[0].Price": [1, 2]},
        "Only the event Charged has items",
    ),
    ("profile-fields", {}, {"identity": ["a", "b"], "phone": ["0123", "+14155551234"]}, "phone is"),
    ("profile-fields", {}, {"identity": ["a", "b"], "Email": ["x", A]}, "Email is not an e-mail"),
    ("profile-fields", {}, {"identity": ["a", "b"], "gender": ["male", "F"]}, "gender is not M"),
    ("profile-fields", {}, {"identity": ["a", "b"], "Married": ["yes", None]}, "Married is not Y"),
    ("profile-fields", {}, {"identity": ["a", "b"], "age": ["30-40", "31"]}, "age is not a whole"),
    ("profile-fields", {}, {"identity": ["a", "b"], "Age": [-1, 31]}, "Age is not a whole number"),
    (
        "single-values",
        {},
        {"identity": ["a", "b"], "name": ['["x"]', "[x"]},
        "name is an array, but Name is a single value",
    ),
    (
        "subscriptions",
        SUBSCRIPTIONS,
        {"type": ["sms", "Email"], "value": [A, B], "status": ["Unsubscribe"] * 2},
        "type is not email or phone",
    ),
    (
        "subscriptions",
        SUBSCRIPTIONS,
        {"type": ["email", "email"], "value": [A, B], "status": ["out", "resubscribe"]},
        "status is not",
    ),
    (
        "subscriptions",
        SUBSCRIPTIONS,
        {"type": ["phone", "email"], "value": ["4155", B], "status": ["Unsubscribe"] * 2},
        "value is not a number",
    ),
    (
        "subscriptions",
        SUBSCRIPTIONS,
        {"type": ["email", "phone"], "value": ["x", "+14155551234"], "status": ["Unsubscribe"] * 2},
        "value is not an e-mail address",
    ),
    ("phones", PHONES, {"value": ["4155551234", "+14155551234"]}, "value is not a number"),
    ("list-type", LIST, {"type": ["x", "G"], "identity": ["a", "b"]}, "type is not g or i"),
    (
        "token-keys",
        TOKENS,
        {"objectId": ["a", "b"], "id": ["t", "t"], "type": ["fcm"] * 2, "keys": ["[]", "{}"]},
        "keys is no JSON object",
    ),
    (
        "token-keys",
        TOKENS,
        {"objectId": ["a", "b"], "id": ["t"] * 2, "type": ["fcm"] * 2, "keys": ['{"x":NaN}', None]},
        "keys is no JSON object",
    ),
]


@pytest.mark.parametrize(
    "case",
    COLUMNS,
    ids=[f"{n}-{each[0]}" for n, each in enumerate(COLUMNS)],
)
def test_columns_that_break_a_rule_are_told_of_and_nothing_is_sent(case, account, export, result):
    rule, given, columns, reason = case
    with pytest.raises(PermanentError, match="so nothing was sent") as told:
        export(result(**columns), **given, skip_invalid=True)

    assert reason in str(told.value)
    assert account.store.read("requests") == []
    assert reason in " ".join(sentences(rule, given, result(**columns).schema))


def sentences(name, given, schema):
    """Return what the rules of that name say, and no other."""
    settings = CONNECTORS["clevertap"].Export.from_json(given).cleaned_data
    from integrations.contract import check_columns

    return check_columns(schema, [rule for rule in CONTRACT if rule.name == name], settings)


@pytest.mark.parametrize(
    "case",
    ROWS,
    ids=[f"{n}-{each[0]}" for n, each in enumerate(ROWS)],
)
def test_a_row_that_breaks_a_rule_is_left_out_and_the_others_are_taken(
    case, account, export, result
):
    rule, given, columns, reason = case
    receipt, delivery = export(result(**columns), **given, skip_invalid=True)

    [(number, _, broken, said)] = delivery.rejects.kept
    assert (number, broken) == (0, rule)
    assert reason in said
    assert (receipt.rows, receipt.rejected) == (1, 1)
    assert {each["status"] for each in account.store.read("requests")} == {200}


def test_every_rule_is_broken_by_a_test():
    kinds = {rule.name: type(rule) for rule in CONTRACT}

    assert {name for name, kind in kinds.items() if kind is ColumnRule} == {r[0] for r in COLUMNS}
    assert {name for name, kind in kinds.items() if kind is RowRule} == {r[0] for r in ROWS}


def test_a_row_that_breaks_a_rule_stops_the_job_where_none_may_be_skipped(account, export, result):
    with pytest.raises(PermanentError, match="1 of 2 rows breaks a rule, so nothing was sent"):
        export(result(identity=["a", None]))

    assert account.store.read("requests") == []


@pytest.mark.parametrize("identity", [7, True, "seven", Decimal("8")], ids=str)
def test_an_identity_may_be_a_text_a_whole_number_or_a_boolean(account, export, result, identity):
    receipt, _ = export(result(identity=[identity], age=[31]))

    assert receipt.rows == 1


def test_columns_that_an_operation_does_not_send_may_be_anything(account, export, result):
    table = pa.table({"value": ["+14155551234"], "a&b": [[{"x": 1}]], "c": [LONG]})

    receipt, _ = export(result(table), local_delivery(), **PHONES)

    assert receipt.rows == 1


def test_a_batch_has_the_same_rows_whichever_of_them_are_left_out(account, export, result):
    names = [None if n % 3 == 1 else str(n) for n in range(2_500)]

    receipt, delivery = export(result(identity=names), skip_invalid=True)

    assert receipt.rows == len(account.store.read("profiles")) == 1_667
    assert numbers(delivery.rejects) == [n for n in range(2_500) if n % 3 == 1]
    assert receipt.summary.endswith("in 3 requests.")


@pytest.mark.parametrize("case", ROWS, ids=[f"{n}-{each[0]}" for n, each in enumerate(ROWS)])
def test_what_no_rule_looks_at_makes_no_difference(case, result):
    _, given, columns, _ = case
    settings = CONNECTORS["clevertap"].Export.from_json(given).cleaned_data
    more = {"n": [1, 2], "day": [date(2026, 1, 1), None], "phone": [5, 14155551234]}
    checks = list(in_force(CONTRACT, RowRule, settings))
    [batch] = result(**more | columns).portions()

    names = sifting.looked_at(batch.schema, checks, settings)
    narrow = sifting.judged(batch.select(names), checks, settings)

    assert narrow.rejected == sifting.judged(batch, checks, settings).rejected


def kept_once(column):
    """Return the column with its texts in a dictionary that holds more of them."""
    if pa.types.is_list(column.type):
        texts = kept_once(column.values)
        return pa.ListArray.from_arrays(column.offsets, texts, mask=column.is_null())
    if not pa.types.is_string(column.type):
        return column
    more = pa.concat_arrays([pa.array([LONG, "[1]", "x"]), column])
    return more.dictionary_encode().slice(3)


@pytest.mark.parametrize("case", ROWS, ids=[f"{n}-{each[0]}" for n, each in enumerate(ROWS)])
def test_texts_that_are_kept_once_are_judged_as_those_that_are_not(case, result):
    _, given, columns, _ = case
    settings = CONNECTORS["clevertap"].Export.from_json(given).cleaned_data
    checks = list(in_force(CONTRACT, RowRule, settings))
    [batch] = result(**columns).portions()
    once = pa.RecordBatch.from_arrays(list(map(kept_once, batch.columns)), batch.schema.names)

    assert all(rule.dictionaries for rule in checks)
    assert sifting.judged(once, checks, settings) == sifting.judged(batch, checks, settings)


def test_what_is_right_by_its_type_is_not_looked_at():
    schema = pa.schema(
        {"identity": pa.int64(), "n": pa.int64(), "day": pa.date32(), "phone": pa.int64(),
         "x": pa.float64(), "note": pa.string()}
    )  # fmt: skip
    settings = CONNECTORS["clevertap"].Export.from_json({}).cleaned_data

    names = sifting.looked_at(schema, list(in_force(CONTRACT, RowRule, settings)), settings)

    assert names == ["identity", "phone", "x", "note"]
