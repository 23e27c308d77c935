"""Imports into CleverTap over SFTP: the files, their manifests, values, and what is refused."""

import csv
import json
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from integrations.connectors.clevertap_sftp import CleverTapSFTP
from integrations.connectors.clevertap_sftp.values import seconds_of
from integrations.errors import PermanentError
from integrations.result import parse_result
from tests.integrations.clevertap_imports import PROFILE
from tests.integrations.exports import stored
from tests.servers import local_delivery

SLOT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
EVENTS = {
    "event_name": {"ctName": "evtName", "dataType": "STRING"},
    "time_stamp": {"ctName": "ts", "dataType": "INTEGER"},
    "identity": {"ctName": "identity", "dataType": "STRING"},
    "cookie_id": {"ctName": "objectId", "dataType": "STRING"},
    "item_name": {"ctName": "Name", "dataType": "STRING"},
    "item_price": {"ctName": "Price", "dataType": "FLOAT"},
    "item_delivery_date": {"ctName": "DeliveryDate", "dataType": "STRING"},
    "status_delivered": {"ctName": "DeliveryStatus", "dataType": "BOOLEAN"},
}
PROFILES = {
    "time_stamp": {"ctName": "ts", "dataType": "INTEGER"},
    "identity": {"ctName": "identity", "dataType": "STRING"},
    "cookie_id": {"ctName": "objectId", "dataType": "STRING"},
    "id_name": {"ctName": "Name", "dataType": "STRING"},
    "id_email": {"ctName": "Email", "dataType": "STRING"},
    "id_phone": {"ctName": "Phone", "dataType": "STRING"},
    "is_married": {"ctName": "Married", "dataType": "BOOLEAN"},
    "age": {"ctName": "Age", "dataType": "INTEGER"},
    "MSG-SMS": {"ctName": "MSG-sms", "dataType": "BOOLEAN"},
    "MSG-DNDSMS": {"ctName": "MSG-dndSMS", "dataType": "BOOLEAN"},
}


def delivery(job="57.1", **more):
    return local_delivery(job=job, slot=SLOT, **more)


def rows_of(tmp_path, **columns):
    return stored(tmp_path / "rows.parquet", **columns)


def test_events_arrive_as_in_the_guide(clevertap, tmp_path):
    rows = rows_of(
        tmp_path,
        event_name=["Purchased"] * 4,
        time_stamp=[1578503667] * 4,
        identity=["abc@gmail.com"] * 4,
        cookie_id=["cookie_123"] * 4,
        item_name=[f"Awesome Ring - {n}" for n in range(10, 14)],
        item_price=[123] * 4,
        item_delivery_date=[datetime.fromtimestamp(1589274432, UTC).replace(tzinfo=None)] * 4,
        status_delivered=["true", "false", "1", "0"],
    )

    receipt = clevertap.connector(import_type="event", columns=EVENTS).deliver(rows, delivery())

    base = "import-20260203040506-57-1-1"
    assert clevertap.names() == [f"{base}.csv", f"{base}.manifest"]
    assert (clevertap.folder / f"{base}.csv").read_text() == (
        f"{','.join(EVENTS)}\n"
        "Purchased,1578503667,abc@gmail.com,cookie_123,Awesome Ring - 10,123,$D_1589274432,true\n"
        "Purchased,1578503667,abc@gmail.com,cookie_123,Awesome Ring - 11,123,$D_1589274432,false\n"
        "Purchased,1578503667,abc@gmail.com,cookie_123,Awesome Ring - 12,123,$D_1589274432,1\n"
        "Purchased,1578503667,abc@gmail.com,cookie_123,Awesome Ring - 13,123,$D_1589274432,0\n"
    )
    assert clevertap.manifests() == [
        {
            "fileName": f"{base}.csv",
            "type": "event",
            "columns": EVENTS,
            "clientEmail": "admin@clientdomain.com",
        }
    ]
    assert [file.path for file in receipt.files] == [f"/{base}.csv", f"/{base}.manifest"]
    assert [file.rows for file in receipt.files] == [4, 0] and receipt.rows == 4
    assert "One data file with its manifest, 4 rows as events" in receipt.summary
    report = clevertap.report()
    assert (report["outcome"], report["rows"], report["failed"]) == ("imported", 4, 0)
    assert clevertap.imported()[2] == {
        "evtName": "Purchased",
        "ts": 1578503667,
        "identity": "abc@gmail.com",
        "objectId": "cookie_123",
        "Name": "Awesome Ring - 12",
        "Price": 123.0,
        "DeliveryDate": "$D_1589274432",
        "DeliveryStatus": True,
    }


