"""The receipt of a delivered job: on its page, as a file, and checked by the command."""

import json
import subprocess
from datetime import datetime
from io import StringIO
from stat import filemode

import pytest
from django.conf import settings as settings_of_django
from django.core.management import CommandError, call_command

from console import VERSION, jobs
from console.models import Database, Job
from integrations import receipts
from integrations.connectors import CONNECTORS
from integrations.models import Authentication

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.django_db]


@pytest.fixture
def job(sshd, marketer, settings):
    """A job that delivered three rows to a real server."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    Database.objects.create(name="shop", owner=marketer)
    drop = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    drop.settings = sshd.settings
    drop.save()
    given = {"path_prefix": "/in/three.csv.gz", "user_directory_is_root": True, "encoders": "gz"}
    form = CONNECTORS["sftp_v2"].Export.from_json(given)
    assert form.is_valid(), form.errors
    job = jobs.submit(
        "SELECT x AS n, 'a\"b' AS t FROM UNNEST(sequence(1, 3)) u(x)",
        database="shop",
        owner=marketer,
        name="Three rows",
        authentication=drop,
        export=form.cleaned_data,
    )
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == ("success", "")
    return job


@pytest.fixture
def receipt(job, client, marketer, tmp_path):
    """The receipt as Mia downloads it."""
    client.force_login(marketer)
    path = tmp_path / "receipt.json"
    path.write_bytes(client.get(f"/workbench/jobs/{job.pk}/receipt.json").content)
    return path


@pytest.fixture
def public_key(tmp_path):
    key, said = tmp_path / "console.pem", StringIO()
    call_command("receipt_key", stdout=said, stderr=StringIO())
    key.write_text(said.getvalue())
    return key


def verify(*arguments, **options):
    said = StringIO()
    call_command("verify_receipt", *map(str, arguments), stdout=said, **options)
    return said.getvalue()


def test_the_receipt_says_what_how_and_when(job, receipt, sshd):
    said = json.loads(receipt.read_text())

    [file] = said["files"]
    assert (file["rows"], file["bytes"], file["remote_bytes"]) == (3, *[job.sent_bytes] * 2)
    found = (sshd.root / "in/three.csv.gz").stat()
    assert datetime.fromisoformat(file["remote_modified"]).timestamp() == int(found.st_mtime)
    assert file["remote_permissions"] == filemode(found.st_mode)[1:]
    assert file["remote_checksum"] == ""  # OpenSSH makes none.
    assert (said["job"], said["name"], said["query_version"]) == (job.pk, "Three rows", None)
    assert (said["owner"], said["destination"]["name"]) == ("mia", "Drop")
    assert said["destination"]["address"] == f"127.0.0.1:{sshd.port}"
    assert said["destination"]["connector"] == "sftp_v2"
    assert (said["format"]["null_string"], said["format"]["gz_level"]) == ("default", 2)
    assert (said["console_version"], said["host_key"]) == (VERSION, sshd.fingerprint())
    assert said["slot"] == job.created_at.isoformat()
    assert said["phases"].keys() == {"querying", "uploading"}
    assert said["settings_sha256"] == receipts.digest(job.export)
    assert "PRIVATE KEY" not in receipt.read_text()


def test_the_file_and_its_receipt_are_genuine_to_whoever_has_the_key(
    receipt, public_key, sshd, job, settings
):
    settings.RECEIPT_KEY = ""  # Only the public key is there.

    said = verify(receipt, sshd.root / "in/three.csv.gz", public_key=public_key)

    assert f"the receipt of job {job.pk}" in said
    assert "is what was delivered as" in said and "3 rows." in said


def test_the_console_checks_with_its_own_key(receipt):
    assert verify(receipt).startswith(f"{receipt} is genuine")


def test_a_changed_receipt_file_or_key_is_refused_in_one_sentence(receipt, sshd, tmp_path):
    file = sshd.root / "in/three.csv.gz"
    changed = tmp_path / "changed.gz"
    changed.write_bytes(file.read_bytes()[:-1] + b"x")
    forged = tmp_path / "forged.json"
    forged.write_bytes(receipt.read_bytes().replace(b'"rows": 3', b'"rows": 4'))

    for arguments, options, sentence in (
        ((forged,), {}, "is not a genuine receipt. It was changed"),
        ((receipt, changed), {}, "is not the file that was delivered. Its SHA-256 is"),
        ((receipt, file), {"public_key": file}, "is not a public key of Ed25519"),
        ((tmp_path / "nothing",), {}, "cannot be read (No such file or directory)."),
    ):
        with pytest.raises(CommandError) as refused:
            verify(*arguments, **options)
        assert sentence in str(refused.value)
        assert refused.value.returncode == 1


def test_openssl_is_enough_to_check_it(receipt, public_key, tmp_path):
    said = json.loads(receipt.read_text())
    signature, body = tmp_path / "signature", tmp_path / "body"
    signature.write_bytes(bytes.fromhex(said.pop("signature")))
    canonical = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    body.write_text(canonical)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public_key, "-rawin"]

    done = subprocess.run(
        [*command, "-in", body, "-sigfile", signature], capture_output=True, text=True, check=False
    )

    assert done.stdout.strip() == "Signature Verified Successfully", done.stderr


def test_the_page_shows_the_receipt_and_offers_it(job, client, marketer):
    client.force_login(marketer)

    page = client.get(job.get_absolute_url()).content.decode()

    assert job.receipt["signed_by"] in page
    assert f"with the permissions <code>{job.receipt['files'][0]['remote_permissions']}" in page
    assert "text that was not saved" in page
    assert f"{job.created_at:%Y-%m-%d %H:%M:%S} UTC" in page
    assert job.receipt["settings_sha256"] in page
    assert f"/workbench/jobs/{job.pk}/receipt.json" in page


def test_without_a_key_to_sign_with_nothing_is_sent(job, sshd, settings):
    (sshd.root / "in/three.csv.gz").unlink()
    settings.RECEIPT_KEY = "not a key"
    again = jobs.retry(job, job.owner)

    jobs.run(again.pk)

    again.refresh_from_db()
    assert again.error == "The key that signs receipts cannot be read, so nothing was sent."
    assert "An administrator puts it back" in again.remedy
    assert list((sshd.root / "in").iterdir()) == []


def test_receipts_of_before_are_shown_and_verified(job, receipt, client, marketer):
    kept = {name: value for name, value in job.receipt.items() if name != "signature"}
    for file in kept["files"]:
        for name in ("remote_modified", "remote_permissions", "remote_checksum"):
            del file[name]
    key = receipts.private_key(settings_of_django.RECEIPT_KEY)
    Job.objects.update(receipt=receipts.sealed(kept, key))

    assert b"the server says the same" in client.get(job.get_absolute_url()).content
    receipt.write_bytes(client.get(f"/workbench/jobs/{job.pk}/receipt.json").content)
    assert verify(receipt).startswith(f"{receipt} is genuine")


def test_a_receipt_is_its_owners_and_admins_alone(job, client, colleague, keeper):
    path = f"/workbench/jobs/{job.pk}/receipt.json"
    assert client.get(path).status_code == 302

    client.force_login(colleague)
    assert client.get(path).status_code == 404

    client.force_login(keeper)
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="receipt-{job.pk}.json"'


@pytest.mark.parametrize("receipt", [None, {"rows": 0, "files": []}])
def test_a_job_without_a_signed_receipt_has_none_to_download(receipt, job, client, marketer):
    Job.objects.update(receipt=receipt)
    client.force_login(marketer)

    assert client.get(f"/workbench/jobs/{job.pk}/receipt.json").status_code == 404
    assert b"receipt.json" not in client.get(job.get_absolute_url()).content
