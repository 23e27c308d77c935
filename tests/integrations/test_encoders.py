"""Compressed files, opened with the tools that everybody has."""

import bz2
import gzip
import hashlib
import os
import random
import subprocess
import threading
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from integrations.encoders import EncoderSettings, bz, encode, gz, parallel

LINES = [f"{number},name {number}\r\n".encode() * 500 for number in range(400)]
TOOLS = {"gz": ("gzip", gzip.decompress), "bzip2": ("bzip2", bz2.decompress)}
SOAK = os.environ.get("CONSOLE_TESTS_SOAK") == "1"
LEVELS = (1, 2, 3, 4, 6, 9)
WORDS = ["Zoë", "", 'Widgets "R" Us', "Acme, Inc."]
# Runs, for which bzip2 has a code of its own, among bytes that are no runs.
RUNS = some.builds(
    lambda byte, length: bytes([byte]) * length, some.integers(0, 3), some.integers(1, 600)
)
DATA = some.lists(RUNS | some.binary(max_size=300), max_size=30).map(b"".join)


def file_of(chunks, **settings):
    return b"".join(encode(chunks, settings))


def cut(data, places):
    """Return the data in chunks that end at those places."""
    ends = [*sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def one_member(made):
    """Return what the only member of a gzip file holds."""
    reader = zlib.decompressobj(wbits=31)
    data = reader.decompress(made)
    assert reader.eof and not reader.unused_data
    return data


def one_stream(made):
    """Return what the only stream of a bzip2 file holds."""
    reader = bz2.BZ2Decompressor()
    data = reader.decompress(made)
    assert reader.eof and not reader.unused_data
    return data


def test_without_an_encoder_the_bytes_stay_as_they_are():
    assert file_of(LINES, encoders="") == b"".join(LINES)
    assert file_of(LINES) == b"".join(LINES)


@pytest.mark.parametrize("encoder", TOOLS)
@pytest.mark.parametrize("chunks", [LINES, [b"a"], [b""], []])
def test_the_stock_tool_finds_the_file_sound(encoder, chunks):
    tool, decompress = TOOLS[encoder]

    made = file_of(chunks, encoders=encoder)

    subprocess.run([tool, "-t"], input=made, check=True, capture_output=True)
    assert decompress(made) == b"".join(chunks)


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_makes_one_member_that_is_hardly_larger_for_its_blocks(level):
    numbers = random.Random(1)
    chunks = [f"{numbers.random()},{numbers.choice(WORDS)}\r\n".encode() for _ in range(80_000)]
    data = b"".join(chunks)
    library = gz.isal_zlib if level <= 3 else zlib

    made = file_of(chunks, encoders="gz", gz_level=level)

    subprocess.run(["gzip", "-t"], input=made, check=True, capture_output=True)
    assert one_member(made) == data and len(data) > 2 * gz.BLOCK_BYTES
    assert len(made) < 1.02 * len(library.compress(data, level)) + 100


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=DATA,
    places=some.lists(some.integers(min_value=0), max_size=9),
    level=some.sampled_from(LEVELS),
)
def test_a_gzip_file_is_the_same_however_the_rows_came(monkeypatch, data, places, level):
    monkeypatch.setattr(gz, "BLOCK_BYTES", 500)

    made = file_of(cut(data, places), encoders="gz", gz_level=level)

    assert one_member(made) == data
    assert made == file_of([data], encoders="gz", gz_level=level)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=DATA, places=some.lists(some.integers(min_value=0), max_size=9))
def test_blocks_of_bzip2_are_joined_bit_by_bit_into_one_stream(monkeypatch, data, places):
    monkeypatch.setattr(bz, "BLOCK_BYTES", 500)

    made = file_of(cut(data, places), encoders="bzip2")

    assert one_stream(made) == data
    assert made == file_of([data], encoders="bzip2")