def test_profiles_arrive_as_in_the_guide(clevertap, tmp_path):
    names = ["John", "Jane", "John", "Jane", "Jane"]
    rows = rows_of(
        tmp_path,
        **{
            "time_stamp": pa.array([1574668407, 1574668408, 1574668409, 1574668410, None]),
            "identity": [f"{name.lower()}@gmail.com" for name in names],
            "cookie_id": [f"dummy_cookie-00{n}" for n in range(1, 6)],
            "id_name": names,
            "id_email": [f"{name.lower()}@abc.com" for name in names],
            "id_phone": ["+918876543211"] * 5,
            "id_phone.operation": pa.array([None, None, "$set", "$delete", None], "string"),
            "is_married": pa.array(["true", "false", "1", "0", None], "string"),
            "age": [21, 22, 25, 28, 32],
            "Playlist": pa.array(["Rock", "Pop", None, None, None], "string"),
            "Playlist.operation": pa.array(["$add", "$remove", None, None, None], "string"),
            "MSG-SMS": pa.array(["true", "false", "1", "0", None], "string"),
            "MSG-DNDSMS": pa.array(["false", "true", "0", "1", None], "string"),
        },
    )

    clevertap.connector(columns=PROFILES).deliver(rows, delivery())

    [path] = clevertap.folder.glob("*.csv")
    lines = path.read_text().splitlines()
    assert lines[1].endswith(",John,john@abc.com,+918876543211,,true,21,Rock,$add,true,false")
    assert lines[5].startswith(",jane@gmail.com,dummy_cookie-005")
    assert clevertap.manifests()[0]["columns"] == PROFILES
    report = clevertap.report()
    assert (report["outcome"], report["rows"], report["failed"]) == ("imported", 5, 0)


def test_without_a_table_the_manifest_has_no_columns(clevertap, tmp_path):
    clevertap.connector().deliver(rows_of(tmp_path, identity=["a"], Age=[3]), delivery())

    assert "columns" not in clevertap.manifests()[0]
    assert clevertap.report()["rows"] == 1 and clevertap.imported() == [
        {"identity": "a", "Age": "3"}
    ]


def test_dates_and_timestamps_of_every_type_are_the_epoch(clevertap, tmp_path):
    rows = rows_of(
        tmp_path,
        identity=["a"],
        day=[date(2020, 5, 12)],
        local=pa.array([1589274432123456], pa.timestamp("us")),
        zoned=pa.array([1589274432123], pa.timestamp("ms", "Asia/Tokyo")),
        early=pa.array([-500], pa.timestamp("ms")),
        ts=pa.array([1589274432], pa.timestamp("s")),
    )

    clevertap.connector().deliver(rows, delivery())

    [path] = clevertap.folder.glob("*.csv")
    assert path.read_text().splitlines()[1] == (
        "a,$D_1589241600,$D_1589274432,$D_1589274432,$D_-1,1589274432"
    )


@pytest.mark.parametrize(
    ("wanted", "texts", "sent"),
    [
        ("dd/MM/yyyy HH:mm:ss", "14/04/2023 10:20:30", 1681467630),
        ("dd/MM/yyyy HH:mm:ss", "14/04/2023", 1681430401),
        ("MM/dd/yyyy HH:mm:ss", "04/14/2023 10:20:30", 1681467630),
        ("yyyy/dd/MM HH:mm:ss", "2023/14/04 10:20:30", 1681467630),
        ("yyyy/MM/dd HH:mm:ss", " 2023/04/14 10:20:30 ", 1681467630),
        ("dd MMM yyyy HH:mm:ss", "14 Apr 2023 10:20:30", 1681467630),
        ("dd MMM yyyy HH:mm:ss", "14 Apr 2023", 1681430401),
        ("Unix", "1681467630", 1681467630),
        ("Unix", "$D_1681467630", 1681467630),
    ],
)
def test_texts_in_the_formats_of_the_guide_become_dates(clevertap, tmp_path, wanted, texts, sent):
    rows = rows_of(tmp_path, identity=["a", "b"], born=[texts, ""], ts=["", texts])
    columns = {"born": {"dateFormat": wanted}, "ts": {"dateFormat": wanted}}

    clevertap.connector(columns=columns).deliver(rows, delivery())

    [path] = clevertap.folder.glob("*.csv")
    assert path.read_text().splitlines()[1:] == [f"a,$D_{sent},", f"b,,{sent}"]
    assert clevertap.manifests()[0]["columns"]["born"] == {"dataType": "STRING"}


