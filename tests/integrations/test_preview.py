"""The preview is the start of what is sent: any rows, every dialect, every encoder."""

import bz2
import gzip
import json
import math
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from integrations.connectors.content import Content
from integrations.connectors.s3 import S3
from integrations.connectors.sftp_v2 import SFTPv2
from integrations.delivery import Delivery
from integrations.rows import Rows
from tests.integrations.exports import connector, hashed, stored
from tests.integrations.openpgp import Receiver
from tests.servers import local_delivery

DECODERS = {"": bytes, "gz": gzip.decompress, "bzip2": bz2.decompress}
FIELDS = SFTPv2.Export.base_fields
KINDS = {
    pa.string(): some.text(alphabet="aN\\\"',|\t\r\n é日", max_size=9),
    pa.int64(): some.integers(-(2**63), 2**63 - 1),
    pa.float64(): some.floats(),
    pa.timestamp("us"): some.datetimes(),
}


@some.composite
def columns(draw):
    count = draw(some.integers(0, 9))
    values = {
        kind: some.lists(some.none() | of, min_size=count, max_size=count)
        for kind, of in KINDS.items()
    }
    kinds = draw(some.lists(some.sampled_from(list(KINDS)), min_size=1, max_size=4))
    return [pa.array(draw(values[kind]), kind) for kind in kinds]


def any_of(name):
    return some.sampled_from([value for value, _ in FIELDS[name].choices])


DIALECTS = some.fixed_dictionaries(
    {name: any_of(name) for name in ("format", "delimiter", "quote_policy", "quote")}
    | {name: any_of(name) for name in ("null_string", "newline")}
    | {"header_line": some.booleans()}
)


def exporter(**given):
    form = SFTPv2.Export.from_json({"path_prefix": "/a", "user_directory_is_root": True} | given)
    assert not form.errors
    return SFTPv2({}, form.cleaned_data)


def sent(exporter, rows):
    """Return what the export gives to the server."""
    return b"".join(Content(rows, exporter.settings, Delivery()))


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=columns(),
    dialect=DIALECTS,
    encoder=some.sampled_from(list(DECODERS)),
    limit=some.integers(0, 200),
)
def test_the_preview_is_the_start_of_what_is_sent(values, dialect, encoder, limit, tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(values, names=[f'a"{n},' for n in range(len(values))]), path)
    chosen = exporter(**dialect, encoders=encoder)

    whole = DECODERS[encoder](sent(chosen, Rows(path)))

    assert chosen.preview(Rows(path), limit) == whole[:limit]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=columns(), encoder=some.sampled_from(list(DECODERS)), limit=some.integers(0, 200))
def test_it_is_so_of_json_lines_which_have_the_rows(values, encoder, limit, tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(values, names=[f'a"{n},' for n in range(len(values))]), path)
    form = S3.Export.from_json({"bucket": "demo", "path_prefix": "a", "format": "jsonl"})
    chosen = S3({}, form.cleaned_data | {"encoders": encoder})

    whole = DECODERS[encoder](sent(chosen, Rows(path)))

    assert chosen.preview(Rows(path), limit) == whole[:limit]
    assert [json.loads(line) for line in whole.splitlines()] == [
        {name: in_json(value) for name, value in row.items()}
        for row in pa.Table.from_arrays(values, [f'a"{n},' for n in range(len(values))]).to_pylist()
    ]


def in_json(value):
    """Return what JSON has for a value of a result."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, datetime):
        text = str(value.replace(year=2000, microsecond=0))[4:]
        micro = f"{value.microsecond:06}"
        return f"{value.year:04}{text}.{micro[:3] if micro.endswith('000') else micro}"
    return value


@pytest.mark.parametrize("encoder", list(DECODERS))
def test_it_is_so_where_a_file_has_many_blocks(many, encoder):
    chosen = exporter(encoders=encoder)

    whole = DECODERS[encoder](sent(chosen, many))

    assert len(whole) > 5_000_000
    for limit in (1, 2048, len(whole) - 1, len(whole) + 1):
        assert chosen.preview(many, limit) == whole[:limit]


@pytest.mark.needs("sshd", "ssh-keygen")
@pytest.mark.parametrize("encoder", list(DECODERS))
def test_it_is_the_start_of_the_file_on_the_server(many, sshd, encoder):
    chosen = connector(sshd, encoders=encoder, format="tsv", quote_policy="ALL")

    chosen.export(many, Delivery(networks=("127.0.0.0/8",)))

    whole = DECODERS[encoder]((sshd.root / "out.csv").read_bytes())
    assert chosen.preview(many, 4096) == whole[:4096]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=columns(), dialect=DIALECTS, encoder=some.sampled_from(list(DECODERS)))
def test_it_is_so_of_the_bytes_that_arrive(values, dialect, encoder, tmp_path, sandbox):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(values, names=[f"c{n}" for n in range(len(values))]), path)
    chosen = connector(sandbox, encoders=encoder, **dialect)

    receipt = chosen.export(Rows(path), local_delivery())

    arrived = (sandbox.root / "out.csv").read_bytes()
    assert receipt.files[0].sha256 == hashed(arrived)
    assert chosen.preview(Rows(path), 1 << 20) == DECODERS[encoder](arrived)


@pytest.fixture(scope="module")
def receiver():
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        receiver = Receiver(Path(home))
        receiver.master = receiver.make("ed25519", "cert")
        receiver.subkey = receiver.add(receiver.master, "cv25519")
        yield receiver
        receiver.close()


PACKED = {"gzip": ["gzip", "-dc"], "bzip2": ["bzip2", "-dc"]}


@pytest.mark.needs("gpg")
@pytest.mark.parametrize("compression", [value for value, _ in FIELDS["compression_type"].choices])
def test_it_is_the_start_of_what_was_encrypted(compression, receiver, tmp_path, sandbox):
    rows = stored(tmp_path / "r.parquet", id=[1, 2], text=['é"', None])
    key = {"public_key": receiver.public(), "key_identifier": receiver.subkey}
    chosen = connector(sandbox, encoders="encrypt_pgp", compression_type=compression, **key)

    chosen.export(rows, local_delivery())

    whole = receiver.decrypt((sandbox.root / "out.csv").read_bytes())
    if compression in PACKED:
        command = PACKED[compression]
        whole = subprocess.run(command, input=whole, check=True, capture_output=True).stdout

    assert whole == chosen.preview(rows)


@pytest.mark.parametrize("encoder", ["gz", "bzip2"])
def test_the_encoded_size_of_a_whole_preview_is_that_of_the_file(rows, encoder):
    chosen = exporter(encoders=encoder)

    assert chosen.encoded_size(chosen.preview(rows)) == len(sent(chosen, rows))


@pytest.mark.needs("gpg")
@pytest.mark.parametrize("more", [{"armor": True}, {"compression_type": "gzip"}])
def test_that_of_an_encrypted_preview_is_too(rows, receiver, more):
    key = {"public_key": receiver.public(), "key_identifier": receiver.subkey}
    chosen = exporter(encoders="encrypt_pgp", **key, **more)

    assert chosen.encoded_size(chosen.preview(rows)) == len(sent(chosen, rows))


@pytest.mark.parametrize(
    "encoding",
    [
        {"encoders": ""},
        {"encoders": "encrypt_pgp"},
        {"encoders": "encrypt_pgp", "public_key": "-", "key_identifier": "12345678"},
    ],
)
def test_there_is_none_without_an_encoder_or_its_key(rows, encoding):
    chosen = exporter()
    chosen.settings |= encoding

    assert chosen.encoded_size(chosen.preview(rows)) is None
