"""A large result in bounded memory. With CONSOLE_TESTS_SOAK=1: ten million rows, 5 GB."""

import hashlib
import os
import resource

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.rows import Rows
from tests.servers import local_delivery

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")
COUNT = 10_000_000 if os.environ.get("CONSOLE_TESTS_SOAK") else 100_000
AT_ONCE = 100_000
TEXT = "~" * 500
GROWTH = 400  # MB


@pytest.fixture
def large(tmp_path):
    schema = pa.schema([("n", pa.int64()), ("text", pa.string())])
    with pq.ParquetWriter(tmp_path / "large.parquet", schema) as writer:
        for start in range(0, COUNT, AT_ONCE):
            numbers = range(start, start + AT_ONCE)
            writer.write_table(pa.table({"n": numbers, "text": [TEXT] * AT_ONCE}, schema))
    return Rows(tmp_path / "large.parquet")


def most_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def test_a_large_result_arrives_whole_in_bounded_memory(exporter, large, drop):
    before = most_memory()

    receipt = exporter().export(large, local_delivery())

    assert most_memory() - before < GROWTH
    expected, size = hashlib.sha256(b"n,text\r\n"), len(b"n,text\r\n")
    for start in range(0, COUNT, AT_ONCE):
        lines = "".join(f"{n},{TEXT}\r\n" for n in range(start, start + AT_ONCE)).encode()
        expected.update(lines)
        size += len(lines)
    assert (receipt.rows, receipt.files[0].sha256) == (COUNT, expected.hexdigest())
    with drop.file.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == expected.hexdigest()
    assert drop.sizes() == {drop.file: size}
