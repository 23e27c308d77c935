"""Audience lists and conversions for Rokt: where they go, what is in them, what is refused."""

import hashlib
from dataclasses import dataclass

import pyarrow as pa
import pytest

from integrations.connectors.rokt import Rokt
from integrations.delivery import Delivery
from integrations.errors import PermanentError, Stopped
from integrations.result import parse_result
from tests.integrations.exports import stored
from tests.servers import local_delivery

ADDRESS = "test@example.com"
HASH = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"
INCLUDE = "/upload/custom-audience/include/AdvertiserDatabase"


def export(**given):
    base = {"list_kind": "include", "advertiser_database": "AdvertiserDatabase"}
    base = {} if given.get("list_kind") == "conversions" else base
    form = Rokt.Export.from_json(base | {"file_name": "people.csv"} | given)
    assert not form.errors, form.errors
    return form.cleaned_data


@pytest.fixture
def rokt(sandbox):
    """A connector whose server is the sandbox, logged in to with a key."""

    def make(**given):
        login = {
            "host": sandbox.host,
            "port": sandbox.port,
            "username": "demo",
            "secret_key_file": sandbox.user_key_path.read_text(),
            "max_connection_retry": 2,
        }
        form = Rokt.Authentication.from_json(login | given.pop("login", {}))
        assert not form.errors, form.errors
        return Rokt(form.cleaned_data, export(**given))

    return make


def emails(tmp_path, *values, name="email", **more):
    return stored(tmp_path / "rows.parquet", **{name: pa.array(values, "string")}, **more)


def test_the_card_begins_with_what_rokt_says():
    login, form = Rokt.Authentication.defaults(), Rokt.Export.defaults()

    assert (login["host"], login["port"], login["auth_method"]) == ("ftp.rokt.com", 22, "key_pair")
    assert (login["max_connection_retry"], login["timeout"]) == (10, 600)
    assert (form["format"], form["header_line"], form["encoders"]) == ("csv", False, "")
    assert (form["delimiter"], form["newline"]) == ("default", "CRLF")
    assert form["temp_file_threshold"] == 5_368_709_120
    assert form["rename_file_after_upload"] is True


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, f"{INCLUDE}/people.csv"),
        ({"list_name": "MyList"}, f"{INCLUDE}/MyList/people.csv"),
        (
            {"list_kind": "exclude", "advertiser_database": "A"},
            "/upload/custom-audience/exclude/A/people.csv",
        ),
        ({"list_kind": "conversions"}, "/upload/conversions/people.csv"),
        ({"file_name": "p-{yyyy}{MM}{dd}-{job}.txt"}, f"{INCLUDE}/p-20260203-7.txt"),
    ],
)
def test_the_list_decides_on_the_directory(given, path):
    from datetime import UTC, datetime

    delivery = Delivery(slot=datetime(2026, 2, 3, tzinfo=UTC), number="7")

    assert Rokt({}, export(**given)).path(delivery) == path


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"list_kind": "seed"}, "list_kind", 'Must be one of "include", "exclude"'),
        ({"advertiser_database": ""}, "advertiser_database", "required"),
        ({"advertiser_database": "a/b"}, "advertiser_database", "without slashes"),
        ({"list_name": ".."}, "list_name", "without slashes"),
        ({"file_name": "people"}, "file_name", ".csv or .txt"),
        ({"file_name": ".people.csv"}, "file_name", "begin with a dot"),
        ({"file_name": "a/people.csv"}, "file_name", "alone"),
        ({"file_name": "{day}.csv"}, "file_name", "no placeholder"),
        ({"header_line": True}, "header_line", "Applies only when"),
        ({"encoders": "gz"}, "encoders", "Must be one of"),
    ],
)
def test_what_rokt_does_not_take_is_refused_in_the_form(given, field, said):
    base = {"list_kind": "include", "advertiser_database": "A", "file_name": "people.csv"}

    assert said in " ".join(Rokt.Export.from_json(base | given).errors[field])


def test_addresses_are_trimmed_and_in_lower_case_before_they_are_hashed(rokt, sandbox, tmp_path):
    rows = emails(tmp_path, ADDRESS, " Test@Example.com ", HASH, HASH.upper())
    delivery = local_delivery()

    receipt = rokt().deliver(rows, delivery)

    data = (sandbox.root / INCLUDE[1:] / "people.csv").read_bytes()
    assert data == f"{HASH}\r\n".encode() * 4
    assert receipt.files[0].sha256 == hashlib.sha256(data).hexdigest()
    assert receipt.files[0].path == f"{INCLUDE}/people.csv"
    assert not delivery.rejects.kept


