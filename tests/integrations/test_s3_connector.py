"""What Amazon S3 asks for and refuses, its connection test, and the role of the machine."""

import json
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest

from integrations.connectors.s3 import S3
from integrations.errors import PermanentError, TransientError
from integrations.result import parse_result
from integrations.transports.s3 import instance
from tests.integrations.s3_exports import connector, landed
from tests.objects import SandboxStore
from tests.servers import local_delivery

KEYS = {"access_key_id": "a", "secret_access_key": "b"}
STEPS = ["resolve", "connect", "sign in", "write", "read back", "delete"]


def login(**given):
    return S3.Authentication.from_json(KEYS | given)


def export(**given):
    return S3.Export.from_json({"bucket": "exports", "path_prefix": "a.csv"} | given)


def test_the_defaults_are_those_of_the_form():
    form = login()

    assert not form.errors
    assert form.cleaned_data["region"] == "us-east-1" and form.cleaned_data["endpoint"] == ""
    assert form.cleaned_data["max_connection_retry"] == 10
    assert export().cleaned_data["encryption"] == export().cleaned_data["storage_class"] == ""


@pytest.mark.parametrize(
    "endpoint",
    [
        "s3.example.com",
        "ftp://a",
        "https://",
        "https://a/b",
        "https://a?b",
        "https://u@a",
        "http://ü",
    ],
)
def test_what_is_no_endpoint(endpoint):
    assert "endpoint" in login(endpoint=endpoint).errors


def test_an_endpoint_without_encryption_is_warned_of():
    assert login(endpoint="http://10.0.0.1:9000").cautions["endpoint"]
    assert not login(endpoint="https://10.0.0.1:9000/").cautions


@pytest.mark.parametrize("given", [{"access_key_id": ""}, {"secret_access_key": ""}])
def test_an_access_key_has_two_parts(given):
    assert given.keys() == login(**given).errors.keys()


@pytest.mark.parametrize(
    "given",
    [
        {"bucket": "s3://exports"},
        {"bucket": "exports/a"},
        {"bucket": "Exports"},
        {"bucket": "ab"},
        {"bucket": "10.0.0.1"},
        {"path_prefix": "a/"},
        {"path_prefix": "a//b"},
        {"path_prefix": "../b"},
        {"path_prefix": "a*"},
        {"path_prefix": "{yyyyMM}"},
        {"path_prefix": "ü" * 600},
        {"format": "xml"},
        {"part_size": 4},
        {"storage_class": "CHEAP"},
        {"encryption": "rot13"},
    ],
)
def test_settings_that_are_refused(given):
    assert given.keys() == export(**given).errors.keys()


def test_the_settings_of_delimited_files_are_asked_for_only_then():
    csv, lines = export(format="csv").cleaned_data, export(format="jsonl").cleaned_data

    assert csv.keys() - lines.keys() == {
        *("header_line", "delimiter", "quote_policy", "quote", "null_string", "newline")
    }


def test_a_result_of_the_command_line_is_taken():
    given = {"type": "s3", "bucket": "exports", "path": "a.csv.gz", "compression": "gzip"}
    given |= {"sse_type": "sse-s3", "format": "json"}

    _, settings, wanted = parse_result(given | KEYS)

    assert settings["max_connection_retry"] == 10
    assert wanted["path_prefix"] == "a.csv.gz" and wanted["encoders"] == "gz"
    assert wanted["encryption"] == "AES256" and wanted["format"] == "jsonl"


def trial(s3, authentication_only=False, **settings):
    tried = connector(s3, **settings)
    if authentication_only:
        tried.settings = {}
    return list(tried.test(local_delivery()))


def test_a_part_has_any_name_that_the_whole_can_have(moto, rows):
    name = "é" * 300
    export = connector(moto, f"in/{name}.csv")

    export.deliver(rows, local_delivery(part="added"))

    assert moto.keys() == [f"in/{name}-added.csv"]