@pytest.mark.parametrize("kind", ["worst runs", "one run", "random"])
@pytest.mark.parametrize("extra", [-1, 0, 1, bz.BLOCK_BYTES])
def test_a_block_of_bzip2_is_one_whatever_it_holds(kind, extra):
    size = bz.BLOCK_BYTES + extra
    pattern = {
        "worst runs": b"aaaabbbb",
        "one run": b"a",
        "random": random.Random(1).randbytes(size),
    }
    data = (pattern[kind] * (size // len(pattern[kind]) + 1))[:size]

    made = file_of([data], encoders="bzip2")

    assert one_stream(made) == data
    subprocess.run(["bzip2", "-t"], input=made, check=True, capture_output=True)


def test_a_file_of_one_block_is_that_of_bzip2_itself():
    data = b"".join(LINES[:50])

    assert file_of([data], encoders="bzip2") == bz2.compress(data)


def test_the_same_rows_make_the_same_gzip_file():
    first, second = (hashlib.sha256(file_of(LINES, encoders="gz")).digest() for _ in range(2))

    assert first == second
    assert file_of([b"a"], encoders="gz")[3:8] == bytes(5)  # neither flags nor a time


def test_the_size_in_a_gzip_file_starts_anew_at_4_gib():
    assert gz.trailer(0xAABBCCDD, 2**32 - 1).hex() == "ddccbbaaffffffff"
    assert gz.trailer(0, 2**32) == bytes(8)
    assert gz.trailer(0, 5 * 2**32 + 7)[4:] == bytes([7, 0, 0, 0])


@pytest.mark.parametrize("size", [2**24, 2**32] if SOAK else [2**24])
def test_a_large_file_is_sound(size):
    chunk = b"".join(LINES)
    count = size // len(chunk) + 1
    reader = subprocess.Popen(["gzip", "-t"], stdin=subprocess.PIPE)
    for made in encode((chunk for _ in range(count)), {"encoders": "gz"}):
        reader.stdin.write(made)
    reader.stdin.close()

    assert reader.wait() == 0
    assert int.from_bytes(made[-4:], "little") == count * len(chunk) % 2**32


@pytest.mark.parametrize("encoder", TOOLS)
def test_an_error_in_the_rows_comes_through(encoder):
    def broken():
        yield from LINES
        raise ValueError("no more rows")

    with pytest.raises(ValueError, match="no more rows"):
        file_of(broken(), encoders=encoder)
    assert not threads()


@pytest.mark.parametrize("encoder", TOOLS)
def test_a_reader_that_goes_away_ends_the_threads(encoder, monkeypatch):
    monkeypatch.setattr(gz, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(bz, "BLOCK_BYTES", 1000)
    stream = encode(LINES, {"encoders": encoder})
    next(stream), next(stream)
    assert threads()

    stream.close()

    assert not threads()


@pytest.mark.parametrize("encoder", TOOLS)
def test_no_more_is_read_ahead_than_the_threads_work_on(encoder, monkeypatch):
    monkeypatch.setattr(gz, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(bz, "BLOCK_BYTES", 1000)
    read = 0

    def counted():
        nonlocal read
        for _ in range(100):
            read += 1
            yield bytes(1000)

    for made, _ in enumerate(encode(counted(), {"encoders": encoder})):
        assert read <= made + parallel.THREADS + 1


def threads():
    return [each for each in threading.enumerate() if each.name.startswith("encode")]


@pytest.mark.parametrize(
    ("spelling", "kept"),
    [("", ""), ("none", ""), ("gz", "gz"), ("gzip", "gz"), ("bzip2", "bzip2")],
)
def test_each_spelling_of_an_encoder_is_kept_as_one(spelling, kept):
    assert EncoderSettings.base_fields["encoders"].clean(spelling) == kept


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({"encoders": "gz"}, 2),
        ({"encoders": "gzip", "gz_level": 9}, 9),
        ({"encoders": "gz", "gz_level": None}, 2),
        ({"encoders": "bzip2"}, None),
        ({}, None),
    ],
)
def test_a_level_is_there_where_gzip_is(given, level):
    form = EncoderSettings.from_json(given)

    assert form.is_valid(), form.errors
    assert form.cleaned_data.get("gz_level") == level


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"encoders": "gz", "gz_level": 0}, "Enter 1 or more."),
        ({"encoders": "gz", "gz_level": 10}, "Enter 9 or less."),
        ({"encoders": "gz", "gz_level": "fast"}, "whole number"),
        ({"encoders": "gz", "gz_level": True}, "Must be a whole number, not true or false"),
        ({"encoders": "bzip2", "gz_level": 3}, 'Applies only when encoders is "gz" or'),
    ],
)
def test_a_level_that_cannot_be_is_refused_by_name(given, problem):
    form = EncoderSettings.from_json(given)

    assert form.errors.keys() == {"gz_level"}
    assert problem in form.errors["gz_level"][0]


def test_no_encoder_needs_no_key():
    form = EncoderSettings.from_json({})

    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"encoders": ""}
