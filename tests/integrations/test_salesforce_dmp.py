"""Salesforce DMP (Krux): what is written where, what is refused, and one file a UTC day."""

import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.connectors.s3.server import NO_ROLE
from integrations.connectors.salesforce_dmp import SalesforceDMP
from integrations.contract import RowRule
from integrations.delivery import MemoryRejects
from integrations.errors import PermanentError, TransientError
from integrations.result import parse_result
from integrations.rows import Rows
from integrations.transports.s3 import bucket
from tests.servers import local_delivery

LOGIN = {"client_name": "client-treasure-data"}
FOLDER = "client-treasure-data/uploads/first_party_segment"
# In Tokyo it is the first of April, and in UTC the last of March.
SLOT = datetime(2026, 4, 1, 8, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
KEY = f"{FOLDER}/2026-03-31/first_party_segment.txt"


@pytest.fixture(autouse=True)
def hurry(monkeypatch, impatient):
    monkeypatch.setattr(bucket, "FIRST_WAIT", 0.01)


def connector(s3, **settings):
    login = SalesforceDMP.Authentication.from_json(s3.settings | LOGIN)
    assert not login.errors
    return SalesforceDMP(login.cleaned_data, export(**settings))


def export(**settings):
    form = SalesforceDMP.Export.from_json({"export_type": "first_party_segment"} | settings)
    assert not form.errors, form.errors
    return form.cleaned_data


def result(tmp_path, **columns):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(columns), path)
    return Rows(path)


@pytest.fixture
def example(tmp_path):
    """The rows of the published example."""
    return result(
        tmp_path,
        user_id=["uid1", "uid2", "uid3"],
        td_segment=["seg1,seg2", "seg1,seg2,seg3,seg4", "seg1"],
        email=["", "", ""],
        firstname=["Britty", "David", "Halley"],
        lastname=["Morris", "Morris", "Morris"],
    )


LINES = b"""\
uid1^firstname:Britty;lastname:Morris;segment:seg1,seg2
uid2^firstname:David;lastname:Morris;segment:seg1,seg2,seg3,seg4
uid3^firstname:Halley;lastname:Morris;segment:seg1
"""


def test_the_example_lands_in_the_folder_of_the_utc_day(s3, example):
    receipt = connector(s3).deliver(example, local_delivery(slot=SLOT))

    assert s3.keys("krux-partners") == [KEY]
    assert s3.read(KEY, "krux-partners") == LINES
    [file] = receipt.files
    assert file.path == f"s3://krux-partners/{KEY}"
    assert (receipt.rows, receipt.rejected, file.remote_bytes) == (3, 0, len(LINES))


def test_a_second_run_of_the_day_replaces_the_file(s3, example, tmp_path):
    connector(s3).deliver(example, local_delivery(slot=SLOT, number="1"))
    later = result(tmp_path, user_id=["uid9"], td_segment=["seg1"])

    connector(s3).deliver(later, local_delivery(slot=SLOT.replace(hour=7), number="2"))

    assert s3.keys("krux-partners") == [KEY]
    assert s3.read(KEY, "krux-partners") == b"uid9^segment:seg1\n"


def test_a_run_of_the_next_utc_day_has_a_folder_of_its_own(s3, example):
    connector(s3).deliver(example, local_delivery(slot=SLOT))
    connector(s3).deliver(example, local_delivery(slot=SLOT.replace(hour=9)))

    assert [key.split("/")[-2] for key in s3.keys("krux-partners")] == ["2026-03-31", "2026-04-01"]


def test_appending_makes_a_new_file_each_time(s3, example):
    for number in ("1", "2"):
        connector(s3, append=True).deliver(example, local_delivery(slot=SLOT, number=number))

    assert s3.keys("krux-partners") == [
        f"{FOLDER}/2026-03-31/first_party_segment-233000-{number}.txt" for number in (1, 2)
    ]


def test_where_and_how_can_be_set(s3, example):
    settings = {"bucket": "demo", "folder": "/in/{client}/", "file_name": "day", "encoders": "gz"}

    connector(s3, **settings).deliver(example, local_delivery(slot=SLOT))

    assert s3.keys() == ["in/client-treasure-data/2026-03-31/day.txt.gz"]
    assert gzip.decompress(s3.read(s3.keys()[0])) == LINES


def test_a_part_has_any_name_that_the_whole_can_have(s3):
    chosen = connector(s3, file_name="é" * 200)

    path = chosen.path_of_part(local_delivery(slot=SLOT, part="added"))

    assert path == f"s3://krux-partners/{FOLDER}/2026-03-31/{'é' * 200}-added.txt"


