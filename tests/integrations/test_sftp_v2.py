"""What SFTP_V2 asks for, and what it refuses: the form side."""

import pytest

from integrations.connectors.sftp_v2 import SFTPv2
from integrations.delivery import Delivery
from integrations.result import parse_result
from tests.servers import keygen

PASSWORD_LOGIN = {"host": "ftp.rokt.com", "username": "me", "auth_method": "password"}
PASSWORD_LOGIN |= {"password": "p"}


def errors(form):
    return {name: " ".join(map(str, found)) for name, found in form.errors.items()}


def authentication(**given):
    form = SFTPv2.Authentication.from_json(PASSWORD_LOGIN | given)
    return errors(form)


def export(**given):
    base = {"path_prefix": "/out/a.csv", "user_directory_is_root": False}
    form = SFTPv2.Export.from_json(base | given)
    return errors(form)


def remote_path(**given):
    base = {"user_directory_is_root": False}
    form = SFTPv2.Export.from_json(base | given)
    assert not form.errors
    return SFTPv2({}, form.cleaned_data).path(Delivery())


def test_the_defaults_are_those_of_the_form():
    form = SFTPv2.Authentication.from_json(PASSWORD_LOGIN)

    assert form.is_valid()
    assert form.cleaned_data["port"] == 22
    assert form.cleaned_data["max_connection_retry"] == 10
    assert form.cleaned_data["timeout"] == 600


def test_a_result_has_defaults_of_its_own():
    _, login, settings = parse_result({"type": "sftp_v2", "path_prefix": "/a"} | PASSWORD_LOGIN)

    assert login["max_connection_retry"] == 5
    assert settings["user_directory_is_root"] is False
    assert settings["rename_file_after_upload"] is False
    assert settings["temp_file_threshold"] == 5_368_709_120


def test_the_user_directory_has_to_be_chosen_in_the_form():
    assert "user_directory_is_root" in SFTPv2.Export({"path_prefix": "/a"}).errors
    for chosen, value in (("True", True), ("False", False), ("true", True), ("false", False)):
        form = SFTPv2.Export({"path_prefix": "/a", "user_directory_is_root": chosen})
        form.full_clean()
        assert form.cleaned_data["user_directory_is_root"] is value


@pytest.mark.parametrize("host", ["ftp.rokt.com", "192.168.1.1", "eu-west-1.sftpcloud.io", "::1"])
def test_hosts(host):
    assert not authentication(host=host)


@pytest.mark.parametrize(
    "host", ["sftp://ftp.rokt.com", "a b", "me@host", "host/path", "host:22", "a\tb", ""]
)
def test_what_is_no_host(host):
    assert "host" in authentication(host=host)


