"""The page of what the sandbox received: the newest first, and never anything beside it."""

import os
from dataclasses import replace

import pytest

from console.demo import authentications
from console.demo.destinations import Sandbox
from integrations.models import Authentication
from integrations.sandbox import faults, received
from integrations.sandbox.received import NotThere, ends_of, listing
from integrations.transports.key_pairs import new_private_key, public_line

LIST, FILE = "/integrations/sandbox/", "/integrations/sandbox/file/"
FAULTS = "/integrations/sandbox/faults/"


@pytest.fixture
def root(settings, tmp_path):
    folder = tmp_path / "sandbox"
    (folder / "in").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("keep out")
    settings.SANDBOX_DIR = folder
    return folder


@pytest.fixture
def destination(keeper):
    made = Authentication(name="Demo", type="sftp_v2", owner=keeper)
    made.settings = {"host": "127.0.0.1", "port": 22, "password": "demo"}
    made.save()
    return made


@pytest.fixture
def ada(client, keeper, destination):
    client.force_login(keeper)
    return client


def put(root, name, text, at):
    path = root / name
    path.write_text(text)
    os.utime(path, (at, at))


def test_files_are_listed_the_newest_first(ada, root):
    put(root, "old.csv", "a", 1_700_000_000)
    put(root, "in/<new>.csv", "ab", 1_700_000_100)

    page = ada.get(LIST)

    assert [file.path for file in page.context["listing"].files] == ["in/<new>.csv", "old.csv"]
    assert "in/&lt;new&gt;.csv" in page.text and "<new>" not in page.text


def test_nothing_received_yet_is_said(ada, root):
    assert "Nothing has arrived yet" in ada.get(LIST).text
    (root / "in").rmdir()
    root.rmdir()
    assert "Nothing has arrived yet" in ada.get(LIST).text


def test_a_text_is_shown_in_part_and_escaped(ada, root):
    (root / "a.csv").write_text("<script>,1\r\n" * 1000)

    page = ada.get(FILE, {"path": "a.csv"}).text

    assert "&lt;script&gt;" in page and "<script>,1" not in page
    assert "3,812 bytes are not shown" in page and "The end:" in page


def test_the_end_of_a_file_that_grows_is_shown_and_all_of_it_is_sent(ada, root):
    text = "".join(f"line {number} of ü\n" for number in range(2000))
    (root / "a.jsonl").write_text(text)

    page = ada.get(FILE, {"path": "a.jsonl"})
    sent = ada.get(FILE, {"path": "a.jsonl", "download": "yes"})

    end = page.text.partition("The end:")[2]
    assert "line 1999 of ü" in end and "line 0 of" not in end
    assert b"".join(sent).decode() == text
    assert sent.headers["Content-Disposition"] == 'attachment; filename="a.jsonl"'


def test_a_small_file_is_shown_once(ada, root):
    (root / "a.csv").write_text("a,b\n" * 1500)

    page = ada.get(FILE, {"path": "a.csv"}).text

    assert "are not shown" not in page and page.count("a,b") == 1500


def test_what_is_no_text_is_shown_in_hexadecimal(ada, root):
    (root / "a.gz").write_bytes(b"\x1f\x8b\x08\0<b>")

    assert "1f 8b 08 00 3c 62 3e" in ada.get(FILE, {"path": "a.gz"}).text


def test_a_character_that_is_cut_off_leaves_a_text(ada, root):
    (root / "a.csv").write_bytes(b"x" * 4095 + "é".encode())

    assert "It is no text" not in ada.get(FILE, {"path": "a.csv"}).text


OUTSIDE = ("../secret.txt", "in/../../secret.txt", "/etc/passwd", "link.txt", "way/secret.txt")
NO_FILES = ("", ".", "in", "in/", "no.csv", "a\0b", "pipe")


@pytest.mark.parametrize("path", OUTSIDE + NO_FILES)
def test_nothing_beside_its_files_is_shown(ada, root, tmp_path, path):
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "way").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")

    assert ada.get(FILE, {"path": path}).status_code == 404
    with pytest.raises(NotThere):
        ends_of(root, path)
    assert listing(root, 10).files == []


def test_a_folder_of_many_files_is_not_looked_at_whole(root, monkeypatch):
    for n in range(5):
        put(root, f"{n}.csv", "a", 1_700_000_000 + n)
    monkeypatch.setattr(received, "MOST_LOOKED_AT", 3)

    found = listing(root, 2)

    assert (len(found.files), found.whole) == (2, False)


def test_a_name_of_any_bytes_can_be_listed(ada, root):
    (root / "in" / os.fsdecode(b"\xff.csv")).write_text("a")

    assert "in/?.csv" in ada.get(LIST).text


def test_who_cannot_export_to_it_sees_nothing_of_it(client, marketer, destination, root):
    (root / "a.csv").write_text("a")
    client.force_login(marketer)

    refused = client.get(LIST)
    assert refused.status_code == 403
    assert "a.csv" not in refused.text
    assert client.get(FILE, {"path": "a.csv"}).status_code == 404
    destination.shared_users.add(marketer)
    assert "a.csv" in client.get(LIST).text