def test_it_sends_no_test_whatever_asks_for_one(s3, example):
    with pytest.raises(PermanentError, match="takes every file in the folder of a day as data"):
        connector(s3).deliver(example, local_delivery(slot=SLOT, test=True))

    assert s3.keys("krux-partners") == []


def test_duplicates_are_left_alone(s3, tmp_path):
    twice = result(tmp_path, user_id=["u", "u"], td_segment=["a", "a"])

    connector(s3).deliver(twice, local_delivery(slot=SLOT))

    assert s3.read(KEY, "krux-partners") == b"u^segment:a\n" * 2


def columns(**changed):
    return {"user_id": ["good", "bad"], "td_segment": ["a", "b"], "x": ["1", "2"]} | changed


LONG = "x" * 255
ROWS = {
    "user": [
        (columns(user_id=["good", None]), "user_id is empty"),
        (columns(user_id=["good", "  "]), "user_id is empty"),
    ],
    "characters of the user": [
        (columns(user_id=["good", "b^d"]), "user_id holds a separator"),
        (columns(user_id=["good", "b\nd"]), "user_id holds a separator"),
    ],
    "something to say": [
        (columns(td_segment=["a", None], x=["1", ""]), "there is neither a segment nor"),
    ],
    "segments": [
        (columns(td_segment=["a", "b;c"]), "td_segment holds a separator other than the comma"),
        (columns(td_segment=["a", "b,,c"]), "td_segment has an empty name"),
        (columns(td_segment=["a", "b,"]), "td_segment has an empty name"),
        (columns(td_segment=["a", f"b,{LONG}"]), "td_segment has a value of more than 254"),
    ],
    "values": [
        *(
            (columns(x=["1", f"2{mark}3"]), "x holds a separator or a line break")
            for mark in "^;,:\r\n"
        ),
        (columns(x=["1", LONG]), "x has a value of more than 254"),
        (columns(x=[["1"], ["2", "3,4"]]), "x holds a separator or a line break"),
        (columns(x=[["1"], [LONG]]), "x has a value of more than 254"),
    ],
}
BROKEN = [(rule, *case) for rule, cases in ROWS.items() for case in cases]


def test_every_rule_on_rows_has_a_case():
    rules = {rule.name for rule in SalesforceDMP.contract if isinstance(rule, RowRule)}

    assert rules == ROWS.keys()


@pytest.mark.parametrize(("rule", "given", "reason"), BROKEN)
def test_rows_that_break_a_rule_are_skipped_and_listed(s3, tmp_path, rule, given, reason):
    rejects = MemoryRejects()
    delivery = local_delivery(slot=SLOT, rejects=rejects)

    receipt = connector(s3, skip_invalid=True).deliver(result(tmp_path, **given), delivery)

    [(number, row, name, why)] = rejects.kept
    assert (number, row["td_segment"], name) == (1, given["td_segment"][1], rule)
    assert reason in why
    assert (receipt.rows, receipt.rejected) == (1, 1)
    assert s3.read(KEY, "krux-partners") == b"good^x:1;segment:a\n"


def test_without_skipping_one_bad_row_ends_the_export(s3, tmp_path):
    with pytest.raises(PermanentError, match="1 of 2 rows breaks a rule, so nothing was sent"):
        connector(s3).deliver(result(tmp_path, **columns(x=["1", "2;3"])), local_delivery())

    assert s3.asked == []


def test_values_at_the_limit_are_sent(s3, tmp_path):
    rows = result(tmp_path, user_id=["u"], td_segment=["é" * 254], x=["😀" * 254])

    receipt = connector(s3).deliver(rows, local_delivery(slot=SLOT))

    assert receipt.rejected == 0
    assert s3.read(KEY, "krux-partners").decode() == f"u^x:{'😀' * 254};segment:{'é' * 254}\n"


COLUMNS = [
    (
        {"td_segment": ["a"], "user_id": ["u"]},
        "first two columns have to be user_id and td_segment",
    ),
    (
        {"user_id": ["u"]},
        "first two columns have to be user_id and td_segment, and they are user_id",
    ),
    ({"user_id": [1], "td_segment": ["a"]}, "user_id has to be a string, and it is int64"),
    ({"user_id": ["u"], "td_segment": [["a"]]}, "td_segment has to be a string"),
    ({"user_id": ["u"], "td_segment": ["a"], "x;y": ["1"]}, "'x;y' is empty or holds a separator"),
    ({"user_id": ["u"], "td_segment": ["a"], "segment": ["1"]}, "two attributes named 'segment'"),
    ({"user_id": ["u"], "td_segment": ["a"], "x": [{"a": 1}]}, "is no value and no list"),
]


