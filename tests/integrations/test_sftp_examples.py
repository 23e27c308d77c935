"""The seed's examples of --result, delivered to a real server."""

import gzip
import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from integrations.result import parse_result
from tests.integrations.exports import stored
from tests.integrations.openpgp import Receiver
from tests.integrations.test_result import (
    EXAMPLE_1,
    EXAMPLE_2,
    EXAMPLE_3,
    EXAMPLE_5,
    KEY_OF_EXAMPLE_3,
    STRUCTURE_PASSWORD,
)
from tests.servers import local_delivery


@pytest.fixture
def email(tmp_path):
    """SELECT email FROM (VALUES ('test01@test.com')) tbl(email)."""
    return stored(tmp_path / "email.parquet", email=["test01@test.com"])


def deliver(text, server, rows, **login):
    """Export the rows as the --result says, but to the server that is there."""
    given = json.loads(text) | {"host": "127.0.0.1", "port": server.port} | login
    connector, authentication, export = parse_result(json.dumps(given))
    return connector(authentication, export).export(rows, local_delivery())


def test_the_structure_with_a_password(sandbox, email):
    deliver(STRUCTURE_PASSWORD, sandbox, email, username="demo", password="demo")

    landed = (sandbox.root / "upload/2024Aug29/TC01.csv").read_bytes()
    assert landed == b"email\r\ntest01@test.com\r\n"


def test_using_password_authentication(sandbox, email):
    deliver(EXAMPLE_1, sandbox, email, username="demo", password="demo")

    landed = (sandbox.root / "sftp/2024aug/test.csv").read_bytes()
    assert landed == b"email\r\ntest01@test.com\r\n"


def test_using_password_authentication_and_data_compression(sandbox, email):
    deliver(EXAMPLE_2, sandbox, email, username="demo", password="demo")

    landed = (sandbox.root / "sftp/2024aug/test.csv.00").read_bytes()
    assert gzip.decompress(landed) == b'"email"\r\n"test01@test.com"\r\n'


@pytest.mark.needs("ssh-keygen")
@pytest.mark.parametrize("line_break", [r"\n", "", r"\\n"])
def test_using_a_key_pair_with_a_pass_phrase(sandbox, email, line_break):
    lock = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "123", "-f", sandbox.user_key_path]
    subprocess.run(lock, check=True)
    key = sandbox.user_key_path.read_text().replace("\n", line_break)

    deliver(EXAMPLE_3.replace(KEY_OF_EXAMPLE_3, key), sandbox, email, username="demo")

    landed = (sandbox.root / "sftp/2024aug/test.csv").read_bytes()
    assert landed == b"email\r\ntest01@test.com\r\n"


@pytest.mark.needs("gpg")
def test_using_the_encryption_encoder(sandbox, email):
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        receiver = Receiver(Path(home))
        subkey = receiver.add(receiver.make("ed25519", "cert"), "cv25519")
        text = (
            EXAMPLE_5.replace('"your public key"', json.dumps(receiver.public()))
            .replace("your key identifier", subkey[-16:])
            .replace("true/false", "true")
            .replace("bzip2/gzip/none", "gzip")
        )

        deliver(text, sandbox, email, username="demo", password="demo")

        landed = (sandbox.root / "cli/test_27_3_500K.csv.bz2.gpg.gpg").read_bytes()
        assert landed.startswith(b"-----BEGIN PGP MESSAGE-----")
        assert gzip.decompress(receiver.decrypt(landed)) == b"email\ntest01@test.com\n"
        receiver.close()
