"""Compressed files, opened with the tools that everybody has."""

import bz2
import gzip
import hashlib
import subprocess

import pytest

from integrations.encoders import EncoderSettings, encode

LINES = [f"{number},name {number}\r\n".encode() * 500 for number in range(400)]
TOOLS = {"gz": ("gzip", gzip.decompress), "bzip2": ("bzip2", bz2.decompress)}


def file_of(chunks, **settings):
    return b"".join(encode(chunks, settings))


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


def test_the_same_rows_make_the_same_gzip_file():
    first, second = (hashlib.sha256(file_of(LINES, encoders="gz")).digest() for _ in range(2))

    assert first == second
    assert file_of([b"a"], encoders="gz")[3:8] == bytes(5)  # neither flags nor a time


@pytest.mark.parametrize("encoder", TOOLS)
def test_an_error_in_the_rows_comes_through(encoder):
    def broken():
        yield from LINES
        raise ValueError("no more rows")

    with pytest.raises(ValueError, match="no more rows"):
        file_of(broken(), encoders=encoder)


@pytest.mark.parametrize(
    ("spelling", "kept"),
    [("", ""), ("none", ""), ("gz", "gz"), ("gzip", "gz"), ("bzip2", "bzip2")],
)
def test_each_spelling_of_an_encoder_is_kept_as_one(spelling, kept):
    assert EncoderSettings.base_fields["encoders"].clean(spelling) == kept


def test_no_encoder_needs_no_key():
    form = EncoderSettings.from_json({})

    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"encoders": ""}