@pytest.mark.parametrize(("given", "told"), COLUMNS)
def test_columns_that_are_not_as_they_have_to_be_end_it(s3, tmp_path, given, told):
    with pytest.raises(PermanentError, match=told):
        connector(s3, skip_invalid=True).deliver(result(tmp_path, **given), local_delivery())

    assert s3.asked == []


@pytest.mark.parametrize(("wanted", "made"), [("send", 1), ("skip", 0)])
def test_a_result_without_rows(s3, tmp_path, wanted, made):
    none = result(tmp_path, user_id=pa.array([], pa.string()), td_segment=pa.array([], pa.string()))

    connector(s3, empty_result=wanted).deliver(none, local_delivery(slot=SLOT))

    assert len(s3.keys("krux-partners")) == made


def test_faults_of_the_bucket_are_told_and_tried_again(s3, example):
    s3.switches.refusals["PutObject"] = [(403, "AccessDenied")]
    with pytest.raises(PermanentError, match="permission denied"):
        connector(s3).deliver(example, local_delivery(slot=SLOT))

    s3.switches.refusals["PutObject"] = [(503, "SlowDown")] * 9
    with pytest.raises(TransientError, match="asks to slow down"):
        connector(s3).deliver(example, local_delivery(slot=SLOT))

    s3.switches.refusals["PutObject"] = [(503, "SlowDown")] * 2
    connector(s3).deliver(example, local_delivery(slot=SLOT))
    assert s3.read(KEY, "krux-partners") == LINES


def test_a_result_of_the_command_line_is_taken():
    _, login, settings = parse_result(
        {
            "type": "salesforce_dmp",
            "client_name": "client-treasure-data",
            "access_key_id": "a",
            "secret_access_key": "b",
            "export_type": "first_party_segment",
        }
    )

    assert login["region"] == "us-east-1" and login["endpoint"] == ""
    assert settings["export_type"] == "first_party_segment"
    assert settings["skip_invalid"] is settings["append"] is False
    assert (settings["bucket"], settings["encoders"]) == ("krux-partners", "")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"export_type": "second_party"}, "export_type"),
        ({"value_separator": ";"}, "value_separator"),
        ({"folder": "{job}/x"}, "folder"),
        ({"folder": "../x"}, "folder"),
        ({"file_name": "a/b"}, "file_name"),
        ({"bucket": "s3://krux-partners"}, "bucket"),
        ({"segment_attribute": "a:b"}, "segment_attribute"),
    ],
)
def test_settings_that_are_refused(given, field):
    assert field in SalesforceDMP.Export.from_json(given).errors


def test_the_preview_has_no_rows_that_would_be_left_out(tmp_path):
    previewed = SalesforceDMP({}, export(skip_invalid=True))

    rows = result(tmp_path, **columns(x=["1", "2;3"]))
    assert previewed.preview(rows) == b"good^x:1;segment:a\n"
    assert previewed.preview(result(tmp_path, user_id=["u"])) is None


def test_where_no_row_may_be_left_out_one_that_breaks_a_rule_leaves_no_file(tmp_path):
    previewed = SalesforceDMP({}, export())

    assert previewed.preview(result(tmp_path, **columns(x=["1", "2;3"]))) is None
    assert previewed.preview(result(tmp_path, **columns(x=["1", "2"]))).startswith(b"good^x:1")


def test_the_preview_of_rows_that_all_break_a_rule_looks_at_the_first_of_them_only(tmp_path):
    class Counted(Rows):
        def numbered(self):
            for numbers, portion in super().numbered():
                read.append(portion.num_rows)
                yield numbers, portion

    bad, read = ["2;3"] * 400_000, []
    rows = Counted(result(tmp_path, **columns(user_id=bad, td_segment=bad, x=bad)).path)

    for skip in (False, True):
        assert not SalesforceDMP({}, export(skip_invalid=skip)).preview(rows)
    assert sum(read) < len(bad)


def test_the_test_takes_all_steps_in_the_folder_of_the_day(s3):
    steps = list(connector(s3).test(local_delivery(slot=datetime.now(UTC))))

    assert [(step.name, step.outcome) for step in steps] == [
        (name, "passed")
        for name in ("resolve", "connect", "sign in", "write", "read back", "delete")
    ]
    assert f"s3://krux-partners/{FOLDER}/" in steps[3].detail
    assert s3.keys("krux-partners") == []
    assert NO_ROLE not in str(steps)
