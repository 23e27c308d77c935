"""The CleverTap sandbox: its rules, its limits, and what it does wrong where it is told to."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from integrations.connectors.clevertap.system_events import SYSTEM_EVENTS
from integrations.sandbox import clevertap_rules
from integrations.sandbox.clevertap import ACCOUNT, ADMIN, PASSCODE
from integrations.sandbox.clevertap.server import Sandbox
from integrations.sandbox.clevertap.switches import FAULTS
from integrations.transports.http import Client
from tests.servers import local_delivery

HEADERS = {"X-CleverTap-Account-Id": ACCOUNT, "X-CleverTap-Passcode": PASSCODE}
UPLOAD = "/1/upload"
PROFILE = {"type": "profile", "identity": "a", "profileData": {"Name": "Ann"}}
EVENT = {"type": "event", "identity": "a", "evtName": "Seen", "evtData": {}}
TOKEN = {"type": "token", "objectId": "o", "tokenData": {"id": "t", "type": "fcm"}}


@pytest.fixture
def client():
    with Client(local_delivery()) as client:
        yield client


@pytest.fixture
def post(client, account):
    def post(path, said, headers=HEADERS):
        reply = client.post(f"{account.address}{path}", json.dumps(said).encode(), headers)
        return reply.status, json.loads(reply.body)

    return post


def test_records_are_kept_as_lines_by_their_kind(post, account):
    assert post(UPLOAD, {"d": [PROFILE, EVENT, TOKEN]}) == (
        200,
        {"status": "success", "processed": 3, "unprocessed": []},
    )

    for name, record in (("profiles", PROFILE), ("events", EVENT), ("tokens", TOKEN)):
        [line] = (account.root / f"{name}.jsonl").read_text().splitlines()
        assert json.loads(line) == record
    [request] = account.store.read("requests")
    assert (request["path"], request["status"], request["processed"]) == (UPLOAD, 200, 3)


CODES = [
    (509, EVENT | {"evtName": ""}),
    (512, EVENT | {"evtData": []}),
    (512, EVENT | {"evtData": {"Items": []}}),
    (512, EVENT | {"evtName": "Charged", "evtData": {"Items": ["x"]}}),
    (512, PROFILE | {"profileData": {"x": "y" * 513}}),
    (512, PROFILE | {"profileData": {"x" * 121: 1}}),
    (512, PROFILE | {"profileData": {"ü" * 61: 1}}),
    (512, PROFILE | {"profileData": {"a&b": 1}}),
    (512, PROFILE | {"profileData": {"Name": ["a"]}}),
    (512, PROFILE | {"profileData": {"x": {"$other": 1}}}),
    (513, EVENT | {"evtName": "App Launched"}),
    (514, PROFILE | {"profileData": {"Gender": "x"}}),
    (515, PROFILE | {"profileData": {"Email": "x"}}),
    (516, PROFILE | {"profileData": {"Phone": "415"}}),
    (519, PROFILE | {"profileData": {"Married": "x"}}),
    (520, PROFILE | {"profileData": {"Age": "old"}}),
    (522, EVENT | {"evtData": {f"p{n}": 1 for n in range(257)}}),
    (523, {**PROFILE, "identity": ""}),
    (523, {**EVENT, "identity": "x" * 1024}),
    (524, {"identity": "a"}),
    (524, "a"),
    (525, EVENT | {"ts": "2020"}),
    (525, PROFILE | {"ts": int(time.time()) + 86_400}),  # however long other tests take
    (530, TOKEN | {"objectId": ""}),
    (531, TOKEN | {"tokenData": None}),
    (532, TOKEN | {"tokenData": {"type": "fcm"}}),
    (533, TOKEN | {"tokenData": {"id": "t"}}),
]


@pytest.mark.parametrize(
    ("code", "record"), CODES, ids=[f"{n}-{code}" for n, (code, _) in enumerate(CODES)]
)
def test_a_record_that_clevertap_would_not_take_comes_back_with_its_code(code, record, post):
    status, said = post(UPLOAD, {"d": [record, PROFILE]})

    assert (status, said["status"], said["processed"]) == (200, "partial", 1)
    [refused] = said["unprocessed"]
    assert (refused["code"], refused["record"]) == (code, record)
    assert refused["error"]


def test_no_event_of_clevertaps_own_is_taken_by_either_way_in(post):
    events = [EVENT | {"evtName": name} for name in SYSTEM_EVENTS]

    _, said = post(UPLOAD, {"d": events})

    assert {each["code"] for each in said["unprocessed"]} == {513}
    assert len(said["unprocessed"]) == len(events)
    assert {name.lower() for name in SYSTEM_EVENTS} == clevertap_rules.SYSTEM_EVENTS


@pytest.mark.parametrize(
    ("path", "key", "good", "bad"),
    [
        ("/1/demerge/profiles.json", "identities", "a", 7),
        ("/1/subscribe", "d", {"type": "email", "value": "a@b.cd", "status": "Unsubscribe"}, {}),
        ("/1/disassociate", "d", {"type": "phone", "value": "+14155551234"}, {"value": "1"}),
    ],
)
def test_the_other_requests_have_their_rules_too(path, key, good, bad, post):
    assert post(path, {key: [good]})[1]["status"] == "success"
    assert post(path, {key: [bad]})[1]["status"] == "fail"


@pytest.mark.parametrize(("path", "most"), [(UPLOAD, 1000), ("/1/demerge/profiles.json", 100)])
def test_more_records_than_a_request_may_have_are_refused(path, most, post):
    key = "d" if path == UPLOAD else "identities"

    assert post(path, {key: ["x"] * most})[0] == 200
    assert post(path, {key: ["x"] * (most + 1)})[0] == 400


@pytest.mark.parametrize("said", [[], {"d": 1}, {"a": [], "b": []}, 7])
def test_what_is_no_request_is_refused(said, post):
    assert post(UPLOAD, said)[0] == 400


@pytest.mark.parametrize("name", HEADERS)
def test_wrong_credentials_are_refused(name, post):
    wanted = {"status": "fail", "error": "Invalid Credentials", "code": 401}

    assert post(UPLOAD, {"d": []}, HEADERS | {name: "x"}) == (401, wanted)


def test_a_path_that_is_none_is_not_found(post):
    assert post("/2/upload", {})[0] == 404


def test_a_rehearsal_keeps_nothing(post, account):
    assert post(f"{UPLOAD}?dryRun=1", {"d": [PROFILE]})[1]["processed"] == 1
    assert account.store.read("profiles") == []


@pytest.mark.parametrize(("path", "room"), [(UPLOAD, 15), ("/1/subscribe", 3)])
def test_too_many_requests_at_once_are_refused(path, room, account, client):
    def status():
        return client.post(f"{account.address}{path}", b'{"d":[]}', HEADERS).status

    uploads = path == UPLOAD
    for _ in range(room - 1):
        assert account.enter(uploads=uploads)
    assert status() == 200

    account.enter(uploads=uploads)
    assert status() == 429

    account.leave(uploads=uploads)
    assert status() == 200


def test_a_list_needs_an_address_that_was_given(client, account):
    assert client.put(f"{account.address}/lists/../../x.csv?X", [b"a"], 1).status == 403
    assert list(account.root.glob("lists/*.csv")) == []


@pytest.fixture
def complete(post, client):
    """A function that uploads a list and says that it is complete. Return the answer."""
    url = post("/get_custom_list_segment_url", {})[1]["presignedS3URL"]
    client.put(url, [b"Type,Identity\n"], 14)
    said = {"name": "A", "email": ADMIN, "filename": "f", "creator": "c", "url": url}
    said |= {"replace": False}
    return lambda **changes: post("/upload_custom_list_segment_completed", said | changes)[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"email": "other@example.com"},
        {"url": "http://127.0.0.1/lists/x.csv"},
        {"replace": True},
        {"filename": ""},
    ],
)
def test_a_list_that_is_not_told_of_rightly_is_not_made(changes, complete):
    answer = complete(**changes)

    assert answer["status"] == "fail" and answer["error"]
    assert complete()["Segment ID"] == 1


def test_its_lists_are_known_after_a_restart(account, complete):
    complete()

    again = Sandbox(account.root)
    again.server.server_close()

    assert again.lists.segments == {"A": 1}


@pytest.mark.parametrize("options", [["--fault", "429", "--retry-after", "7"], ["--delay", "0.01"]])
def test_the_command_serves_and_stops(options, tmp_path, client):
    command = [sys.executable, "manage.py", "sandbox", "clevertap", "--port", "0", *options]
    environment = os.environ | {"CONSOLE_HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        line = process.stdout.readline()
        address = re.search(r"http://[\d.:]+\d", line)[0]
        reply = client.post(f"{address}{UPLOAD}", b'{"d":[]}', HEADERS)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    assert PASSCODE in line and ADMIN in line
    assert (reply.status, reply.retry_after) == ((429, 7.0) if "429" in options else (200, None))
    assert (tmp_path / "sandbox/clevertap-api/requests.jsonl").exists()


def test_each_fault_is_described():
    assert all(FAULTS.values())
