"""S3 servers that refuse, fail, are silent or lie: what is told, and what is left behind."""

import time

import pytest

from integrations.connectors import retry
from integrations.errors import PermanentError, TransientError
from integrations.transports.s3 import bucket
from tests.integrations.s3_exports import connector, landed
from tests.servers import local_delivery

PERMANENT = [
    ("PutObject", 403, "AccessDenied", "permission denied"),
    ("PutObject", 403, "InvalidAccessKeyId", "does not know the access key ID"),
    ("PutObject", 403, "SignatureDoesNotMatch", "secret access key is not the right one"),
    ("PutObject", 403, "RequestTimeTooSkewed", "clock of this machine is wrong"),
    ("PutObject", 403, "ExpiredToken", "credentials have expired"),
    ("PutObject", 404, "NoSuchBucket", "no bucket of that name"),
    ("PutObject", 301, "PermanentRedirect", "in another region"),
    ("PutObject", 400, "KMS.NotFoundException", "encryption key cannot be used"),
    ("PutObject", 400, "InvalidStorageClass", "no such storage class"),
    ("PutObject", 400, "KeyTooLongError", "name is too long"),
    ("PutObject", 400, "Peculiar", "answered 400 Peculiar"),
]
TRANSIENT = [
    ("PutObject", 500, "InternalError"),
    ("PutObject", 503, "SlowDown"),
    ("PutObject", 503, "ServiceUnavailable"),
    ("PutObject", 400, "RequestTimeout"),
    ("PutObject", 400, "BadDigest"),
    ("PutObject", 507, "XMinioStorageFull"),
    ("PutObject", 429, "TooManyRequests"),
    ("PutObject", 409, "OperationAborted"),
    ("PutObject", 502, "Odd"),
]


@pytest.fixture(autouse=True)
def hurry(monkeypatch, impatient):
    monkeypatch.setattr(bucket, "FIRST_WAIT", 0.01)


@pytest.mark.parametrize(("operation", "status", "code", "told"), PERMANENT)
def test_what_a_person_has_to_change_ends_the_export_at_once(
    s3, rows, operation, status, code, told
):
    s3.switches.refusals[operation] = [(status, code)] * 9

    with pytest.raises(PermanentError, match=told) as refused:
        connector(s3).deliver(rows, local_delivery())

    assert str(refused.value).startswith("Write s3://demo/out.csv")
    assert refused.value.remedy and s3.secret not in f"{refused.value} {refused.value.remedy}"
    # Of the region of a bucket the server is asked once.
    assert s3.asked.count(operation) == (2 if status == 301 else 1)
    assert s3.keys() == []


@pytest.mark.parametrize(("operation", "status", "code"), TRANSIENT)
def test_what_passes_is_tried_again(s3, rows, operation, status, code):
    s3.switches.refusals[operation] = [(status, code)] * 2

    receipt = connector(s3).deliver(rows, local_delivery())

    landed(s3, receipt, rows)


@pytest.mark.parametrize("operation", ["CreateMultipartUpload", "UploadPart"])
def test_a_request_for_a_part_is_asked_again_by_itself(s3, large, operation):
    s3.switches.refusals[operation] = [(500, "InternalError"), (503, "SlowDown")]
    log = []

    receipt = connector(s3, part_size=5, max_connection_retry=0).deliver(
        large, local_delivery(log=log.append)
    )

    landed(s3, receipt, large)
    assert sum("Asking again" in line for line in log) == 2


def test_a_part_that_fails_for_good_gives_the_upload_up(s3, large):
    s3.switches.refusals["UploadPart"] = [(403, "AccessDenied")] * 9

    with pytest.raises(PermanentError, match=r"Write part . of s3://demo/out.csv: permission"):
        connector(s3, part_size=5).deliver(large, local_delivery())

    assert "AbortMultipartUpload" in s3.asked
    assert s3.keys() == s3.uploads() == []


def test_a_refused_end_leaves_nothing_and_the_old_object_as_it_was(s3, rows, large):
    connector(s3).deliver(rows, local_delivery())
    before = s3.read("out.csv")
    s3.switches.refusals["CompleteMultipartUpload"] = [(500, "InternalError")] * 99

    with pytest.raises(TransientError, match=r"Finish s3://demo/out.csv"):
        connector(s3, part_size=5).deliver(large, local_delivery())

    assert s3.read("out.csv") == before
    assert s3.uploads() == []


