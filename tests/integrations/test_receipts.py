"""Receipts: signed, checked with the public key alone, and any changed byte found."""

import bz2
import gzip
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as some

from integrations import receipts
from integrations.encoders import encode
from integrations.formats import write_rows
from integrations.formats.dialect import dialect_of
from integrations.receipts.content import check_file, lines_in, rows_in
from tests.integrations.exports import hashed, stored

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()
FORMAT = {"format": "csv", "header_line": True, "quote_policy": "MINIMAL", "newline": "CRLF"}
RECEIPT = {
    "job": 12,
    "name": "Männer & Frauen 日本",
    "slot": "2026-01-02T00:00:00+09:00",
    "files": [{"path": "/in/a.csv", "bytes": 3, "sha256": "ab" * 32, "rows": 1}],
    "format": FORMAT,
    "phases": {"querying": 0.1, "uploading": 12.0},
    "query_version": None,
}


def written():
    return receipts.printed(receipts.sealed(RECEIPT, KEY))


def test_a_receipt_is_read_with_the_public_key_alone():
    public = receipts.public_key(receipts.in_pem(PUBLIC).encode())

    assert receipts.genuine(written(), public).items() > RECEIPT.items()


def test_it_stays_genuine_when_it_was_kept_as_json():
    kept = json.loads(json.dumps(receipts.sealed(RECEIPT, KEY)))

    assert receipts.genuine(receipts.printed(kept), PUBLIC)


@pytest.mark.parametrize("change", [b"0", b" ", b"", b"\xff", b"\n", b"A"], ids=repr)
def test_each_byte_that_is_changed_or_removed_is_found(change):
    data = written()

    for place in range(len(data)):
        changed = data[:place] + change + data[place + 1 :]
        if changed != data:
            with pytest.raises(receipts.BadReceipt):
                receipts.genuine(changed, PUBLIC)


@given(place=some.integers(0, len(written())), more=some.binary(min_size=1, max_size=3))
def test_bytes_that_are_added_are_found(place, more):
    data = written()

    with pytest.raises(receipts.BadReceipt):
        receipts.genuine(data[:place] + more + data[place:], PUBLIC)


@given(place=some.integers(0, len(written()) - 1), bit=some.integers(0, 7))
def test_each_bit_that_is_flipped_is_found(place, bit):
    data = bytearray(written())
    data[place] ^= 1 << bit

    with pytest.raises(receipts.BadReceipt):
        receipts.genuine(bytes(data), PUBLIC)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "It is not JSON, as receipts are."),
        (b"\xff", "It is not JSON, as receipts are."),
        (b"[" * 100_000, "It is not JSON, as receipts are."),
        (b"[]", "It has no signature, so it is no receipt."),
        (b'{"signature": 1}', "It has no signature, so it is no receipt."),
        (b'{"signature": ""}', "It says that None signed it"),
        (written().replace(b'"job": 12', b'"job": 13'), "It was changed"),
        (written().replace(b'"signature": "', b'"signature": "zz'), "It was changed"),
        (written().replace(b"\n", b"\r\n"), "not byte for byte as it was written"),
        (json.dumps(json.loads(written())).encode(), "not byte for byte as it was written"),
    ],
)
def test_what_is_wrong_is_one_sentence(data, sentence):
    with pytest.raises(receipts.BadReceipt, match=sentence) as bad:
        receipts.genuine(data, PUBLIC)

    assert str(bad.value).count(".") == 1


def test_a_receipt_of_another_key_is_told_from_a_changed_one():
    other = Ed25519PrivateKey.generate()

    with pytest.raises(receipts.BadReceipt, match="the key to check with is SHA256:"):
        receipts.genuine(written(), other.public_key())


def test_a_stranger_cannot_sign_in_the_name_of_the_key():
    forged = receipts.sealed(RECEIPT, Ed25519PrivateKey.generate())
    forged["signed_by"] = receipts.fingerprint(PUBLIC)

    with pytest.raises(receipts.BadReceipt, match="It was changed"):
        receipts.genuine(receipts.printed(forged), PUBLIC)


def test_only_keys_of_ed25519_are_taken():
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    other = X25519PrivateKey.generate().private_bytes(*form).decode()

    assert receipts.private_key(receipts.in_pem(KEY)).public_key() == PUBLIC
    for text in ("", "nonsense", other, receipts.in_pem(PUBLIC)):
        with pytest.raises(ValueError, match=r"\S|^$"):
            receipts.private_key(text)
    for text in ("", "nonsense", receipts.in_pem(KEY)):
        with pytest.raises(ValueError, match=r"\S|^$"):
            receipts.public_key(text.encode())


def receipt_of(data, rows, **settings):
    file = {"path": "/in/a.csv", "bytes": len(data), "sha256": hashed(data), "rows": rows}
    return RECEIPT | {"files": [file], "format": FORMAT | settings}