def test_a_part_whose_key_becomes_too_long_is_told():
    export = S3({}, {"bucket": "demo", "path_prefix": f"{'x' * 1018}.csv"})

    with pytest.raises(PermanentError, match=r"-added added. The path is longer than 1,024 bytes"):
        export.path_of_part(local_delivery(part="added"))


def test_a_test_has_a_name_beside_the_file_that_no_other_job_has(s3):
    settings = {"bucket": "demo", "path_prefix": "in/people.csv.gz"}

    path = S3({}, settings).path_of_part(local_delivery(test=True, number="12", part="added"))

    assert path == "s3://demo/in/test-12-people-added.csv.gz"


def test_a_test_whose_key_becomes_too_long_is_told():
    export = S3({}, {"bucket": "demo", "path_prefix": f"{'x' * 1018}.csv"})

    with pytest.raises(PermanentError, match=r"test- added. The path is longer than 1,024 bytes"):
        export.path_of_part(local_delivery(test=True))


def test_the_test_takes_all_steps_and_leaves_nothing(store):
    steps = trial(store, path="some/folder/a.csv")

    assert [(step.name, step.outcome) for step in steps] == [(name, "passed") for name in STEPS]
    assert "s3://demo/some/folder/connection-test-" in steps[3].detail
    assert store.keys() == []


def test_without_an_export_there_is_no_bucket_to_write_to(s3):
    steps = trial(s3, authentication_only=True)

    assert [(step.name, step.outcome) for step in steps] == [(name, "passed") for name in STEPS[:3]]
    assert "2 buckets" in steps[2].detail


@pytest.mark.parametrize(
    ("changed", "step", "told"),
    [
        ({"access_key_id": "other"}, "sign in", "does not know the access key ID"),
        ({"secret_access_key": "other"}, "sign in", "secret access key is not the right one"),
        ({"bucket": "missing"}, "sign in", "no bucket of that name"),
        ({"endpoint": "http://127.0.0.1:1"}, "connect", "refused the connection"),
        ({"endpoint": "http://localhost.invalid"}, "resolve", "no host named"),
        ({"endpoint": "http://169.254.169.254"}, "resolve", "may not connect"),
    ],
)
def test_the_test_stops_at_what_is_wrong(s3, changed, step, told):
    steps = {each.name: each for each in trial(s3, **changed)}

    assert steps[step].outcome == "failed" and told in steps[step].detail
    assert steps[step].remedy
    assert steps["write"].outcome == "skipped"


def test_an_account_that_may_only_write_passes(s3):
    s3.switches.look = False
    s3.switches.refusals = {
        "HeadBucket": [(403, "AccessDenied")],
        "ListObjectsV2": [(403, "AccessDenied")],
        "DeleteObject": [(403, "AccessDenied")],
    }

    steps = trial(s3)

    assert {step.outcome for step in steps} == {"passed"}
    assert "may not look into the bucket" in steps[2].detail
    assert "stays" in steps[5].detail


@pytest.fixture
def secure(tmp_path, certificate):
    """The S3 sandbox over TLS, whose certificate is that of localhost."""
    server = SandboxStore(tmp_path / "secure")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    server.address = f"https://localhost:{server.port}"
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.stop()
    thread.join()


def test_the_name_that_was_asked_for_is_that_of_the_certificate(secure, rows, large):
    for sent in (rows, large):
        receipt = connector(secure, part_size=5).deliver(sent, local_delivery())
        assert receipt.files[0].remote_bytes == receipt.bytes

    asked = len(secure.asked)
    other = f"https://127.0.0.1:{secure.port}"
    with pytest.raises(TransientError, match="certificate is not to be trusted"):
        connector(secure, endpoint=other, max_connection_retry=0).deliver(rows, local_delivery())
    assert len(secure.asked) == asked