def test_parts_that_are_there_are_not_sent_again_in_the_next_try(s3, large):
    s3.switches.refusals["CompleteMultipartUpload"] = [(500, "InternalError")]
    log = []

    receipt = connector(s3, part_size=5).deliver(large, local_delivery(log=log.append))

    landed(s3, receipt, large)
    assert s3.asked.count("UploadPart") == 3
    assert s3.asked.count("CreateMultipartUpload") == 1
    assert any("3 parts were there already" in line for line in log)


@pytest.mark.parametrize("operation", ["PutObject", "UploadPart"])
def test_a_connection_that_is_cut_in_the_middle_is_made_again(s3, rows, large, operation):
    s3.switches.dropped[operation] = 2
    sent = large if operation == "UploadPart" else rows

    receipt = connector(s3, part_size=5).deliver(sent, local_delivery())

    landed(s3, receipt, sent)


@pytest.mark.parametrize("operation", ["PutObject", "CompleteMultipartUpload"])
def test_an_object_whose_answer_was_lost_is_not_sent_twice(s3, rows, large, operation):
    s3.switches.lost[operation] = 1
    sent, log = large if operation == "CompleteMultipartUpload" else rows, []

    receipt = connector(s3, part_size=5).deliver(sent, local_delivery(log=log.append))

    landed(s3, receipt, sent)
    assert s3.asked.count(operation) == 1
    assert any("had arrived" in line for line in log)


def test_an_object_is_found_where_checksums_cannot_be_asked_for(s3, rows):
    s3.switches.checksums, s3.switches.unsupported = False, True
    s3.switches.lost["PutObject"] = 1

    landed(s3, connector(s3, max_connection_retry=0).deliver(rows, local_delivery()), rows)
    s3.switches.refusals["HeadObject"] = [(400, "InvalidArgument")]
    landed(s3, connector(s3).deliver(rows, local_delivery()), rows)


def test_an_object_whose_last_answer_was_lost_is_found(s3, rows):
    s3.switches.lost["PutObject"] = 1

    receipt = connector(s3, max_connection_retry=0).deliver(rows, local_delivery())

    landed(s3, receipt, rows)


def test_a_silent_server_is_given_up_in_time(s3, rows):
    s3.switches.silent.add("PutObject")
    s3.switches.look = False

    with pytest.raises(TransientError, match="did not answer in time"):
        connector(s3, timeout=1, max_connection_retry=1).deliver(rows, local_delivery())

    assert s3.asked.count("PutObject") == 2


def test_a_server_that_is_slow_is_waited_for(s3, many):
    s3.switches.bytes_per_second = 8 << 20

    receipt = connector(s3, timeout=1, part_size=16).deliver(many, local_delivery())

    landed(s3, receipt, many)


def test_a_server_that_asks_for_time_gets_it(s3, rows):
    s3.switches.refusals["PutObject"] = [(503, "SlowDown")]
    s3.switches.retry_after = 1
    began = time.monotonic()

    connector(s3).deliver(rows, local_delivery())

    assert time.monotonic() - began >= 1


def test_a_full_server_says_so(s3, large):
    s3.switches.quota = 1 << 20

    with pytest.raises(TransientError, match="has no room"):
        connector(s3, part_size=5, max_connection_retry=1).deliver(large, local_delivery())

    assert s3.keys() == s3.uploads() == []


@pytest.mark.parametrize("checksums", [True, False])
@pytest.mark.parametrize("size", ["rows", "large"])
def test_a_server_that_keeps_other_bytes_is_found_out(s3, request, size, checksums):
    s3.switches.damage, s3.switches.checksums = True, checksums

    with pytest.raises(TransientError, match="other bytes than those that were sent"):
        connector(s3, part_size=5, max_connection_retry=1).deliver(
            request.getfixturevalue(size), local_delivery()
        )

    assert s3.keys() == s3.uploads() == []


@pytest.mark.parametrize("unsupported", [False, True])
@pytest.mark.parametrize("size", ["rows", "large"])
def test_a_server_without_checksums_is_taken_by_its_etags(s3, request, size, unsupported):
    s3.switches.checksums, s3.switches.unsupported = False, unsupported
    sent = request.getfixturevalue(size)

    receipt = connector(s3, part_size=5).deliver(sent, local_delivery())

    assert landed(s3, receipt, sent).remote_checksum.startswith("md5:")


