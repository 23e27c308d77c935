"""S3 servers on 127.0.0.1: the sandbox, and moto's server, which others wrote."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

import boto3
import pytest
from botocore.config import Config

from integrations.sandbox.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from integrations.sandbox.s3.server import S3Sandbox
from tests.servers import free_port, wait_until

BUCKET = "demo"
POLICY = """{"Version": "2012-10-17", "Statement":
 [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"""


class Store:
    """A server as its tests see it: what an S3 client of others finds there."""

    address: str
    key_id: str
    secret: str

    @property
    def settings(self):
        """The settings of an S3 authentication for this server."""
        return {
            "access_key_id": self.key_id,
            "secret_access_key": self.secret,
            "endpoint": self.address,
            "path_style": True,
            "max_connection_retry": 3,
            "timeout": 10,
        }

    def client(self, service="s3"):
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def read(self, key, bucket=BUCKET):
        return self.client().get_object(Bucket=bucket, Key=key)["Body"].read()

    def head(self, key, bucket=BUCKET):
        return self.client().head_object(Bucket=bucket, Key=key)

    def keys(self, bucket=BUCKET):
        found = self.client().list_objects_v2(Bucket=bucket)
        return [each["Key"] for each in found.get("Contents", [])]

    def uploads(self, bucket=BUCKET):
        found = self.client().list_multipart_uploads(Bucket=bucket)
        return [each["Key"] for each in found.get("Uploads", [])]


class SandboxStore(S3Sandbox, Store):
    key_id, secret = ACCESS_KEY_ID, SECRET_ACCESS_KEY


@pytest.fixture
def s3(tmp_path):
    """The S3 sandbox, in a thread of this process; its switches can be turned at any time."""
    server = SandboxStore(tmp_path / "s3")
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.stop()
    thread.join()


@dataclass
class Moto(Store):
    """Moto's server, which lets in only the user made here."""

    port: int
    process: subprocess.Popen
    key_id: str = "any"
    secret: str = "any"

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def answers(self):
        assert self.process.poll() is None
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        with suppress(OSError, HTTPException):
            connection.request("GET", "/moto-api/data.json")
            return connection.getresponse().status == 200
        return False

    def admit(self):
        """Make a user; from then on nobody else is served."""
        people = self.client("iam")
        people.create_user(UserName="exporter")
        people.put_user_policy(UserName="exporter", PolicyName="all", PolicyDocument=POLICY)
        made = people.create_access_key(UserName="exporter")["AccessKey"]
        self.key_id, self.secret = made["AccessKeyId"], made["SecretAccessKey"]


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory):
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": "3"}
    log = (tmp_path_factory.mktemp("moto") / "log").open("wb")
    with log, subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process:
        server = Moto(port, process)
        wait_until(server.answers, seconds=60)
        server.admit()
        yield server
        process.terminate()


@pytest.fixture
def moto(moto_server):
    """An S3 server of others, with one empty bucket."""
    client = moto_server.client()
    client.create_bucket(Bucket=BUCKET)
    yield moto_server
    for each in client.list_object_versions(Bucket=BUCKET).get("Versions", []):
        client.delete_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])
    for each in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []):
        client.abort_multipart_upload(Bucket=BUCKET, Key=each["Key"], UploadId=each["UploadId"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture(params=["s3", "moto"])
def store(request):
    """Each of the servers."""
    return request.getfixturevalue(request.param)
