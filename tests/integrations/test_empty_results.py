"""What becomes of a result without rows, on a real server."""

import pyarrow as pa
import pytest

from integrations.connectors.sftp_v2 import SFTPv2
from integrations.delivery import Delivery
from integrations.errors import PermanentError
from integrations.result import parse_result
from tests.integrations.exports import connector, hashed, names, stored

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")
NEAR = ("127.0.0.0/8",)


@pytest.fixture
def nothing(tmp_path):
    return stored(tmp_path / "none.parquet", id=pa.array([], pa.int64()), name=pa.array([], "str"))


@pytest.mark.parametrize(
    ("header", "content"), [(True, b"id,name\r\n"), (False, b"")], ids=["header", "no header"]
)
def test_it_is_sent_unless_something_else_is_asked_for(nothing, sshd, header, content):
    receipt = connector(sshd, header_line=header).export(nothing, Delivery(networks=NEAR))

    assert (sshd.root / "out.csv").read_bytes() == content
    assert (receipt.rows, receipt.bytes, receipt.skipped) == (0, len(content), "")
    assert receipt.files[0].sha256 == hashed(content)


def test_it_is_skipped_and_what_was_there_stays(nothing, sshd):
    (sshd.root / "out.csv").write_bytes(b"yesterday")
    said = []

    receipt = connector(sshd, empty_result="skip").export(
        nothing, Delivery(networks=NEAR, log=said.append)
    )

    assert (sshd.root / "out.csv").read_bytes() == b"yesterday"
    assert (receipt.files, receipt.bytes) == ([], 0)
    assert "set to skip empty results" in receipt.skipped
    assert said == [f"Nothing is sent: {receipt.skipped}"]


def test_it_fails_for_good_and_nothing_is_touched(nothing, sshd):
    with pytest.raises(PermanentError, match="The result has no rows") as failed:
        connector(sshd, empty_result="fail").export(nothing, Delivery(networks=NEAR))

    assert "Empty result" in failed.value.remedy
    assert names(sshd) == []


@pytest.mark.parametrize("wanted", ["skip", "fail"])
def test_rows_are_sent_whatever_is_asked_for_without_them(rows, sshd, wanted):
    receipt = connector(sshd, empty_result=wanted).export(rows, Delivery(networks=NEAR))

    assert receipt.rows == 3
    assert names(sshd) == ["out.csv"]


@pytest.mark.parametrize(
    ("given", "kept"), [({}, "send"), ({"empty_result": "header"}, "send")], ids=str
)
def test_a_result_may_name_it(given, kept):
    login = {"host": "h", "username": "u", "auth_method": "password", "password": "p"}

    _, _, export = parse_result({"type": "sftp_v2", "path_prefix": "/a"} | login | given)

    assert export["empty_result"] == kept


def test_what_does_not_exist_is_refused():
    given = {"path_prefix": "/a", "user_directory_is_root": True, "empty_result": "explode"}

    assert SFTPv2.Export.from_json(given).errors == {
        "empty_result": ['Must be one of "send", "skip", "fail".']
    }
