"""S3 exports that are ended in the middle: what is left, and how another worker goes on."""

import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from integrations.delivery import MemoryJournal
from integrations.errors import Stopped
from integrations.receipts.content import check_file
from tests.integrations.openpgp import Receiver
from tests.integrations.s3_exports import connector, content, landed
from tests.servers import local_delivery, wait_until


def killed(s3, rows, operation, **settings):
    """Kill an export while it waits for the operation. Return how long it took to end."""
    s3.switches.silent.add(operation)
    stop = threading.Event()
    outcome = []

    def deliver():
        try:
            connector(s3, part_size=5, **settings).deliver(
                rows, local_delivery(stopped=stop.is_set)
            )
        except Stopped as stopped:
            outcome.append(stopped)

    thread = threading.Thread(target=deliver)
    thread.start()
    wait_until(lambda: operation in s3.asked)
    began = time.monotonic()
    stop.set()
    thread.join()
    assert outcome
    return time.monotonic() - began


@pytest.mark.parametrize("operation", ["CreateMultipartUpload", "UploadPart"])
def test_a_kill_ends_it_soon_and_leaves_nothing(s3, large, operation):
    assert killed(s3, large, operation) < 5

    assert s3.keys() == []
    if operation == "UploadPart":  # Of the other one nobody knows the number.
        assert s3.uploads() == []


def test_a_worker_that_lost_its_job_neither_publishes_nor_removes(s3, large):
    delivery = local_delivery(held=lambda: "UploadPart" not in s3.asked)

    with pytest.raises(Stopped):
        connector(s3, part_size=5).deliver(large, delivery)

    assert s3.keys() == [] and s3.uploads() == ["out.csv"]


@pytest.mark.parametrize("checksums", [True, False])
def test_another_worker_goes_on_where_the_dead_one_stopped(s3, large, checksums):
    s3.switches.checksums, s3.switches.part_checksums = checksums, True
    journal, log = MemoryJournal(), []
    dead = local_delivery(held=lambda: "UploadPart" not in s3.asked, journal=journal)
    with pytest.raises(Stopped):
        connector(s3, part_size=5).deliver(large, dead)
    s3.asked.clear()

    receipt = connector(s3, part_size=5).deliver(
        large, local_delivery(journal=journal, log=log.append)
    )

    landed(s3, receipt, large)
    assert s3.asked.count("UploadPart") == s3.asked.count("CreateMultipartUpload") == 0
    assert any("3 parts were there already" in line for line in log)


def test_an_upload_of_a_dead_worker_that_the_server_forgot_is_begun_anew(s3, large):
    journal = MemoryJournal()
    dead = local_delivery(held=lambda: "UploadPart" not in s3.asked, journal=journal)
    with pytest.raises(Stopped):
        connector(s3, part_size=5).deliver(large, dead)
    for upload, _ in s3.store.uploads("demo"):
        s3.store.abort(upload)

    receipt = connector(s3, part_size=5).deliver(large, local_delivery(journal=journal))

    landed(s3, receipt, large)


@pytest.mark.needs("gpg")
def test_encrypted_parts_of_a_dead_worker_are_given_up(s3, large):
    journal, log = MemoryJournal(), []
    dead = local_delivery(held=lambda: "UploadPart" not in s3.asked, journal=journal)
    with receiver() as (reader, settings):
        with pytest.raises(Stopped):
            connector(s3, **settings).deliver(large, dead)
        alive = local_delivery(journal=journal, log=log.append)
        connector(s3, **settings).deliver(large, alive)

        assert reader.decrypt(s3.read("out.csv")) == content(large)
    assert any("Gave up an upload" in line for line in log)
    assert s3.uploads() == []