def test_the_preview_is_the_start_of_the_data_file(clevertap, tmp_path):
    rows = rows_of(
        tmp_path, identity=[f"u{n}" for n in range(40_000)], day=[date(2020, 5, 12)] * 40_000
    )
    chosen = clevertap.connector()

    chosen.deliver(rows, delivery())

    [path] = clevertap.folder.glob("*.csv")
    assert chosen.preview(rows, 1 << 30) == path.read_bytes()
    assert chosen.preview(rows, 2048) == path.read_bytes()[:2048]


PERSON = {"identity": "a", "x": "1", "x.operation": "", "MSG-sms": "true", "born": "", "ts": ""}
EVENT = {"identity": "a", "evtName": "Bought", "price": "1", "gpid": ""}
TYPED = {"x": {"dataType": "INTEGER"}, "born": {"dateFormat": "dd/MM/yyyy HH:mm:ss"}}


@pytest.mark.parametrize(
    ("good", "bad", "rule", "reason"),
    [
        (PERSON, {"identity": None}, "identity", "At least one of identity"),
        (PERSON, {"identity": " "}, "identity", "At least one of identity"),
        (PERSON, {"identity": "x" * 1024}, "identity", "fewer than 1,024 characters"),
        (PERSON, {"x.operation": "add"}, "operation", "$add, $remove, $set, $delete"),
        (PERSON, {"MSG-sms": "yes"}, "channel", "true, false, 1 or 0"),
        (PERSON, {"x": "1.5"}, "data-type", "x is not INTEGER"),
        (PERSON, {"born": "31/02/2023"}, "date", "no date of the form dd/MM/yyyy HH:mm:ss"),
        (PERSON, {"born": "2023-01-01"}, "date", "no date of the form dd/MM/yyyy HH:mm:ss"),
        (PERSON, {"ts": "2023-01-01"}, "time", "not an epoch"),
        (EVENT, {"evtName": None}, "event-name", "is missing"),
        (EVENT, {"evtName": "app launched"}, "event-name", "CleverTap's own events"),
        (EVENT, {"identity": None, "gpid": "y" * 1024}, "identity", "At least one"),
    ],
)
def test_rows_that_cannot_be_imported_are_kept_with_the_reason(
    clevertap, tmp_path, good, bad, rule, reason
):
    rows = [good, good | bad]
    columns = {name: pa.array([row[name] for row in rows], "string") for name in good}
    given = {"columns": TYPED} if good is PERSON else {"import_type": "event"}
    around = delivery()

    chosen = clevertap.connector(skip_invalid=True, **given)
    receipt = chosen.deliver(rows_of(tmp_path, **columns), around)

    [(number, _, broken, told)] = around.rejects.kept
    assert (number, broken, receipt.rows) == (1, rule, 1) and reason in told
    assert clevertap.report()["rows"] == 1


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("INTEGER", "-12", "12.5"),
        ("LONG", "9223372036854775807", "x"),
        ("FLOAT", "1.5e3", "1,5"),
        ("BOOLEAN", "TRUE", "Y"),
    ],
)
def test_values_are_of_the_data_type_that_was_chosen(clevertap, tmp_path, kind, good, bad):
    chosen = clevertap.connector(columns={"v": {"dataType": kind}}, skip_invalid=True)
    around = delivery()

    receipt = chosen.deliver(rows_of(tmp_path, identity=["a", "b"], v=[good, bad]), around)

    assert receipt.rows == 1
    assert around.rejects.kept[0][2:] == ("data-type", f"v is not {kind}.")