@pytest.mark.parametrize("email_format", ["sha256", "plain"])
def test_the_preview_is_what_is_sent(rokt, sandbox, tmp_path, email_format):
    plain = [f" User.{n}@Example.com" for n in range(40_000)]
    rows, chosen = emails(tmp_path, *plain), rokt(email_format=email_format)

    chosen.deliver(rows, local_delivery())

    whole = (sandbox.root / INCLUDE[1:] / "people.csv").read_bytes()
    assert chosen.preview(rows, len(whole) + 1) == whole
    assert chosen.preview(rows, 2048) == whole[:2048]
    assert whole.count(b"\r\n") == 40_000
    assert (b"User.7@Example.com\r\n" in whole) == (email_format == "plain")


def test_plain_and_hashed_addresses_of_one_file_are_refused_wherever_they_are(
    rokt, sandbox, tmp_path
):
    rows = emails(tmp_path, *[f"u{n}@example.com" for n in range(40_000)], HASH)

    with pytest.raises(PermanentError, match="40,000 addresses are plain and 1 are hashed"):
        rokt(email_format="plain").deliver(rows, local_delivery())
    assert not list(sandbox.root.iterdir())


def test_rows_that_are_left_out_do_not_count_as_mixed(rokt, sandbox, tmp_path):
    rows = emails(tmp_path, HASH, "nobody", HASH.upper())

    receipt = rokt(email_format="plain", skip_invalid=True).deliver(rows, local_delivery())

    assert (receipt.rows, receipt.rejected) == (2, 1)
    sent = (sandbox.root / INCLUDE[1:] / "people.csv").read_text()
    assert sent == f"{HASH}\n{HASH.upper()}\n"


@pytest.mark.parametrize(
    ("given", "columns", "said"),
    [
        ({}, {"email": ["a@b.co"], "name": ["A"]}, "is one column"),
        ({}, {"email": [1]}, "of type varchar"),
        ({"list_kind": "conversions"}, {"a": ["x"], "b": ["y"]}, "No column can be told"),
        ({"list_kind": "conversions"}, {"email": ["x"], "mail": ["y"]}, "Both email and mail"),
        ({"list_kind": "conversions"}, {"email": ["a@b.co"], "amount": [1]}, "needs a column curr"),
        ({"email_column": "nothing"}, {"email": ["a@b.co"]}, "No column can be told"),
    ],
)
def test_columns_that_rokt_cannot_take_stop_the_export(
    rokt, sandbox, tmp_path, given, columns, said
):
    with pytest.raises(PermanentError, match=said):
        rokt(**given).deliver(stored(tmp_path / "rows.parquet", **columns), local_delivery())
    assert not list(sandbox.root.iterdir())


GOOD = {"email": ADDRESS, "value": "12.50", "currency": "USD"}


@pytest.mark.parametrize(
    ("bad", "rule", "reason"),
    [
        ({"email": None}, "address-missing", "There is no address."),
        ({"email": "  "}, "address-missing", "There is no address."),
        ({"email": "test@example"}, "address", "neither an e-mail address nor a SHA-256"),
        ({"email": HASH[1:]}, "address", "neither an e-mail address nor a SHA-256"),
        ({"email": "a@b@example.com"}, "address", "neither an e-mail address nor a SHA-256"),
        ({"value": "much"}, "value", "value is not a number"),
        ({"currency": "dollars"}, "currency", "currency is not a code of three letters"),
    ],
)
def test_rows_that_rokt_cannot_take_are_kept_with_the_reason(
    rokt, sandbox, tmp_path, bad, rule, reason
):
    rows = [GOOD, GOOD | bad]
    columns = {name: pa.array([row[name] for row in rows], "string") for name in GOOD}
    delivery = local_delivery()

    chosen = rokt(list_kind="conversions", skip_invalid=True)
    receipt = chosen.deliver(stored(tmp_path / "r.parquet", **columns), delivery)

    [(number, _, broken, told)] = delivery.rejects.kept
    assert (number, broken, receipt.rows) == (1, rule, 1) and reason in told
    assert (sandbox.root / "upload/conversions/people.csv").read_text() == f"{HASH},12.50,USD\n"


def test_addresses_of_all_kinds_are_taken(rokt, tmp_path):
    rows = emails(tmp_path, "a.b+c@example.co.uk", "ü@bücher.de", "x@a-b.museum", "o'n@x.io")

    assert rokt().deliver(rows, local_delivery()).rows == 4


def test_a_small_list_to_include_is_sent_with_a_word_in_the_log(rokt, tmp_path):
    said = []

    rokt().deliver(emails(tmp_path, ADDRESS), local_delivery(log=said.append))

    assert "Rokt recommends 1,000 people or more to include: here are fewer." in said