@pytest.mark.needs("gpg")
@pytest.mark.parametrize("refusal", [(403, "AccessDenied"), (405, "MethodNotAllowed")])
def test_an_account_that_may_not_give_up_parts_delivers_after_a_fault(s3, large, refusal):
    s3.switches.refusals["CompleteMultipartUpload"] = [(500, "InternalError")]
    s3.switches.refusals["AbortMultipartUpload"] = [refusal] * 9
    journal, log = MemoryJournal(), []
    with receiver() as (reader, settings):
        connector(s3, **settings).deliver(large, local_delivery(journal=journal, log=log.append))

        assert reader.decrypt(s3.read("out.csv")) == content(large)
    [kept] = [line for line in log if "Its parts stay" in line]
    assert "Give up the upload of s3://demo/out.csv" in kept
    begun = [entry["upload"] for entry in journal.entries if "token" in entry]
    # The next attempt tries once more to give the first one up.
    assert [entry["ended"] for entry in journal.entries if "ended" in entry] == begun[1:]


@contextmanager
def receiver():
    """Yield who decrypts, and the settings of an export for that one."""
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        reader = Receiver(Path(home))
        reader.master = reader.make("ed25519", "cert")
        subkey = reader.add(reader.master, "cv25519")
        settings = {"encoders": "encrypt_pgp", "key_identifier": subkey, "part_size": 5}
        yield reader, settings | {"public_key": reader.public()}
        reader.close()


def test_a_job_that_is_retried_after_success_sends_again(s3, large):
    journal = MemoryJournal()
    connector(s3, part_size=5).deliver(large, local_delivery(journal=journal))
    s3.client().delete_object(Bucket="demo", Key="out.csv")

    receipt = connector(s3, part_size=5).deliver(large, local_delivery(journal=journal))

    landed(s3, receipt, large)


class LastWords(MemoryJournal):
    """The journal of a worker that dies between the end of an upload and the note of it."""

    def write(self, entry):
        if "ended" in entry:
            raise Stopped
        super().write(entry)


def followed(s3, rows, change=lambda asked: asked, **settings):
    """Let a worker die when the object is there. Return receipt and log of the one after it."""
    dead, log = LastWords(), []
    with pytest.raises(Stopped):
        connector(s3, **settings).deliver(rows, local_delivery(journal=dead))
    assert s3.keys() == ["out.csv"]
    journal = MemoryJournal([changed(entry, change) for entry in dead.entries])
    s3.asked.clear()
    alive = local_delivery(journal=journal, log=log.append)
    return connector(s3, **settings).deliver(rows, alive), log


def changed(entry, change):
    return {"asked": change(entry["asked"])} if "asked" in entry else entry


def without_sha256(asked):
    """Return what was written down before it had a SHA-256."""
    return {name: value for name, value in asked.items() if name != "sha256"}


def is_true_of_the_object(s3, receipt, settings, tmp_path):
    """Assert that the receipt is of the very bytes in the bucket, as its own check has it."""
    path = tmp_path / "out.csv"
    path.write_bytes(s3.read("out.csv"))
    said = {"files": [asdict(file) for file in receipt.files], "format": {"format": "csv"}}
    said["format"]["encoders"] = settings.get("encoders", "")
    assert "It is what was delivered" in check_file(path, said)
    assert receipt.bytes == path.stat().st_size


@pytest.mark.parametrize("encoders", ["", "gz"])
@pytest.mark.parametrize("change", [dict, without_sha256], ids=["now", "before"])
def test_a_worker_that_died_before_its_note_leaves_a_true_receipt(
    s3, large, tmp_path, encoders, change
):
    settings = {"encoders": encoders, "part_size": 5}

    receipt, log = followed(s3, large, change, **settings)

    is_true_of_the_object(s3, receipt, settings, tmp_path)
    assert any("had arrived" in line for line in log)
    assert "UploadPart" not in s3.asked and "CompleteMultipartUpload" not in s3.asked


@pytest.mark.needs("gpg")
@pytest.mark.parametrize("change", [dict, without_sha256], ids=["now", "before"])
def test_of_an_encrypted_object_the_receipt_is_true_as_well(s3, large, tmp_path, change):
    with receiver() as (_, settings):
        receipt, log = followed(s3, large, change, **settings)

        is_true_of_the_object(s3, receipt, settings, tmp_path)
    # Where its SHA-256 was not written down, nobody can tell it any more.
    assert any("had arrived" in line for line in log) == (change is dict)
    assert s3.uploads() == []
