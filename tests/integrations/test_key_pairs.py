"""Key pairs that the console makes: the private key is stored and never shown."""

import re
import subprocess

import pytest
from django.urls import reverse

from integrations import drafts
from integrations.connectors.sftp_v2 import SFTPv2
from integrations.models import Authentication
from integrations.transports.key_pairs import KINDS, new_private_key, public_line
from integrations.transports.private_keys import KeyProblem, read_private_key
from tests.integrations.conftest import store
from tests.integrations.keys import private_key
from tests.servers import local_delivery

LINE = re.compile(r"ssh-(?:ed25519|rsa) [A-Za-z0-9+/]+=* console")


def public_key_on(answer):
    return LINE.search(answer.text)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_is_read_like_any_other_key(kind):
    key = new_private_key(kind)

    name, text, _ = public_line(key).split()
    assert (name, text) == (read_private_key(key).get_name(), read_private_key(key).get_base64())
    assert key != new_private_key(kind)


def test_the_public_half_of_a_key_with_a_passphrase_needs_it():
    key = private_key("open sesame")

    assert LINE.fullmatch(public_line(key, "open sesame"))
    with pytest.raises(KeyProblem, match="passphrase"):
        public_line(key)


@pytest.mark.needs("ssh-keygen")
def test_the_line_is_the_one_that_openssh_makes(tmp_path):
    path = tmp_path / "key"
    path.write_text(new_private_key("rsa"))
    path.chmod(0o600)
    command = ["ssh-keygen", "-y", "-f", path]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert public_line(path.read_text()).split()[:2] == said.split()[:2]


@pytest.mark.needs("sshd", "ssh-keygen")
@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_was_given_the_line_lets_the_console_in(sshd, kind):
    key = new_private_key(kind)
    sshd.authorize(public_line(key))

    steps = list(SFTPv2(sshd.settings | {"secret_key_file": key}).test(local_delivery()))

    assert [step.outcome for step in steps] == ["passed"] * 8


ENTERED = {
    "host": "sftp.test",
    "port": "22",
    "username": "me",
    "auth_method": "password",
    "max_connection_retry": "1",
    "timeout": "9",
}


def test_a_new_authentication_gets_a_key_and_keeps_what_was_entered(client, marketer):
    client.force_login(marketer)
    address = reverse("draft-key-pair", args=["sftp_v2"])

    answer = client.post(address, ENTERED | {"key_kind": "ed25519"}, follow=True)
    assert "A new key pair is made" in answer.text
    assert "You began this earlier" not in answer.text
    assert "You began this earlier" in client.get(answer.request["PATH_INFO"]).text
    shown = public_key_on(answer)
    form = answer.context["form"]
    request = answer.wsgi_request
    key = drafts.entered(request, "sftp_v2")["secret_key_file"]

    assert shown == public_line(key) and key.splitlines()[1] not in answer.text
    assert form["host"].value() == "sftp.test" and form["auth_method"].value() == "key_pair"
    client.post(
        reverse("new-authentication", args=["sftp_v2"]), ENTERED | {"auth_method": "key_pair"}
    )
    client.post(reverse("name-authentication", args=["sftp_v2"]), {"name": "Mine"})
    kept = Authentication.objects.get(name="Mine")
    assert kept.settings["secret_key_file"] == key
    page = client.get(kept.get_absolute_url())
    assert public_key_on(page) == shown and key.splitlines()[1] not in page.text


def test_what_is_not_right_yet_stays_when_a_key_is_made(client, marketer):
    client.force_login(marketer)
    wrong = {"host": "sftp://sftp.test", "port": "many", "password": "no need"}

    answer = client.post(
        reverse("draft-key-pair", args=["sftp_v2"]),
        ENTERED | wrong | {"key_kind": "ed25519"},
        follow=True,
    )

    form = answer.context["form"]
    assert (form["host"].value(), form["port"].value()) == ("sftp://sftp.test", "many")
    assert form["username"].value() == "me" and "no need" not in answer.text
    named = client.post(reverse("name-authentication", args=["sftp_v2"]), {"name": "Mine"})
    assert named.status_code == 302 and not Authentication.objects.exists()


def test_another_kind_of_key_than_those_there_are_is_not_found(client, marketer):
    client.force_login(marketer)

    assert client.post(reverse("draft-key-pair", args=["sftp_v2"]), ENTERED).status_code == 404


def test_the_stored_key_is_replaced_and_its_test_forgotten(client, keeper):
    authentication = store(keeper, auth_method="key_pair", secret_key_file=private_key())
    authentication.test_steps = [{"name": "resolve", "outcome": "passed"}]
    authentication.save()
    client.force_login(keeper)
    before = public_key_on(client.get(authentication.get_absolute_url()))
    address = reverse("replace-key-pair", args=[authentication.pk])

    answer = client.post(address, {"key_kind": "rsa"}, follow=True)

    authentication.refresh_from_db()
    assert public_key_on(answer) == public_line(authentication.settings["secret_key_file"])
    assert public_key_on(answer) != before and public_key_on(answer).startswith("ssh-rsa ")
    assert authentication.test_steps == []


def test_who_may_only_use_an_authentication_neither_sees_nor_replaces_its_key(
    client, keeper, marketer
):
    key = private_key()
    authentication = store(keeper, auth_method="key_pair", secret_key_file=key)
    authentication.shared_users.add(marketer)
    client.force_login(marketer)

    assert not LINE.search(client.get(authentication.get_absolute_url()).text)
    address = reverse("replace-key-pair", args=[authentication.pk])
    assert client.post(address, {"key_kind": "rsa"}).status_code == 404
    authentication.refresh_from_db()
    assert authentication.settings["secret_key_file"] == key
