"""Exports to S3 servers: what is there afterwards, and what the receipt says of it."""

import bz2
import gzip
import io
import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from integrations.connectors.s3 import S3
from integrations.delivery import Delivery
from integrations.errors import PermanentError
from tests.integrations.exports import stored
from tests.integrations.s3_exports import connector, content, landed
from tests.servers import local_delivery

SLOT = datetime(2026, 3, 31, 23, 30, tzinfo=ZoneInfo("Asia/Tokyo"))


def test_few_bytes_arrive_with_one_request(store, rows):
    sent = []

    receipt = connector(store).deliver(rows, local_delivery(progress=sent.append))

    file = landed(store, receipt, rows)
    assert receipt.rows == file.rows == 3
    assert file.remote_checksum.startswith(("crc32:", "md5:"))
    assert datetime.fromisoformat(file.remote_modified)
    assert sent[-1] == receipt.bytes
    assert store.head("out.csv")["ContentType"] == "text/csv"


def test_many_bytes_arrive_in_parts(store, large):
    sent = []

    receipt = connector(store, part_size=5).deliver(large, local_delivery(progress=sent.append))

    file = landed(store, receipt, large)
    assert file.remote_etag.endswith("-3")
    assert file.remote_checksum
    assert len(sent) == 3 and sent == sorted(sent) and sent[-1] == receipt.bytes


def test_an_object_that_is_there_is_replaced(store, rows, large):
    connector(store, part_size=5).deliver(large, local_delivery())

    receipt = connector(store).deliver(rows, local_delivery())

    landed(store, receipt, rows)


def test_placeholders_are_of_the_slot_and_odd_names_arrive(store, rows):
    path = "/export s/{yyyy}-{MM}-{dd} {HH}{mm} ü+%41&='{job}.csv"

    receipt = connector(store, path).deliver(rows, local_delivery(slot=SLOT, number="7"))

    landed(store, receipt, rows, key="export s/2026-03-31 2330 ü+%41&='7.csv")


def test_a_bucket_that_keeps_versions_says_which_one_it_is(moto, rows):
    client = moto.client()
    client.put_bucket_versioning(Bucket="demo", VersioningConfiguration={"Status": "Enabled"})

    receipts = [connector(moto).deliver(rows, local_delivery()) for _ in range(2)]

    versions = client.list_object_versions(Bucket="demo")["Versions"]
    assert {each["VersionId"] for each in versions} == {
        receipt.files[0].remote_version for receipt in receipts
    }


def test_encryption_and_storage_class_are_asked_for(s3, rows, large):
    asked = {"encryption": "aws:kms", "kms_key_id": "alias/exports", "storage_class": "GLACIER_IR"}

    connector(s3, "small.csv", **asked).deliver(rows, local_delivery())
    connector(s3, "large.csv", **asked, part_size=5).deliver(large, local_delivery())

    for key in ("small.csv", "large.csv"):
        found = s3.head(key)
        assert found["ServerSideEncryption"] == "aws:kms"
        assert found["SSEKMSKeyId"] == "alias/exports"
        assert found["StorageClass"] == "GLACIER_IR"


@pytest.mark.parametrize(
    ("encoder", "decode"), [("gz", gzip.decompress), ("bzip2", bz2.decompress)]
)
def test_encoded_files_decode_to_the_rows(store, rows, encoder, decode):
    connector(store, encoders=encoder).deliver(rows, local_delivery())

    assert decode(store.read("out.csv")) == content(rows)


def test_json_lines_are_one_object_a_row(store, rows):
    connector(store, "out.jsonl", format="jsonl").deliver(rows, local_delivery())

    lines = store.read("out.jsonl").decode().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": 1, "name": "a"},
        {"id": 2, "name": 'b "x"'},
        {"id": 3, "name": None},
    ]


def test_parquet_has_the_rows_and_their_types(store, large):
    connector(store, "out.parquet", format="parquet", part_size=5).deliver(large, local_delivery())

    found = pq.read_table(io.BytesIO(store.read("out.parquet")))
    assert found.equals(pq.read_table(large.path))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_result_without_rows_is_a_file_without_rows(s3, tmp_path, form):
    none = stored(tmp_path / "none.parquet", id=[])

    receipt = connector(s3, format=form).deliver(none, local_delivery())

    data = s3.read("out.csv")
    assert receipt.rows == 0 and receipt.bytes == len(data)
    if form == "parquet":
        assert pq.read_table(io.BytesIO(data)).num_rows == 0
    else:
        assert data == {"csv": b"id\r\n", "jsonl": b""}[form]


def test_a_result_without_rows_can_be_left_out(s3, tmp_path):
    none = stored(tmp_path / "none.parquet", id=[])

    receipt = connector(s3, empty_result="skip").deliver(none, local_delivery())

    assert receipt.skipped and s3.asked == []


def test_this_machine_is_not_reached_unless_it_is_allowed(s3, rows):
    with pytest.raises(PermanentError, match="may not connect to 127") as refused:
        connector(s3).deliver(rows, Delivery())

    assert "CONSOLE_EGRESS_NETWORKS" in refused.value.remedy
    assert s3.asked == []


def test_settings_of_other_programs_on_this_machine_are_not_used(s3, rows, monkeypatch):
    with monkeypatch.context() as others:
        others.setenv("AWS_PROFILE", "missing")
        others.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        others.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        receipt = connector(s3).deliver(rows, local_delivery())

    landed(s3, receipt, rows)


@pytest.mark.parametrize(
    ("packing", "field"),
    [
        ({"encoders": "gz"}, "encoders"),
        ({"encoders": "bzip2"}, "encoders"),
        ({"encoders": "encrypt_pgp", "compression_type": "gzip"}, "compression_type"),
    ],
)
def test_parquet_is_not_packed_again(packing, field):
    given = {"bucket": "demo", "path_prefix": "out.parquet", "format": "parquet"} | packing

    form = S3.Export.from_json(given)

    assert "compressed already" in form.errors[field][0]
    assert field not in S3.Export.from_json(given | {"format": "jsonl"}).errors