def test_an_empty_result_leaves_an_empty_file_unless_something_else_is_asked_for(
    rokt, sandbox, tmp_path
):
    assert rokt(empty_result="skip").deliver(emails(tmp_path), local_delivery()).skipped
    assert not list(sandbox.root.iterdir())

    rokt().deliver(emails(tmp_path), local_delivery())
    assert (sandbox.root / INCLUDE[1:] / "people.csv").read_bytes() == b""


@pytest.mark.parametrize("renames", [True, False])
def test_while_it_grows_the_file_has_a_name_that_is_told(rokt, sandbox, tmp_path, renames):
    rows, seen = emails(tmp_path, *[f"u{n}@example.com" for n in range(99_999)]), set()

    def look(_):
        seen.update(path.name for path in (sandbox.root / INCLUDE[1:]).iterdir())

    rokt(rename_file_after_upload=renames).deliver(rows, local_delivery(progress=look))

    [grown] = seen - {"people.csv"}
    assert grown == "people.csv.tmp" if renames else grown.startswith(".people.csv")


def test_a_connection_that_breaks_is_gone_on_with(rokt, sandbox, tmp_path, faulty, impatient):
    rows = emails(tmp_path, *[f"u{n}@example.com" for n in range(99_999)])
    proxy = faulty(sandbox, cuts=[400_000])

    rokt(login={"port": proxy.port}).deliver(rows, local_delivery())

    sent = (sandbox.root / INCLUDE[1:] / "people.csv").read_text().splitlines()
    assert sent == [hashlib.sha256(b"u%d@example.com" % n).hexdigest() for n in range(99_999)]
    assert proxy.connections == 2


def test_a_kill_leaves_nothing_behind(rokt, sandbox, tmp_path):
    rows, sent = emails(tmp_path, *[f"u{n}@example.com" for n in range(99_999)]), []

    with pytest.raises(Stopped):
        rokt().deliver(rows, local_delivery(progress=sent.append, stopped=lambda: bool(sent)))
    assert not list((sandbox.root / INCLUDE[1:]).iterdir())


def test_a_key_that_rokt_does_not_know_is_a_lasting_error(rokt, sandbox, tmp_path):
    from tests.integrations.keys import private_key

    with pytest.raises(PermanentError, match="Log in to"):
        rokt(login={"secret_key_file": private_key()}).deliver(
            emails(tmp_path, ADDRESS), local_delivery()
        )


def test_a_result_says_it_in_json():
    connector, login, settings = parse_result(
        {
            "type": "rokt",
            "user": "me",
            "auth_method": "password",
            "password": "x",
            "list_kind": "exclude",
            "advertiser_database": "A",
            "file_name": "a.csv",
            "email_format": "SHA-256",
            "encoders": "none",
        }
    )

    assert connector is Rokt and login["host"] == "ftp.rokt.com"
    assert (login["max_connection_retry"], settings["email_format"]) == (5, "sha256")
    assert "header_line" in settings and settings["header_line"] is False


def test_the_connection_test_tries_the_directory_of_the_list(rokt, sandbox):
    steps = list(rokt().test(local_delivery()))

    assert [step.outcome for step in steps] == ["passed"] * 8
    assert steps[4].detail.endswith(f"the export creates {INCLUDE}")
    assert not list(sandbox.root.iterdir())


def test_what_is_sent_is_taken_by_rokt(rokt, sandbox, tmp_path):
    import json

    from integrations.sandbox.rokt_files import Consumer

    consumer = Consumer(sandbox.root, tmp_path / "processed")
    rokt().deliver(emails(tmp_path, ADDRESS, HASH), local_delivery())

    assert consumer.look() == [] and consumer.look() == ["people.csv"]
    said = json.loads((tmp_path / "processed/people.csv.json").read_text())
    assert (said["outcome"], said["plain"], said["hashed"]) == ("processed", 0, 2)


@pytest.mark.parametrize(
    ("email_format", "said"),
    [("sha256", "were hashed with SHA-256."), ("plain", "sent as they are in the result, not")],
)
def test_the_receipt_says_whether_addresses_were_hashed(rokt, tmp_path, email_format, said):
    receipt = rokt(email_format=email_format).deliver(emails(tmp_path, ADDRESS), local_delivery())

    assert said in receipt.summary
    assert receipt.files


def test_the_receipt_of_conversions_without_addresses_says_nothing_of_them(rokt):
    assert rokt().told(Named(["id", "amount"])) == ""


@dataclass
class Named:
    columns: list[str]
