"""Files encrypted for a receiver, who decrypts them with the real gpg."""

import bz2
import gzip
import os
import re
import signal
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from integrations.connectors.sftp_v2 import SFTPv2
from integrations.delivery import Delivery
from integrations.encoders import EncoderSettings, caution, encode, piping
from integrations.encoders.piping import piped
from integrations.encoders.public_keys import read_public_key
from integrations.errors import PermanentError, TransientError
from tests.faults.disks import small_disk
from tests.integrations.openpgp import Receiver

pytestmark = pytest.mark.needs("gpg")

LINES = [f"{number},name {number}\r\n".encode() * 2000 for number in range(100)]
TEXT = b"".join(LINES)
# A server that is not reached: without a network of its own, this machine is out of bounds.
SERVER = {"host": "127.0.0.1", "port": 1, "username": "x", "auth_method": "password"}
SERVER |= {"password": "x", "max_connection_retry": 0, "timeout": 5}
THERE = {"path_prefix": "/a", "user_directory_is_root": True}


@pytest.fixture(scope="module")
def receiver():
    """Have a master key that signs, two sub-keys that encrypt, and some that are no use."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        receiver = Receiver(Path(home))
        receiver.master = receiver.make("ed25519", "cert")
        receiver.first = receiver.add(receiver.master, "cv25519")
        receiver.second = receiver.add(receiver.master, "cv25519")
        receiver.signing = receiver.add(receiver.master, "ed25519", "sign")
        receiver.expired = receiver.add(receiver.master, "cv25519", expires="seconds=1")
        receiver.revoked = receiver.add(receiver.master, "cv25519")
        receiver.revoke(5)
        receiver.small = receiver.add(receiver.master, "rsa1024")
        receiver.large = receiver.add(receiver.master, "rsa2048")
        receiver.soon = receiver.add(receiver.master, "cv25519", expires="20d")
        receiver.later = receiver.add(receiver.master, "cv25519", expires="40d")
        receiver.await_expiry()
        receiver.key = receiver.public()
        yield receiver
        receiver.close()


def settings_for(receiver, **settings):
    return {
        "encoders": "encrypt_pgp",
        "public_key": receiver.key,
        "key_identifier": receiver.first,
        "compression_type": "none",
        **settings,
    }


def encrypted(receiver, chunks=LINES, **settings):
    return b"".join(encode(chunks, settings_for(receiver, **settings)))


@pytest.mark.parametrize("armor", [True, False])
def test_the_receiver_reads_what_was_sent(armor, receiver, homes):
    sent = encrypted(receiver, armor=armor)

    assert receiver.decrypt(sent) == TEXT
    assert sent.startswith(b"-----BEGIN PGP MESSAGE-----") == armor
    assert not list(homes.iterdir())


@pytest.mark.parametrize("name", ["first", "second", "large"])
def test_the_asked_sub_key_is_the_one_that_opens_it(name, receiver):
    identifier = getattr(receiver, name)[-16:]

    packets = receiver.packets(encrypted(receiver, [b"a"], key_identifier=identifier))

    assert f"keyid {identifier}" in packets
    assert packets.count(":pubkey enc packet:") == 1


@pytest.mark.parametrize(
    ("compression", "opened"),
    [("none", bytes), ("gzip", gzip.decompress), ("bzip2", bz2.decompress)],
)
def test_compression_of_ours_is_there_after_decrypting(compression, opened, receiver):
    sent = encrypted(receiver, compression_type=compression)

    assert opened(receiver.decrypt(sent)) == TEXT
    assert ":compressed packet:" not in receiver.packets(sent)


@pytest.mark.parametrize(
    ("compression", "number"), [("zip_builtin", 1), ("zlip_builtin", 2), ("bzip2_builtin", 3)]
)
def test_builtin_compression_is_gone_after_decrypting(compression, number, receiver):
    sent = encrypted(receiver, LINES[:20], compression_type=compression)

    assert receiver.decrypt(sent) == b"".join(LINES[:20])
    assert f":compressed packet: algo={number}" in receiver.packets(sent)


def test_an_empty_file_is_encrypted_too(receiver):
    assert receiver.decrypt(encrypted(receiver, [])) == b""


def test_a_large_chunk_passes_without_waiting_for_itself(receiver):
    chunk = os.urandom(30_000_000)

    assert receiver.decrypt(encrypted(receiver, [chunk, chunk])) == chunk * 2


def test_an_error_in_the_rows_comes_through_and_gpg_is_gone(receiver, homes):
    def broken():
        yield from LINES
        raise ValueError("no more rows")

    with pytest.raises(ValueError, match="no more rows"):
        encrypted(receiver, broken())
    assert not list(homes.iterdir())
    assert not children()


def test_a_reader_that_goes_away_ends_gpg(receiver, homes):
    stream = encode(LINES, settings_for(receiver))
    next(stream)
    assert children()

    stream.close()

    assert not children()
    assert not list(homes.iterdir())


def test_a_killed_gpg_is_an_error_and_never_an_end(receiver):
    def murderous():
        yield from LINES[:50]
        for child in children():
            os.kill(child, signal.SIGKILL)
        yield from LINES[50:]

    with pytest.raises(TransientError, match="ended by signal 9"):
        encrypted(receiver, murderous())


def test_homes_of_killed_exports_are_swept_up(receiver, homes):
    old, new = homes / "console-gnupg-old", homes / "console-gnupg-new"
    for home in (old, new):
        (home / "private").mkdir(parents=True)
    os.utime(old, (0, 0))

    encrypted(receiver, [b"a"])

    assert list(homes.iterdir()) == [new]


def test_a_link_in_a_circle_among_the_homes_is_no_obstacle(receiver, homes):
    circle = homes / "console-gnupg-circle"
    circle.symlink_to(circle)

    assert receiver.decrypt(encrypted(receiver, [b"a"])) == b"a"


def test_the_words_of_gpg_are_passed_on(tmp_path):
    command = ["gpg", "--homedir", str(tmp_path), "--batch", "--recipient", "ABCD", "--encrypt"]

    with pytest.raises(PermanentError, match=r"could not encrypt \(status 2\): .*No public key"):
        b"".join(piped(LINES, command, tmp_path / "errors"))


@pytest.mark.parametrize(
    ("command", "problem"),
    [("true", "ended before it had read the whole file"), ("nowhere", "could not be started: No")],
)
def test_a_gpg_that_does_not_listen_is_an_error_that_may_pass(command, problem, tmp_path):
    with pytest.raises(TransientError, match=problem):
        b"".join(piped(LINES, [command], tmp_path / "errors"))


def children():
    """Return the gpg children of this process that encrypt."""
    lists = (path.read_text().split() for path in Path("/proc/self/task").glob("*/children"))
    return [int(pid) for pids in lists for pid in pids if encrypts(pid)]


def encrypts(pid):
    return b"--encrypt" in Path("/proc", pid, "cmdline").read_bytes()


@pytest.mark.parametrize("name", ["first", "large"])
@pytest.mark.parametrize(
    "spelled",
    [
        lambda text: text,
        lambda text: text[-16:],
        lambda text: text[-8:],
        lambda text: "0x" + text[-16:].lower(),
        lambda text: f" {text[-16:]}! ",
    ],
    ids=["fingerprint", "long", "short", "lower", "exact"],
)
def test_an_identifier_may_be_spelled_in_many_ways(spelled, name, receiver):
    fingerprint = getattr(receiver, name)

    subkey = read_public_key(receiver.key).encryption_subkey(spelled(fingerprint))

    assert subkey.fingerprint == fingerprint


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("master", "is the master key, which is not used for encryption"),
        ("signing", "is not made for encryption"),
        ("expired", "expired on 20"),
        ("revoked", "is revoked"),
        ("small", "is shorter than 2048 bits"),
    ],
)
def test_an_unfit_key_is_refused_and_the_fit_ones_are_listed(name, problem, receiver):
    key = read_public_key(receiver.key)

    with pytest.raises(PermanentError, match=problem) as refused:
        key.encryption_subkey(getattr(receiver, name)[-16:])

    names = ("first", "second", "large", "soon", "later")
    fit = ", ".join(getattr(receiver, name)[-16:] for name in names)
    assert refused.value.remedy == f"Its encryption sub-keys are: {fit}."


@pytest.mark.parametrize("name", ["master", "signing", "expired", "revoked", "small"])
def test_a_key_that_is_no_good_is_refused_in_the_same_words_when_saved_and_when_run(name, receiver):
    given = settings_for(receiver, key_identifier=getattr(receiver, name)[-16:])
    form = SFTPv2.Export.from_json(THERE | given)

    with pytest.raises(PermanentError) as refused:
        SFTPv2(SERVER, THERE | given).export(SimpleNamespace(count=1), Delivery())

    assert form.errors == {"key_identifier": [f"{refused.value} {refused.value.remedy}"]}
    with pytest.raises(PermanentError, match=re.escape(str(refused.value))):
        encrypted(receiver, key_identifier=given["key_identifier"])


def test_a_key_that_expires_soon_comes_with_a_caution(receiver):
    settings = settings_for(receiver, key_identifier=receiver.soon[-16:])
    form = EncoderSettings.from_json(settings)

    said = caution(settings)

    assert form.is_valid() and form.cautions == {"key_identifier": said}
    date = read_public_key(receiver.key).encryption_subkey(receiver.soon).expires
    assert timedelta(days=19) < date - datetime.now(UTC) < timedelta(days=21)
    assert said.startswith(f"The sub-key {receiver.soon[-16:]} expires on {date:%Y-%m-%d}, and")


def test_the_log_of_a_job_has_the_caution_too(receiver):
    form = SFTPv2.Export.from_json(
        THERE | settings_for(receiver, key_identifier=receiver.soon[-16:])
    )
    said = []

    with pytest.raises(PermanentError, match="may not connect to 127"):
        SFTPv2(SERVER, form.cleaned_data).export(
            SimpleNamespace(count=1), Delivery(log=said.append)
        )

    assert said == [caution(form.cleaned_data)]


@pytest.mark.parametrize("name", ["first", "later"])
def test_a_key_that_is_good_for_a_month_comes_without(name, receiver):
    settings = settings_for(receiver, key_identifier=getattr(receiver, name)[-16:])

    assert caution(settings) == ""
    assert not any(EncoderSettings.from_json(settings).cautions.values())


def test_a_key_that_is_over_as_a_whole_is_refused(ring):
    master = ring.make("ed25519", "cert", expires="seconds=2")
    ring.add(master, "cv25519")
    key = read_public_key(ring.public())
    ring.await_expiry()

    assert key.subkeys[0].expires and key.subkeys[0].caution
    with pytest.raises(PermanentError, match=r"The public key expired on 20\d\d-\d\d-\d\d\."):
        read_public_key(ring.public())


def test_a_key_that_is_revoked_as_a_whole_is_refused(ring):
    master = ring.make("ed25519", "cert")
    ring.add(master, "cv25519")
    revocation = (ring.home / "openpgp-revocs.d" / f"{master}.rev").read_bytes()
    ring.gpg("--import", given=revocation.replace(b":-----BEGIN", b"-----BEGIN"))

    with pytest.raises(PermanentError, match=r"The public key is revoked\."):
        read_public_key(ring.public())


def test_a_master_key_that_could_encrypt_is_not_used_either(ring):
    master = ring.make("rsa2048", "cert,sign,encr")

    with pytest.raises(PermanentError, match="is the master key, which is not used") as refused:
        read_public_key(ring.public()).encryption_subkey(master)
    assert "ask the receiver for another key" in refused.value.remedy


@pytest.fixture
def ring():
    """Have a receiver without keys."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        receiver = Receiver(Path(home))
        yield receiver
        receiver.close()


