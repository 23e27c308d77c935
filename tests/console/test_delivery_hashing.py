"""Identifiers are written down the same, whether one by one or many at a time."""

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.deliveries import hashing
from console.deliveries.hashing import ByKernel, hashes_with
from console.deliveries.keys import Keyed
from console.deliveries.values import Found, identifiers
from console.deliveries.writing import Carried, Log
from console.tables import log
from integrations.formats import warm
from integrations.formats.kernel import loading
from integrations.rows import Rows

KEY = Keyed(b"k" * 32)
FACTS = {name: 0 if kind == "bigint" else "x" for name, kind in log.COLUMNS}
FEW, MANY = 1, loading.WORTH_HASHING
LONG = "a" * 60 + "@example.com"


@pytest.mark.parametrize(
    "found",
    [
        Found("email", pa.array(["ann@example.com", "bob@example.com"])),
        Found("email", pa.array(["ann@example.com", LONG, "ü@example.com", "x" * 5000])),
        Found("email", pa.array([LONG])),
        Found("sha256", pa.array([hashlib.sha256(b"a").hexdigest().upper()] * 3), hashed=True),
    ],
)
def test_both_ways_give_the_same_hashes(found):
    assert warm()
    many = hashes_with(KEY, MANY)

    assert isinstance(many.__self__, ByKernel)
    assert sorted(many(found)) == sorted(hashes_with(KEY, FEW)(found))


def test_the_files_are_the_same(tmp_path, monkeypatch):
    assert warm()
    path = tmp_path / "rows.parquet"
    numbers = range(60_000)
    columns = {
        "customer_id": numbers,
        "email": [f"{'x' * (n % 60)}{n}@example.com" for n in numbers],
        "note": [hashlib.sha256(b"%d" % n).hexdigest() if n % 3 else None for n in numbers],
    }
    pq.write_table(pa.table(columns), path)

    fast = written(path, tmp_path / "fast.parquet")
    monkeypatch.setattr(hashing, "hasher_for", lambda *_: None)

    assert fast == written(path, tmp_path / "slow.parquet")


def written(path, to):
    summary = Log(to, KEY, {}, 1).write(Rows(path), Carried(), FACTS, lambda: None)
    assert summary.entries == 160_000
    return to.read_bytes()


def test_what_stands_between_the_digits_of_a_number_goes():
    column = pa.array(["+49 (170) 123-45.67", "0049\t170/1234567", "491701234567", "no number"])

    [phones] = [each for each in identifiers(column, "phone") if each.type == "phone"]

    assert phones.texts.to_pylist() == ["+491701234567", "+491701234567", "491701234567"]