@pytest.mark.parametrize(
    ("given", "columns", "said"),
    [
        ({}, ["name"], "At least one column has to be the identity"),
        ({"import_type": "event"}, ["identity"], "name of the event (evtName), and 0 are"),
        ({"columns": {"age": {"dataType": "LONG"}}}, ["identity"], "names age, which the result"),
        ({"columns": {"a": {"ctName": "b"}}}, ["identity", "a", "b"], "are the property b"),
        ({}, ["identity", "x.operation"], "is beside no column x"),
        (
            {"import_type": "event"},
            ["identity", "evtName", "x", "x.operation"],
            "only profiles have operations",
        ),
        (
            {"import_type": "event"},
            ["identity", "evtName", "ts", *(f"p{n}" for n in range(101))],
            "at most 100 properties, and here are 101",
        ),
    ],
)
def test_columns_that_cannot_be_imported_stop_the_export(clevertap, tmp_path, given, columns, said):
    rows = rows_of(tmp_path, **{name: ["1"] for name in columns})

    with pytest.raises(PermanentError) as told:
        clevertap.connector(**given).deliver(rows, delivery())
    assert said in str(told.value) and clevertap.names() == []


def test_a_fault_of_the_table_of_columns_is_not_told_as_one_of_the_query(clevertap, tmp_path):
    rows = rows_of(tmp_path, identity=["1"])

    with pytest.raises(PermanentError) as told:
        clevertap.connector(columns={"age": {"dataType": "LONG"}}).deliver(rows, delivery())

    assert told.value.remedy.startswith("Mend Columns, the table in the export")


def test_lists_such_as_the_items_of_charged_are_refused(clevertap, tmp_path):
    rows = rows_of(tmp_path, identity=["a"], evtName=["Charged"], Items=[["x"]])

    with pytest.raises(PermanentError, match="Items holds lists"):
        clevertap.connector(import_type="event").deliver(rows, delivery())


def test_a_hundred_properties_of_an_event_are_not_too_many(clevertap, tmp_path):
    names = ["identity", "evtName", "ts", *(f"p{n}" for n in range(100))]
    rows = rows_of(tmp_path, **{name: ["1"] for name in names})

    assert clevertap.connector(import_type="event").deliver(rows, delivery()).rows == 1
    assert clevertap.report()["rows"] == 1


def test_the_columns_of_an_id_are_found_however_they_are_spelled(clevertap, tmp_path):
    columns = {"who": {"ctName": "OBJECTID"}}

    clevertap.connector(columns=columns).deliver(rows_of(tmp_path, who=["a"]), delivery())

    assert clevertap.report()["rows"] == 1


def test_an_empty_result_sends_nothing(clevertap, tmp_path):
    nothing = rows_of(tmp_path, identity=pa.array([], "string"))

    assert clevertap.connector().deliver(nothing, delivery()).skipped
    with pytest.raises(PermanentError, match="no rows"):
        clevertap.connector(empty_result="fail").deliver(nothing, delivery())
    assert clevertap.names() == []


def test_the_table_begins_with_the_columns_of_the_query():
    columns = [
        ["event_name", "varchar"],
        ["time_stamp", "bigint"],
        ["identity", "varchar"],
        ["cookie_id", "varchar"],
        ["price", "decimal(10,2)"],
        ["delivered", "boolean"],
        ["count", "bigint"],
        ["rank", "integer"],
        ["msg_sms", "boolean"],
        ["x.operation", "varchar"],
    ]
    form = CleverTapSFTP.Export(stored=CleverTapSFTP.Export.defaults())

    form.suggest(columns)

    assert form.initial["columns"] == {
        "event_name": {"ctName": "evtName", "dataType": "STRING"},
        "time_stamp": {"ctName": "ts", "dataType": "INTEGER"},
        "identity": {"dataType": "STRING"},
        "cookie_id": {"ctName": "objectId", "dataType": "STRING"},
        "price": {"dataType": "FLOAT"},
        "delivered": {"dataType": "BOOLEAN"},
        "count": {"dataType": "LONG"},
        "rank": {"dataType": "INTEGER"},
        "msg_sms": {"ctName": "MSG-sms", "dataType": "BOOLEAN"},
    }
    assert CleverTapSFTP.Export.defaults()["columns"] == {}