def test_a_missing_gpg_is_named_when_saved_and_when_run(receiver, monkeypatch):
    settings = settings_for(receiver)
    monkeypatch.setenv("PATH", "/nowhere")

    form = EncoderSettings.from_json(settings)

    assert "needs gpg, which is not installed on this server" in form.errors["public_key"][0]
    with pytest.raises(PermanentError, match="needs gpg") as refused:
        next(encode(LINES, settings))
    assert refused.value.remedy == "Install the package gnupg."


def test_a_folder_for_gpg_that_cannot_be_made_is_named(receiver, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    with pytest.raises(PermanentError, match=r"no room for the files of gpg in .*No such file"):
        next(encode(LINES, settings_for(receiver)))


def test_a_full_disk_is_not_taken_for_a_damaged_key(receiver, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tiny"))
    settings = settings_for(receiver)

    with small_disk(tmp_path / "tiny", 4096, lambda room: None) as disk:
        if not disk.mounted:
            pytest.skip("needs the right to mount a small disk")
        form = EncoderSettings.from_json(settings)
        with pytest.raises(PermanentError, match="no room for the files of gpg") as refused:
            next(encode(LINES, settings))

    assert "no room for the files of gpg" in form.errors["public_key"][0]
    assert "Make room" in refused.value.remedy


@pytest.mark.parametrize(
    "pasted",
    [
        lambda key: key.replace("\n", "\\n"),
        lambda key: key.replace("\n", ""),
        lambda key: key.replace("\n", "\r\n"),
        lambda key: key.replace("\n", "\n    "),
        lambda key: key.replace("-----\n\n", "-----\nVersion: GnuPG v2\nComment: x\n\n"),
        lambda key: f"Dear all, this is our key:\n{key}\nRegards",
    ],
    ids=["escaped", "one line", "CRLF", "indented", "headers", "letter"],
)
def test_a_key_may_be_pasted_in_many_shapes(pasted, receiver):
    key = read_public_key(pasted(receiver.key))

    assert key.text == receiver.key
    assert key.fingerprint == receiver.master


@pytest.mark.parametrize(
    ("spoiled", "problem"),
    [
        (lambda receiver: receiver.secret(), "This is a private key"),
        (lambda receiver: receiver.secret().replace("PRIVATE", "PUBLIC"), "This is a private key"),
        (lambda receiver: "PuTTY-User-Key-File-3: ssh-rsa", "This is a private key"),
        (lambda receiver: "ssh-rsa AAAA me@here", "This is not a PGP public key"),
        (lambda receiver: receiver.key * 2, "These are several keys"),
        (lambda receiver: receiver.key[:400], "The public key is cut off"),
        (lambda receiver: receiver.key.replace("-----END", "!\n-----END"), "key is damaged"),
        (lambda receiver: without_lines(receiver.key, 4), "key is damaged"),
    ],
    ids=["private", "disguised", "PuTTY", "SSH", "two", "cut", "characters", "lines"],
)
def test_what_is_not_one_whole_public_key_is_refused(spoiled, problem, receiver):
    with pytest.raises(PermanentError, match=problem):
        read_public_key(spoiled(receiver))


def without_lines(key, count):
    """Return the key with some lines missing in its middle."""
    lines = key.splitlines()
    return "\n".join(lines[:10] + lines[10 + count :])


def test_the_form_keeps_one_form_of_the_key_and_its_identifier(receiver):
    form = EncoderSettings.from_json(
        {
            "encoders": "encrypt_pgp",
            "public_key": receiver.key.replace("\n", "\\n"),
            "key_identifier": "0x" + receiver.second[-16:].lower(),
            "armor": True,
            "compression_type": "zlib_builtin",
        }
    )

    assert form.is_valid(), form.errors
    assert form.cleaned_data == {
        "encoders": "encrypt_pgp",
        "public_key": receiver.key,
        "key_identifier": receiver.second[-16:],
        "armor": True,
        "compression_type": "zlip_builtin",
    }


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({}, {"public_key": "required", "key_identifier": "required"}),
        ({"public_key": "x", "key_identifier": "y"}, {"public_key": "not a PGP public key"}),
        ({"key_identifier": "0xABCDEF01"}, {"key_identifier": "no sub-key ABCDEF01"}),
        ({"key_identifier": "first"}, {"key_identifier": "is not one"}),
    ],
)
def test_the_form_names_the_field_that_is_wrong(given, errors, receiver):
    key = {"public_key": receiver.key} if given.keys() == {"key_identifier"} else {}
    form = EncoderSettings.from_json({"encoders": "encrypt_pgp", **key, **given})

    assert not form.is_valid()
    assert form.errors.keys() == errors.keys()
    assert all(errors[name] in form.errors[name][0] for name in errors)


@pytest.mark.parametrize("lines", [LINES, LINES[:1]], ids=["while it reads", "at its end"])
def test_a_gpg_that_hangs_is_ended(tmp_path, monkeypatch, lines):
    monkeypatch.setattr(piping, "PATIENCE", 0.3)

    with pytest.raises(TransientError, match=r"gpg did nothing for 0\.3 seconds"):
        b"".join(piped(lines, ["sleep", "60"], tmp_path / "errors"))