def test_an_authentication_of_somewhere_else_opens_nothing(client, keeper, root):
    other = Authentication(name="Rokt", type="sftp_v2", owner=keeper)
    other.settings = {"host": "sftp.example.com", "port": 22, "password": "127.0.0.1"}
    other.save()
    client.force_login(keeper)

    assert client.get(LIST).status_code == 403


def test_without_a_quickstart_there_is_no_page_and_no_link(ada, settings):
    settings.SANDBOX_DIR = None

    assert ada.get(LIST).status_code == 404
    assert ada.get(FILE, {"path": "a"}).status_code == 404
    assert LIST not in ada.get("/").text


def test_with_one_the_rail_leads_to_it(ada, root):
    assert f'href="{LIST}"' in ada.get("/").text


@pytest.fixture
def demo(root, settings, tmp_path, keeper):
    """The authentications of the demo, whose keys are in a home of its own."""
    settings.HOME = tmp_path / "home"
    sandbox = Sandbox(2222, "demo", "demo", s3="http://127.0.0.1:9000", access_key_id="demo")
    authentications.for_servers(keeper, replace(sandbox, secret_access_key="demo-secret"))
    authentications.for_vendors(keeper, sandbox)
    return settings.HOME / "keys/sandbox/saved_keys"


def test_administrators_read_what_to_enter_to_log_in(ada, demo):
    page = ada.get(LIST)

    found = {login.connector.name: login for login in page.context["logins"]}
    assert ("Port", "2222") in found["rokt"].entries and found["rokt"].with_key
    assert ("Password", "demo") in found["sftp_v2"].entries and not found["sftp_v2"].with_key
    assert ("Secret access key", "demo-secret") in found["s3"].entries
    assert ("Path style", "on") in found["salesforce_dmp"].entries
    assert '<a href="/integrations/catalog/rokt/new/">Rokt</a>' in page.text


def test_each_field_to_fill_has_the_name_that_its_form_has(ada, demo):
    for login in ada.get(LIST).context["logins"]:
        labels = {str(field.label) for field in login.connector.Authentication.base_fields.values()}
        assert {label for label, _ in login.entries} <= labels
        assert ada.get(login.address).status_code == 200


def test_a_public_key_that_is_pasted_is_let_in(ada, demo):
    line = public_line(new_private_key("rsa"))
    before = demo.read_text()

    assert ada.post(LIST, {"public_key": f" {line} \n"}).status_code == 302

    assert demo.read_text() == f"{before}{line}\n"
    assert "lets in whoever has the other half" in ada.get(LIST).text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Paste the public key"),
        ("hello", "This is no public key"),
        ("ssh-ed25519 AAAA", "This is no public key"),
        ("ssh-dss AAAAB3NzaC1kc3MAAAA= x", "This is no public key"),
        (new_private_key("ed25519"), "That is a private key"),
    ],
)
def test_what_is_no_public_key_is_told(ada, demo, text, sentence):
    before = demo.read_text()

    page = ada.post(LIST, {"public_key": text})

    assert (page.status_code, demo.read_text()) == (422, before)
    assert sentence in page.text


def test_only_administrators_read_logins_and_let_keys_in(client, demo, marketer):
    client.force_login(marketer)

    assert "Log in with an authentication of your own" not in client.get(LIST).text
    line = public_line(new_private_key("ed25519"))
    assert client.post(LIST, {"public_key": line}).status_code == 403
    assert line not in demo.read_text()


def test_administrators_let_servers_do_something_wrong_and_everybody_is_told(
    ada, client, marketer, destination, demo
):
    destination.shared_users.add(marketer)
    file = demo.parent / faults.FILE_NAME

    page = ada.post(FAULTS, {"sftp": "rename", "s3": "", "clevertap": ""}, follow=True)

    assert faults.chosen(file) == {"sftp": "rename", "s3": "", "clevertap": ""}
    assert "From now on the sandbox does that wrong" in page.text
    assert '<option value="rename" selected>' in page.text
    client.force_login(marketer)
    seen = client.get(LIST)
    assert "It lets nobody rename." in seen.text and "Rehearse a fault" not in seen.text
    assert client.post(FAULTS, {}).status_code == 403
    client.force_login(destination.owner)
    page = client.post(FAULTS, {"sftp": "", "s3": "", "clevertap": ""}, follow=True)
    assert "works as it should again" in page.text
    assert "does something wrong, as it was told" not in page.text


def test_a_fault_that_there_is_not_changes_nothing(ada, demo):
    page = ada.post(FAULTS, {"sftp": "on fire"}, follow=True)

    assert "Choose the faults from the lists." in page.text
    assert not (demo.parent / faults.FILE_NAME).exists()


def test_without_a_sandbox_there_is_nothing_to_go_wrong(ada, settings):
    settings.SANDBOX_DIR = None

    assert ada.post(FAULTS, {"sftp": "rename"}).status_code == 404
