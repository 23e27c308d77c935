"""Logging in to a real OpenSSH server, and knowing it again."""

import pytest

from integrations.errors import PermanentError
from tests.integrations.exports import connector, names
from tests.servers import keygen, local_delivery

pytestmark = pytest.mark.needs("sshd")


@pytest.mark.parametrize(
    ("type_", "form"),
    [
        ("ed25519", []),
        ("ed25519", ["-N", "td@123"]),
        ("ecdsa", []),
        ("ecdsa", ["-b", "521", "-m", "PEM"]),
        ("rsa", ["-b", "2048"]),
        ("rsa", ["-b", "2048", "-m", "PEM", "-N", "td@123"]),
    ],
    ids=str,
)
def test_every_type_of_key_logs_in(sshd, rows, tmp_path, type_, form):
    key = keygen(tmp_path / "key", "-t", type_, *form)
    sshd.authorize((tmp_path / "key.pub").read_text())

    passphrase = "td@123" if "-N" in form else ""
    one_line = key.replace("\n", "\\n")

    export = connector(sshd, secret_key_file=one_line, secret_key_passphrase=passphrase)
    export.export(rows, local_delivery())

    assert names(sshd) == ["out.csv"]


@pytest.mark.parametrize("host_key", ["rsa", "ecdsa", "ed25519"])
def test_the_host_key_is_pinned_at_first_sight_and_known_again(sshd, rows, host_key):
    sshd.restart(new_host_key=host_key)
    delivery = local_delivery()

    connector(sshd).export(rows, delivery)
    connector(sshd).export(rows, delivery)

    public = (sshd.folder / "host_key.pub").read_text().split()
    assert delivery.known_hosts.keys == {("127.0.0.1", sshd.port): " ".join(public[:2])}


def test_a_pinned_key_is_asked_for_where_the_server_has_several(sshd, rows):
    keygen(sshd.folder / "rsa_key", "-t", "rsa", "-b", "2048")
    sshd.restart(f"HostKey {sshd.folder}/rsa_key")
    delivery = local_delivery()
    public = (sshd.folder / "rsa_key.pub").read_text().split()
    delivery.known_hosts.pin("127.0.0.1", sshd.port, " ".join(public[:2]))

    connector(sshd).export(rows, delivery)

    assert names(sshd) == ["out.csv"]


@pytest.mark.parametrize("type_", ["ed25519", "rsa"])
def test_a_changed_host_key_stops_the_export_before_anything_is_sent(sshd, rows, type_):
    delivery = local_delivery()
    connector(sshd).export(rows, delivery)
    before = sshd.fingerprint()
    sshd.restart(new_host_key=type_)

    with pytest.raises(PermanentError) as caught:
        connector(sshd, "second.csv").export(rows, delivery)

    assert f"The host key of 127.0.0.1:{sshd.port} has changed" in str(caught.value)
    assert before in str(caught.value)
    assert sshd.fingerprint() in str(caught.value)
    assert "administrator removes the pinned host key" in caught.value.remedy
    assert names(sshd) == ["out.csv"]