def test_the_role_of_the_machine_needs_an_administrator(settings, s3, rows):
    form = S3.Authentication.from_json({"auth_method": "instance_role"})
    assert "CONSOLE_S3_INSTANCE_ROLE" in str(form.errors["auth_method"])

    settings.S3_INSTANCE_ROLE = True
    assert not S3.Authentication.from_json({"auth_method": "instance_role"}).errors

    allowed = connector(s3, auth_method="instance_role")
    settings.S3_INSTANCE_ROLE = False  # It can be taken back after it was saved.
    with pytest.raises(PermanentError, match="may not use the instance role"):
        allowed.deliver(rows, local_delivery())


def metadata(server, **given):
    """Let the server answer as the metadata address of a machine with a role does."""
    given = {"AccessKeyId": "demo", "SecretAccessKey": "demo-secret", "Token": "t"} | given
    for text in ("secret-token", "exporter", json.dumps(given)):
        server.answers.append(says(text))


def says(text):
    return lambda handler: handler.say(200, text.encode())


@pytest.fixture
def cloud(endpoint, monkeypatch, settings):
    """A server in the place of the metadata address."""
    settings.S3_INSTANCE_ROLE = True
    monkeypatch.setattr(instance, "ADDRESS", endpoint.url(""))
    monkeypatch.setattr(instance, "NETWORK", "127.0.0.0/8")
    return endpoint


def test_the_role_of_the_machine_signs_in(cloud, s3, rows):
    metadata(cloud)

    receipt = connector(s3, auth_method="instance_role").deliver(rows, local_delivery())

    landed(s3, receipt, rows)
    assert [(each.method, each.path) for each in cloud.requests] == [
        ("PUT", "/latest/api/token"),
        ("GET", instance.ROLES),
        ("GET", f"{instance.ROLES}exporter"),
    ]
    assert cloud.requests[1].headers["x-aws-ec2-metadata-token"] == "secret-token"


def in_seconds(seconds):
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def test_the_next_key_of_the_role_is_fetched_before_one_ends(cloud, s3, rows):
    metadata(cloud, AccessKeyId="old", Expiration=in_seconds(30))
    metadata(cloud, Expiration=in_seconds(3_600))

    receipt = connector(s3, auth_method="instance_role").deliver(rows, local_delivery())

    landed(s3, receipt, rows)
    assert len(cloud.requests) == 6


@pytest.mark.parametrize("end", [-3_600, 3_600])
def test_a_key_of_the_role_that_lasts_is_fetched_once(cloud, s3, rows, end):
    metadata(cloud, Expiration=in_seconds(end))  # The clock here can be wrong.

    receipt = connector(s3, auth_method="instance_role").deliver(rows, local_delivery())

    landed(s3, receipt, rows)
    assert len(cloud.requests) == 3


def test_an_upload_whose_key_has_ended_goes_on_with_the_next_one(cloud, s3, large, impatient):
    metadata(cloud)
    metadata(cloud)
    s3.switches.refusals["CompleteMultipartUpload"] = [(400, "ExpiredToken")]
    log = []
    exporter = connector(s3, auth_method="instance_role", part_size=5)

    receipt = exporter.deliver(large, local_delivery(log=log.append))

    landed(s3, receipt, large)
    assert s3.asked.count("UploadPart") == 3 and len(cloud.requests) == 6
    assert any("the credentials of this machine's role have expired" in line for line in log)


def test_who_has_no_access_key_is_not_told_to_check_it(cloud, s3, rows):
    metadata(cloud, SecretAccessKey="wrong")

    with pytest.raises(PermanentError, match="does not know this machine's role") as refused:
        connector(s3, auth_method="instance_role").deliver(rows, local_delivery())

    assert "access key" not in f"{refused.value} {refused.value.remedy}"


@pytest.mark.parametrize("role", [404, ""])
def test_a_machine_without_a_role_is_told(cloud, s3, rows, role):
    cloud.answers += [says("token"), role or says("")]

    with pytest.raises(PermanentError, match="no instance role to use"):
        connector(s3, auth_method="instance_role").deliver(rows, local_delivery())

    assert s3.asked == []