@pytest.mark.parametrize("encoder", ["", "gz", "bzip2"])
def test_a_file_is_compared_with_its_receipt(encoder, tmp_path):
    rows = stored(tmp_path / "r.parquet", id=[1, 2, 3], text=["a\nb", 'c"\r', None])
    settings = FORMAT | {"encoders": encoder}
    data = b"".join(encode(write_rows(rows, settings), settings))
    path = tmp_path / "a.csv"
    path.write_bytes(data)

    said = check_file(path, receipt_of(data, 3, **settings))

    assert said == f"It is what was delivered as /in/a.csv: {len(data):,} bytes, 3 rows."


def test_each_changed_byte_of_a_file_is_found(tmp_path):
    data = b'id,name\r\n1,"a\nb"\r\n2,c\r\n'
    path = tmp_path / "a.csv"
    receipt = receipt_of(data, 2)

    for place in range(len(data)):
        for change in (b"", bytes([data[place] ^ 1]), data[place : place + 1] * 2):
            path.write_bytes(data[:place] + change + data[place + 1 :])
            with pytest.raises(receipts.BadReceipt):
                check_file(path, receipt)


def test_rows_that_are_not_in_the_file_are_found(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"id\r\n1\r\n")

    with pytest.raises(receipts.BadReceipt, match="It has 1 rows, and the receipt says 2"):
        check_file(path, receipt_of(b"id\r\n1\r\n", 2))


@pytest.mark.parametrize("changed", [{"quote_policy": "NONE"}, {"encoders": "encrypt_pgp"}])
def test_rows_that_cannot_be_counted_are_not(changed, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"secret")

    assert "rows not counted" in check_file(path, receipt_of(b"secret", 9, **changed))


def test_a_file_is_found_by_its_name_and_the_only_one_by_any(tmp_path):
    path = tmp_path / "renamed.csv"
    path.write_bytes(b"id\r\n")
    receipt = receipt_of(b"id\r\n", 0)
    two = receipt | {"files": [*receipt["files"], {"path": "/in/b.csv"}]}

    assert check_file(path, receipt)
    with pytest.raises(receipts.BadReceipt, match="none of them has its name"):
        check_file(path, two)
    with pytest.raises(receipts.BadReceipt, match="cannot be read"):
        check_file(tmp_path / "nowhere", receipt)


def test_a_delivery_without_files_is_not_called_nothing(tmp_path):
    path = tmp_path / "any.csv"
    path.write_bytes(b"id\r\n")
    receipt = receipt_of(b"id\r\n", 0) | {"files": [], "summary": "Sent 60,000 events."}

    with pytest.raises(receipts.BadReceipt, match=r"without files. It says: Sent 60,000 events.$"):
        check_file(path, receipt)
    with pytest.raises(receipts.BadReceipt, match="says that nothing was sent"):
        check_file(path, receipt | {"summary": "", "skipped": "The result has no rows."})


VALUES = some.none() | some.text(alphabet="a\"',\r\n\\|é", max_size=5)
DIALECTS = some.fixed_dictionaries(
    {
        "quote_policy": some.sampled_from(["ALL", "MINIMAL"]),
        "quote": some.sampled_from("\"'"),
        "delimiter": some.sampled_from([",", "tab", "|"]),
        "null_string": some.sampled_from(["", r"\N", "NULL"]),
        "newline": some.sampled_from(["CRLF", "LF", "CR"]),
        "header_line": some.booleans(),
    }
)


@given(values=some.lists(VALUES, min_size=1, max_size=9), dialect=DIALECTS)
def test_rows_are_counted_whatever_they_hold(values, dialect, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    rows = stored(folder / "r.parquet", **{'a "\n': values, "b": values})
    path = folder / "a.csv"
    path.write_bytes(b"".join(write_rows(rows, dialect)))

    assert rows_in(path, dialect) == len(values)


def test_lines_are_counted_wherever_a_block_ends():
    dialect = dialect_of(FORMAT)
    text = b'a,b\r\n"x\r\n""y",1\r\n"",2\r\n'
    chunks = [text[place : place + 1] for place in range(len(text))]

    assert lines_in(chunks, dialect) == lines_in([text], dialect) == 3


def test_compressed_rows_are_counted(tmp_path):
    text = b"id\r\n1\r\n2\r\n"
    for encoder, pack in {"gz": gzip.compress, "bzip2": bz2.compress}.items():
        path = tmp_path / encoder
        path.write_bytes(pack(text))

        assert rows_in(path, FORMAT | {"encoders": encoder}) == 2


@pytest.mark.parametrize("encoder", ["", "gz"])
@pytest.mark.parametrize("form", ["jsonl", "krux", "parquet"])
def test_rows_of_other_formats_are_counted(tmp_path, form, encoder):
    texts = [f"a{n}" for n in range(7)]
    rows = stored(tmp_path / "rows", user_id=texts, td_segment=texts)
    settings = {"format": form, "encoders": encoder}
    path = tmp_path / "file"
    path.write_bytes(b"".join(encode(write_rows(rows, settings), settings)))

    assert rows_in(path, settings) == (None if form == "parquet" and encoder else 7)