ONE_HOST = "Enter the name or address of one host, without blanks, user, port or path."
ADDRESSES = {
    "sftp://mia@ftp.rokt.com:2222/in": (
        "Enter only ftp.rokt.com here: user mia and port 2222 have fields of their own."
    ),
    "ftp.rokt.com:2222": "Enter only ftp.rokt.com here: port 2222 has a field of its own.",
    "mia:hunter2@ftp.rokt.com": "Enter only ftp.rokt.com here: user mia has a field of its own.",
    "https://ftp.rokt.com/": "Enter only ftp.rokt.com here.",
    "sftp://[::1]:22": "Enter only ::1 here: port 22 has a field of its own.",
    "sftp://ftp.rokt.com:ssh": ONE_HOST,
    "sftp://ftp.rokt com": ONE_HOST,
    "sftp://": ONE_HOST,
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_of_an_address_it_is_said_what_to_enter(address):
    assert authentication(host=address) == {"host": ADDRESSES[address]}


def test_a_password_log_in_needs_the_password():
    assert authentication(password="") == {"password": "This field is required."}


def test_a_key_pair_log_in_needs_the_key():
    assert "secret_key_file" in authentication(auth_method="key_pair", password="")


@pytest.mark.needs("ssh-keygen")
def test_the_key_is_opened_when_it_is_saved(tmp_path):
    key = keygen(tmp_path / "key", "-t", "ed25519", "-N", "td@123")

    def login(**given):
        stored = {"host": "h", "username": "u", "auth_method": "key_pair"}
        return errors(SFTPv2.Authentication.from_json(stored | given))

    assert not login(secret_key_file=key, secret_key_passphrase="td@123")
    assert "protected by a passphrase" in login(secret_key_file=key)["secret_key_passphrase"]
    wrong = login(secret_key_file=key, secret_key_passphrase="x")
    assert "does not open" in wrong["secret_key_passphrase"]
    public = login(secret_key_file=(tmp_path / "key.pub").read_text())
    assert "This is the public key." in public["secret_key_file"]
    putty = login(secret_key_file="PuTTY-User-Key-File-3: ssh-ed25519")
    assert "puttygen key.ppk -O private-openssh -o key" in putty["secret_key_file"]


@pytest.mark.needs("ssh-keygen")
def test_a_stored_key_is_checked_with_a_new_passphrase(tmp_path):
    key = keygen(tmp_path / "key", "-t", "ed25519", "-N", "td@123")
    stored = {"secret_key_file": key, "secret_key_passphrase": "td@123"}
    page = {
        **{"host": "h", "port": "22", "username": "u", "auth_method": "key_pair"},
        **{"secret_key_file": "", "max_connection_retry": "10", "timeout": "600"},
    }

    kept = SFTPv2.Authentication(page | {"secret_key_passphrase": ""}, stored=stored)
    changed = SFTPv2.Authentication(page | {"secret_key_passphrase": "no"}, stored=stored)

    assert kept.is_valid()
    assert kept.cleaned_data["secret_key_file"] == key
    assert "secret_key_passphrase" in changed.errors


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (
            {"path_prefix": "/sftp/2024aug/test.csv", "sequence_format": ".%01d%01d"},
            "/sftp/2024aug/test.csv.00",
        ),
        (
            {"path_prefix": "/out/a", "sequence_format": "%03d.%02d.", "file_ext": "csv"},
            "/out/a000.00.csv",
        ),
        (
            {"path_prefix": "cli/t.csv.bz2.gpg", "file_ext": ".gpg"},
            "cli/t.csv.bz2.gpg.gpg",
        ),
        ({"path_prefix": "/upload/2024Aug29/TC01.csv"}, "/upload/2024Aug29/TC01.csv"),
        ({"path_prefix": "/a", "sequence_format": "_%2$d"}, "/a_0"),
        ({"path_prefix": "/a", "sequence_format": "%03d"}, "/a000"),
        ({"path_prefix": "/a b@c#d", "sequence_format": "-%%"}, "/a b@c#d-%"),
    ],
)
def test_the_remote_name(given, path):
    assert remote_path(**given) == path


@pytest.mark.parametrize(
    "path",
    [
        *("/out/*.csv", "/out/a?.csv", "/out/../etc/x", "..", "/out/", "a\\b", "/out/..", "/out/."),
        *("/a\nb", "/a\x00b", "/a\tb", "/" + "x" * 252, "/" + "ü" * 126, "", "/", "/a\u202eb"),
    ],
)
def test_paths_that_are_refused(path):
    assert "path_prefix" in export(path_prefix=path)


@pytest.mark.parametrize("path", ["/a", "a", "/a/b.csv", "/" + "x" * 251, "/...", "/a//b", "/ü b"])
def test_paths_that_are_taken(path):
    assert not export(path_prefix=path)


@pytest.mark.parametrize(
    "format_", ["%s", "%d%d%d", "%3$d", "%-d", "%0d", "%-03d", "%", "%x", "%5.2d", "%0$d", "%++d"]
)
def test_sequence_formats_that_are_refused(format_):
    assert "sequence_format" in export(sequence_format=format_)


def test_what_the_sequence_or_the_extension_makes_of_the_name_is_checked_too():
    assert "path_prefix" in export(file_ext="/")
    assert "path_prefix" in export(path_prefix="/out/.", file_ext=".")
    assert "path_prefix" in export(path_prefix="/" + "x" * 250, file_ext=".csv")


@pytest.mark.parametrize("given", [-1, "much", 2**50 + 1, 10**30])
def test_thresholds_that_are_refused(given):
    assert "temp_file_threshold" in export(temp_file_threshold=given)


@pytest.mark.parametrize("given", [0, 1024, "2048", 5_368_709_120, 2**50])
def test_thresholds_that_are_taken(given):
    assert not export(temp_file_threshold=given)
