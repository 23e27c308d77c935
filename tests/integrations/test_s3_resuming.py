"""S3 exports that are ended in the middle: what is left, and how another worker goes on."""

import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from integrations.delivery import MemoryJournal
from integrations.errors import Stopped
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


def test_another_worker_goes_on_where_the_dead_one_stopped(s3, large):
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
