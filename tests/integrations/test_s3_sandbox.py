"""The S3 sandbox itself, as an S3 client of others sees it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from integrations.sandbox.s3.server import S3Sandbox


def code(request):
    with pytest.raises(ClientError) as refused:
        request()
    return refused.value.response["Error"]["Code"]


def test_objects_are_files_in_the_folder_of_their_bucket(s3):
    client = s3.client()

    client.put_object(Bucket="demo", Key="a b/ü.csv", Body=b"1,2", Metadata={"of": "me"})

    assert (s3.store.root / "demo/a b/ü.csv").read_bytes() == b"1,2"
    assert client.head_object(Bucket="demo", Key="a b/ü.csv")["Metadata"] == {"of": "me"}
    assert s3.keys() == ["a b/ü.csv"]
    client.delete_object(Bucket="demo", Key="a b/ü.csv")
    assert s3.keys() == []


def test_only_signed_requests_of_its_user_are_answered(s3):
    stranger = type(s3).client
    for name, wrong, told in (
        ("key_id", "other", "InvalidAccessKeyId"),
        ("secret", "other", "SignatureDoesNotMatch"),
    ):
        known, client = getattr(s3, name), None
        setattr(s3, name, wrong)
        client = stranger(s3)
        setattr(s3, name, known)
        assert code(lambda client=client: client.list_buckets()) == told


def test_parts_become_an_object_once_all_are_there(s3):
    client = s3.client()
    begun = client.create_multipart_upload(Bucket="demo", Key="x")["UploadId"]
    where = {"Bucket": "demo", "Key": "x", "UploadId": begun}
    bodies = [b"a" * (5 << 20), b"b"]
    etags = [
        client.upload_part(**where, PartNumber=number, Body=body)["ETag"]
        for number, body in enumerate(bodies, 1)
    ]
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    assert s3.keys() == [] and s3.uploads() == ["x"]

    client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})

    assert s3.read("x") == b"".join(bodies)
    assert s3.uploads() == []


def test_small_parts_and_unknown_uploads_are_refused(s3):
    client = s3.client()
    begun = client.create_multipart_upload(Bucket="demo", Key="x")["UploadId"]
    where = {"Bucket": "demo", "Key": "x", "UploadId": begun}
    etag = client.upload_part(**where, PartNumber=1, Body=b"a")["ETag"]
    client.upload_part(**where, PartNumber=2, Body=b"a")
    parts = {"Parts": [{"PartNumber": number, "ETag": etag} for number in (1, 2)]}

    assert (
        code(lambda: client.complete_multipart_upload(**where, MultipartUpload=parts))
        == "EntityTooSmall"
    )
    where["UploadId"] = "unknown"
    assert code(lambda: client.upload_part(**where, PartNumber=1, Body=b"a")) == "NoSuchUpload"


@pytest.mark.parametrize("key", ["../x", "a/../../x", "a//b", "./x"])
def test_there_is_no_way_out_of_the_folder(s3, key, tmp_path):
    code(lambda: s3.client().put_object(Bucket="demo", Key=key, Body=b"x"))

    assert not (tmp_path / "x").exists() and s3.keys() == []


def test_what_was_received_is_there_after_a_restart(s3, tmp_path):
    s3.client().put_object(Bucket="demo", Key="x", Body=b"1")

    again = S3Sandbox(s3.store.root)
    again.http.server_close()

    assert again.store.keys("demo", "") == ["x"]
    assert again.store.about("demo", "x").etag == s3.head("x")["ETag"].strip('"')


def test_the_command_serves_s3_beside_sftp_with_the_switches_given(s3, tmp_path):
    command = [sys.executable, "manage.py", "sandbox", "--port", "0"]
    command += ["--s3-refuse", "PutObject:503:SlowDown:1"]
    environment = os.environ | {"CONSOLE_HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        said = "".join(process.stdout.readline() for _ in range(3))
        s3.address = re.search(r"S3 sandbox at (\S+):", said)[1]
        client = s3.client()
        put = {"Bucket": "demo", "Key": "x", "Body": b"1"}
        assert code(lambda: client.put_object(**put)) == "SlowDown"
        client.put_object(**put)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0

    assert Path(tmp_path, "sandbox/s3/demo/x").read_bytes() == b"1"
