"""What CleverTap gets of a result: the records of each operation, against the sandbox."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from integrations.connectors.clevertap import CleverTap
from integrations.delivery import Delivery
from integrations.errors import PermanentError
from integrations.sandbox.clevertap import PASSCODE
from tests.integrations.clevertap import EVENTS, LIST, PROFILES, connector
from tests.servers import local_delivery

DAY = 1_596_240_000  # 2020-08-01T00:00:00Z


def test_profiles_arrive_with_their_properties(account, export, result):
    rows = result(
        identity=["a", "b"],
        name=["Ann", None],
        city=['Köln "am Rhein"\n\\', "Ōsaka\t\x01"],
        age=[7, 8],
    )

    receipt, delivery = export(rows)

    assert account.store.read("profiles") == [
        {
            "type": "profile",
            "identity": "a",
            "profileData": {"Name": "Ann", "city": 'Köln "am Rhein"\n\\', "Age": 7},
        },
        {"type": "profile", "identity": "b", "profileData": {"city": "Ōsaka\t\x01", "Age": 8}},
    ]
    place = account.address
    said = f"Uploaded 2 profiles to CleverTap account DEMO ({place}) in 1 request."
    assert (receipt.rows, receipt.rejected, receipt.summary) == (2, 0, said)
    assert delivery.rejects.count == 0


TYPES = {
    "whole": (pa.array([2**53], "int64"), 2**53),
    "small": (pa.array([-3], "int8"), -3),
    "real": (pa.array([0.1]), 0.1),
    "large": (pa.array([1e22]), 1e22),
    "exact": (pa.array([Decimal("1234567890.10")]), 1234567890.10),
    "yes": (pa.array([True]), True),
    "day": (pa.array([date(2020, 8, 1)]), f"$D_{DAY}"),
    "moment": (pa.array([(DAY + 1) * 1000 + 900], pa.timestamp("ms")), f"$D_{DAY + 1}"),
    "zoned": (pa.array([datetime(2020, 8, 1, tzinfo=UTC)]), f"$D_{DAY}"),
    "early": (pa.array([-500_000], pa.timestamp("us")), "$D_-1"),
    "iso": (pa.array(["2020-08-01T00:00:00Z"]), f"$D_{DAY}"),
    "iso_fraction": (pa.array(["2020-08-01T00:00:00.999Z"]), f"$D_{DAY}"),
    "no_date": (pa.array(["2020-13-45T00:00:00Z"]), "2020-13-45T00:00:00Z"),
    "dollar_date": (pa.array(["$D_12"]), "$D_12"),
    "texts": (pa.array([["a", 'b"']]), ["a", 'b"']),
    "json_array": (pa.array(['["x", 1, true]']), ["x", 1, True]),
    "no_array": (pa.array(["[x"]), "[x"),
    "nested_array": (pa.array(["[[1]]"]), "[[1]]"),
    "nan_array": (pa.array(["[NaN]"]), "[NaN]"),
    "later_nan": (pa.array(["[1, NaN]"]), "[1, NaN]"),
    "infinite_array": (pa.array(["[-Infinity]"]), "[-Infinity]"),
    "huge_array": (pa.array(["[1e999]"]), "[1e999]"),
    "repeated": (pa.array(["r"]).dictionary_encode(), "r"),
}


@pytest.mark.parametrize("name", TYPES)
def test_a_value_of_each_type_is_the_json_that_clevertap_reads(name, account, export, result):
    column, wanted = TYPES[name]

    export(result(pa.table({"identity": ["a"], "value": column})))

    [record] = account.store.read("profiles")
    assert record["profileData"] == {"value": wanted}


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("replace", ["a", "b"]),
        ("append", {"$add": ["a", "b"]}),
        ("remove", {"$remove": ["a", "b"]}),
    ],
)
def test_arrays_are_replaced_appended_or_removed(operation, wanted, account, export, result):
    rows = result(identity=["1"], tags=[["a", "b"]], more=['["a","b"]'], plain=["a"])

    export(rows, array_operation=operation)

    [record] = account.store.read("profiles")
    assert record["profileData"] == {"tags": wanted, "more": wanted, "plain": "a"}


def test_identities_of_all_kinds_are_texts_and_nulls_leave_no_key(account, export, result):
    rows = result(IDENTITY=[1, None], objectid=[" ", "o"], fbid=["f", "\t "], gpid=["", " g "])

    export(rows)

    assert account.store.read("profiles") == [
        {"type": "profile", "identity": "1", "FBID": "f", "profileData": {}},
        {"type": "profile", "objectId": "o", "GPID": " g ", "profileData": {}},
    ]


def test_events_have_a_name_a_time_and_properties(account, export, result):
    rows = result(identity=["a", "a"], EVTNAME=["Seen", "Left"], ts=[DAY, None], Page=["/x", None])

    receipt, _ = export(rows, **EVENTS)

    assert account.store.read("events") == [
        {"type": "event", "identity": "a", "ts": DAY, "evtName": "Seen", "evtData": {"Page": "/x"}},
        {"type": "event", "identity": "a", "evtName": "Left", "evtData": {}},
    ]
    assert receipt.summary.startswith("Uploaded 2 events to CleverTap account DEMO")


@pytest.mark.parametrize(
    "ts",
    [
        pa.array([DAY], "int64"),
        pa.array([DAY], "int32"),
        pa.array([DAY], pa.timestamp("s")),
        pa.array([datetime(2020, 8, 1, tzinfo=UTC)]),
        pa.array([date(2020, 8, 1)]),
        pa.array(["2020-08-01T00:00:00Z"]),
        pa.array([str(DAY)]),
    ],
    ids=lambda column: f"{column.type}-{column[0]}",
)
def test_the_time_of_an_event_may_have_any_of_the_forms(ts, account, export, result):
    export(result(pa.table({"identity": ["a"], "evtName": ["E"], "ts": ts})), **EVENTS)

    assert account.store.read("events")[0]["ts"] == DAY


def test_the_items_of_a_charge_are_an_array_of_objects(account, export, result):
    columns = {
        "identity": ["a", "b", "c"],
        "evtName": ["Charged", "Charged", "Seen"],
        "Amount": [300, 12, None],
        "Items[0].Category": ["books", "toys", None],
        "Items[0].Book name": ["The Millionaire Next Door", None, None],
        "Items[0].Quantity": [1, 2, None],
        "items[1].Category": ["books", None, None],
    }

    export(result(**columns), **EVENTS)

    first, second, third = (record["evtData"] for record in account.store.read("events"))
    assert first == {
        "Amount": 300,
        "Items": [
            {"Category": "books", "Book name": "The Millionaire Next Door", "Quantity": 1},
            {"Category": "books"},
        ],
    }
    assert second == {"Amount": 12, "Items": [{"Category": "toys", "Quantity": 2}]}
    assert third == {}


def test_device_tokens_are_added_to_devices(account, export, result):
    rows = result(objectId=["o"], id=["t"], Type=["chrome"], keys=['{"auth":"x"}'], other=[1])

    receipt, _ = export(rows, profile_operation="upload_tokens")

    data = {"id": "t", "type": "chrome", "keys": {"auth": "x"}}
    assert account.store.read("tokens") == [{"type": "token", "objectId": "o", "tokenData": data}]
    assert receipt.summary.startswith("Uploaded 1 device token to CleverTap")


def test_keys_of_device_tokens_can_be_rows(account, export, result):
    rows = result(
        objectId=["o", "p"], id=["t"] * 2, type=["chrome"] * 2, keys=[{"auth": "x"}, None]
    )

    receipt, _ = export(rows, profile_operation="upload_tokens")

    found = [record["tokenData"].get("keys") for record in account.store.read("tokens")]
    assert (found, receipt.rows) == ([{"auth": "x"}, None], 2)


def test_profiles_are_demerged_a_hundred_at_a_time(account, export, result):
    rows = result(identity=list(range(250)), ignored=[None] * 250)

    receipt, _ = export(rows, profile_operation="demerge")

    assert sorted(account.store.read("demerged"), key=int) == [str(n) for n in range(250)]
    assert receipt.summary.startswith("Demerged 250 profiles in CleverTap account DEMO")
    assert receipt.summary.endswith("in 3 requests.")


def test_subscriptions_are_updated(account, export, result):
    rows = result(
        type=["EMAIL", "phone"],
        value=["a@example.com", "+14155551234"],
        status=["unsubscribe", "Resubscribe"],
    )

    receipt, _ = export(rows, profile_operation="subscribe")

    assert account.store.read("subscriptions") == [
        {"type": "email", "value": "a@example.com", "status": "Unsubscribe"},
        {"type": "phone", "value": "+14155551234", "status": "Resubscribe"},
    ]
    assert receipt.summary.startswith("Updated 2 subscriptions in CleverTap account DEMO")


def test_phone_numbers_are_disassociated(account, export, result):
    receipt, _ = export(result(value=["+14155551234"]), profile_operation="disassociate")

    assert account.store.read("disassociated") == [{"type": "phone", "value": "+14155551234"}]
    assert receipt.summary.startswith("Disassociated 1 phone number in CleverTap account DEMO")


def test_an_empty_result_sends_nothing(account, export, result):
    none = result(identity=pa.array([], "string"))

    receipt, _ = export(none)

    assert receipt.rows == 0 and receipt.skipped.startswith("the result has no rows")
    with pytest.raises(PermanentError, match="set to fail then"):
        export(none, empty_result="fail")
    assert account.store.read("requests") == []


@pytest.mark.parametrize("given", [PROFILES, EVENTS, LIST])
def test_the_preview_is_the_start_of_what_is_sent(given, account, export, result):
    rows = result(identity=["a", "b"], evtName=["E", "E"], type=["i", "g"], n=[1, 2])
    chosen = connector(account, **given)

    start = chosen.preview(rows)

    if given is LIST:
        assert start == b"Type,Identity\ni,a\ng,b\n"
    else:
        export(rows, **given)
        kept = account.store.read("profiles") + account.store.read("events")
        assert json.loads(start) == {"d": kept}
    assert chosen.encoded_size(start) is None
    assert chosen.preview(rows, limit=5) == start[:5]


def test_columns_that_are_wrong_have_no_preview(account, result):
    assert connector(account).preview(result(email=["a"])) is None


def test_the_fields_have_the_defaults_of_the_form():
    form = CleverTap.Export.from_json({})
    assert form.is_valid()
    assert form.cleaned_data["thread_count"] == 5
    assert (form.cleaned_data["target"], form.cleaned_data["skip_invalid"]) == (
        "user_profiles",
        False,
    )
    assert "custom_list_name" not in form.cleaned_data


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"thread_count": 0}, "thread_count"),
        ({"thread_count": 11}, "thread_count"),
        ({"target": "custom_list"}, "custom_list_name"),
        ({"target": "custom_list", "custom_list_name": "a"}, "custom_list_email"),
        ({**LIST, "array_operation": "append"}, "array_operation"),
        ({**EVENTS, "array_operation": "append"}, "array_operation"),
        ({"profile_operation": "demerge", "array_operation": "append"}, "array_operation"),
        ({**EVENTS, "profile_operation": "demerge"}, "profile_operation"),
        ({**LIST, "thread_count": 3}, "thread_count"),
        ({"unanswered": "send"}, "unanswered"),
        ({"segment_mode": "update"}, "segment_mode"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(given, field):
    assert field in CleverTap.Export.from_json(given).errors


@pytest.mark.parametrize(
    ("region", "host"),
    [
        *((region, f"https://{region}.api.clevertap.com") for region in ("in1", "sg1", "us1")),
        *((region, f"https://{region}.api.clevertap.com") for region in ("eu1", "aps3", "mec1")),
    ],
)
def test_each_region_has_its_host(region, host):
    from integrations.connectors.clevertap.authentication import account_of, address_of

    given = {"account_id": "W1", "account_passcode": "x", "region": region}
    settings = CleverTap.Authentication.from_json(given).cleaned_data

    assert (address_of(settings), account_of(settings)) == (host, f"W1 ({region})")


@pytest.mark.parametrize(
    ("host", "valid"),
    [
        ("in2.api.clevertap.com", True),
        ("https://in2.api.clevertap.com/", True),
        ("http://127.0.0.1:8080", True),
        ("http://in2.api.clevertap.com", False),
        ("in2.api.clevertap.com/1/upload", False),
        ("user@in2.api.clevertap.com", False),
        ("", False),
    ],
)
def test_another_host_is_one_name_over_tls(host, valid):
    given = {"account_id": "W1", "account_passcode": "x", "region": "other", "api_host": host}

    assert CleverTap.Authentication.from_json(given).is_valid() is valid


def test_the_test_of_a_connection_goes_step_by_step(account):
    steps = list(connector(account).test(local_delivery()))

    assert [(step.name, step.outcome) for step in steps] == [
        ("resolve", "passed"),
        ("connect", "passed"),
        ("TLS", "passed"),
        ("credentials", "passed"),
    ]
    assert account.store.read("profiles") == []


def test_the_test_says_that_credentials_are_wrong(account):
    wrong = connector(account, authentication={"account_passcode": "s3cret-word"})

    *_, last = wrong.test(local_delivery())

    assert (last.name, last.outcome) == ("credentials", "failed")
    assert "refused the credentials (401 Unauthorized): Invalid Credentials" in last.detail
    assert "Account ID, Account Passcode and Region" in last.remedy
    assert "s3cret-word" not in f"{last.detail}{last.remedy}" and PASSCODE not in last.detail


def test_a_host_that_may_not_be_reached_fails_at_the_first_step(account):
    first, *rest = connector(account).test(Delivery())

    assert (first.name, first.outcome) == ("resolve", "failed")
    assert {step.outcome for step in rest} == {"skipped"}


def test_tls_is_a_step_of_its_own(certificate):
    from tests.endpoint import Endpoint

    server = Endpoint(certificate)
    try:
        host = {"api_host": f"https://localhost:{server.port}"}
        steps = list(connector(server, authentication=host).test(local_delivery()))
        other = {"api_host": f"https://127.0.0.1:{server.port}"}
        refused = list(connector(server, authentication=other).test(local_delivery()))
    finally:
        server.stop()

    assert [step.outcome for step in steps] == ["passed"] * 4
    assert steps[2].detail.startswith("TLSv1.3, certificate until 20")
    assert (refused[2].name, refused[2].outcome) == ("TLS", "failed")
    assert "certificate is not to be trusted" in refused[2].detail