def test_a_server_with_etags_of_its_own_for_large_objects_keeps_them(s3, large):
    s3.switches.checksums, s3.switches.own_etags = False, True

    receipt = connector(s3, part_size=5, max_connection_retry=0).deliver(large, local_delivery())

    assert landed(s3, receipt, large).remote_checksum == ""


@pytest.mark.parametrize(
    ("operation", "size"),
    [
        ("PutObject", "rows"),
        ("CreateMultipartUpload", "large"),
        ("UploadPart", "large"),
        ("CompleteMultipartUpload", "large"),
    ],
)
def test_what_answers_in_the_place_of_a_server_is_not_believed(s3, request, operation, size):
    s3.switches.mute.add(operation)

    with pytest.raises(TransientError, match="as S3's do") as refused:
        connector(s3, part_size=5, max_connection_retry=1).deliver(
            request.getfixturevalue(size), local_delivery()
        )

    assert "Check the endpoint" in refused.value.remedy
    assert s3.keys() == s3.uploads() == []


def test_a_server_is_not_left_alone_for_years(s3, rows, monkeypatch):
    s3.switches.refusals["PutObject"] = [(503, "SlowDown")]
    s3.switches.retry_after = 10**8
    waits = []
    monkeypatch.setattr(retry, "pause", lambda seconds, delivery: waits.append(seconds))

    connector(s3).deliver(rows, local_delivery())

    assert waits == [600]


@pytest.mark.parametrize("composite", [False, True])
def test_a_server_that_asks_for_the_checksums_of_the_parts_gets_them(s3, large, composite):
    s3.switches.part_checksums, s3.switches.composite = True, composite

    receipt = connector(s3, part_size=5).deliver(large, local_delivery())

    kind = "md5:" if composite else "crc32:"
    assert landed(s3, receipt, large).remote_checksum.startswith(kind)
    assert s3.asked.count("UploadPart") == 3


@pytest.mark.parametrize("code", ["InvalidPart", "XAmzContentChecksumMismatch", "BadDigest"])
def test_a_server_that_knows_other_checksums_of_parts_gets_none(s3, large, code):
    s3.switches.refusals["CompleteMultipartUpload"] = [(400, code)]
    log = []

    receipt = connector(s3, part_size=5, max_connection_retry=0).deliver(
        large, local_delivery(log=log.append)
    )

    assert landed(s3, receipt, large).remote_checksum.startswith("md5:")
    assert any("without them" in line for line in log)


def test_parts_that_the_server_has_lost_are_sent_again(s3, large):
    s3.switches.checksums = False
    s3.switches.refusals["CompleteMultipartUpload"] = [(400, "InvalidPart")]

    receipt = connector(s3, part_size=5).deliver(large, local_delivery())

    landed(s3, receipt, large)
    assert s3.asked.count("UploadPart") == 6


@pytest.mark.parametrize("size", ["rows", "large"])
def test_an_account_that_may_only_write_delivers(s3, request, size):
    s3.switches.look = False
    sent = request.getfixturevalue(size)

    receipt = connector(s3, part_size=5).deliver(sent, local_delivery())

    [file] = receipt.files
    assert file.remote_checksum and file.remote_bytes is None
    s3.switches.look = True
    assert s3.head("out.csv")["ContentLength"] == receipt.bytes


def test_the_clock_of_this_machine_is_blamed(s3, rows):
    s3.switches.clock = 3600

    with pytest.raises(PermanentError, match="clock of this machine is wrong"):
        connector(s3).deliver(rows, local_delivery())


def test_a_bucket_in_another_region_is_found(s3, rows):
    receipt = connector(s3, region="eu-west-1").deliver(rows, local_delivery())

    landed(s3, receipt, rows)


def test_what_is_no_s3_server_is_told(sandbox, rows):
    login = {"endpoint": f"http://127.0.0.1:{sandbox.port}", "path_style": True}
    login |= {"access_key_id": "a", "secret_access_key": "b", "max_connection_retry": 0}
    server = type("Server", (), {"settings": login})

    with pytest.raises(TransientError, match="not an HTTP server"):
        connector(server).deliver(rows, local_delivery())


def test_a_source_that_cannot_be_read_leaves_no_object(s3, large, tmp_path):
    broken = type(large)(tmp_path / "broken.parquet")
    data = bytearray(large.path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 100_000] = bytes(100_000)
    broken.path.write_bytes(data)

    with pytest.raises((OSError, ValueError)):  # as Arrow has them
        connector(s3, part_size=5).deliver(broken, local_delivery())

    assert s3.keys() == s3.uploads() == []