def test_what_was_said_of_a_column_stays_as_it_is():
    said = {"old": {"ctName": "Old"}, "age": {"dataType": "FLOAT"}}
    form = CleverTapSFTP.Export(stored={"columns": said})

    form.suggest([["age", "bigint"], ["new", "bigint"]])

    assert form.initial["columns"] == {"age": {"dataType": "FLOAT"}, "new": {}, "old": said["old"]}


def test_a_result_takes_the_words_of_the_manifest():
    connector, _, settings = parse_result(
        {
            "type": "clevertap_sftp",
            "host": "sftp.example.com",
            "username": "TEST",
            "secret_key_file": "",
            "import_type": "EVENT",
            "clientEmail": "a@b.co",
            "columns": EVENTS,
        }
        | {"secret_key_file": key()}
    )

    assert connector is CleverTapSFTP
    assert (settings["import_type"], settings["client_email"]) == ("event", "a@b.co")
    assert settings["columns"] == EVENTS


def key():
    from tests.integrations.keys import private_key

    return private_key()


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"client_email": "nobody"}, "client_email", "Enter an e-mail address"),
        ({"import_type": "person"}, "import_type", "Must be one of"),
        ({"columns": {"a": {"dataType": "int"}}}, "columns", "must be one of STRING, INTEGER"),
        ({"columns": {"a": {"dateFormat": "yyyy"}}}, "columns", "dateFormat must be one of dd/MM"),
        ({"file_name": "a.b"}, "file_name", "Use letters"),
        ({"folder": "/imports"}, "folder", "below the one of the log-in"),
        ({"folder": "../x"}, "folder", "below the one of the log-in"),
        ({"encoders": "gz"}, "encoders", "Must be one of"),
        ({"encoders": "encrypt_pgp", "key_id": "x"}, "key_id", "Give the UUID"),
    ],
)
def test_what_clevertap_does_not_take_is_refused_in_the_form(given, field, said):
    assert said in " ".join(CleverTapSFTP.Export.from_json(PROFILE | given).errors[field])


def test_the_importer_lists_what_failed_with_the_reason_last(clevertap, tmp_path):
    rows = rows_of(tmp_path, identity=["a", "", "c"], v=["1", "2", "x"])

    clevertap.connector(columns={"v": {"dataType": "LONG"}}).export(rows, delivery())

    report = clevertap.report()
    assert (report["rows"], report["failed"]) == (1, 2)
    [path] = clevertap.kept.glob("*.errors.csv")
    with path.open(newline="") as file:
        header, first, second = csv.reader(file)
    assert header == ["identity", "v", CleverTapSFTP.failure_column]
    assert first[2].startswith("Atleast one of identity") and second == ["c", "x", "v is not LONG"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "person"}, "type must be EVENT or PROFILE"),
        ({"clientEmail": "x"}, "clientEmail"),
        ({"fileName": "gone.csv"}, "No data file found"),
        ({"fileName": "x.txt"}, "must end with .csv"),
        ({"columns": {"identity": {"dataType": "int"}}}, "the column identity"),
        ({"columns": {"nobody": {}}}, "there is no column nobody"),
    ],
)
def test_the_importer_refuses_what_clevertap_refuses(clevertap, change, said):
    (clevertap.folder / "x.csv").write_text("identity\na\n")
    good = {"fileName": "x.csv", "type": "profile", "clientEmail": "a@b.co"}
    (clevertap.folder / "x.manifest").write_text(json.dumps(good | change))

    report = clevertap.report()

    assert report["outcome"] == "failed" and said in report["error"]


def test_the_importer_takes_no_name_of_a_manifest_twice(clevertap):
    (clevertap.folder / "x.csv").write_text("identity\na\n")
    good = {"fileName": "x.csv", "type": "profile", "clientEmail": "a@b.co"}
    (clevertap.folder / "x.manifest").write_text(json.dumps(good))

    assert clevertap.importer.look() == ["x.manifest"]
    (clevertap.folder / "x.manifest").write_text(json.dumps(good | {"type": "event"}))
    assert clevertap.importer.look() == []


def test_a_moment_in_the_hour_that_comes_twice_is_a_moment():
    moment = datetime(2026, 10, 25, 0, 30, 0, 500_000, tzinfo=UTC)
    column = pa.array([moment], pa.timestamp("us", "Europe/Berlin"))

    assert seconds_of(column).to_pylist() == [int(moment.timestamp())]
