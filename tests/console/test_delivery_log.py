"""The log of deliveries: each identifier that was delivered is found again, and nothing else."""

import hashlib
import os

import numpy as np
import pyarrow.compute as pc
import pytest
from django.core.management import call_command

from console import jobs
from console.deliveries import keys, sorting
from console.models import Delivery, LogKey
from integrations.contract import Broken, RowRule
from tests.console.deliveries import SFTP, export_to, found, matches

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")


def test_what_was_delivered_is_found_however_it_is_written(send):
    job = send()

    assert job.status == "success", (job.error, job.traceback)
    [delivery] = Delivery.objects.all()
    assert (delivery.job, delivery.status, delivery.entries) == (job, "delivered", 7)
    assert delivery.columns == ["cdp_customer_id", "email", "phone", "note"]
    email = [(job.pk, ["email"])]
    for text in (
        "ann@example.com",
        "  ANN@example.com ",
        "bob@example.com",
        sha("bob@example.com"),
    ):
        assert found(text) == email, text
    assert found(sha("ann@example.com").upper()) == email
    assert found("dan@example.com") == [(job.pk, ["note"])]
    assert found("C-3") == found(" C-3 ") == [(job.pk, ["cdp_customer_id"])]
    for text in ("+491701234567", "0049 170 1234567", "49-170-1234567"):
        assert found(text) == [(job.pk, ["phone"])], text


def test_what_was_not_delivered_is_not_found(send):
    send()

    for text in ("eve@example.com", sha("eve@example.com"), "c-3", "c-4", "Oslo", "170 1234567"):
        assert found(text) == [], text


def test_an_address_is_found_where_its_hash_was_delivered(send):
    hashes = [sha("ann@example.com"), hashlib.md5(b"ann@example.com").hexdigest()]
    first = send(f"SELECT '{hashes[0].upper()}' AS anything")
    second = send(f"SELECT '{hashes[1]}' AS email")
    third = send(f"SELECT '{sha('abc-9')}' AS customer_id")

    assert found("Ann@example.com") == [(second.pk, ["email"]), (first.pk, ["anything"])]
    assert found("ABC-9") == found("abc-9") == found(sha("abc-9")) == [(third.pk, ["customer_id"])]


def test_numbers_and_lists_are_looked_into_where_they_can_be_identifiers(send):
    job = send(
        "SELECT 4711 AS customer_id, 4712 AS amount, ARRAY['ann@example.com', 'x'] AS others"
    )

    assert found("4711") == [(job.pk, ["customer_id"])]
    assert found("4712") == []
    assert found("ann@example.com") == [(job.pk, ["others"])]


def test_rejected_rows_are_not_in_it(send, monkeypatch):
    monkeypatch.setattr(SFTP, "contract", (ONLY_ROME,))
    job = send(export=export_to(skip_invalid=True))

    assert (job.status, job.rejected) == ("success", 2)
    assert found("bob@example.com") == [(job.pk, ["email"])]
    assert found("ann@example.com") == found("dan@example.com") == found("c-1") == []


def test_rows_that_the_receiver_refuses_are_not_in_it_or_only_as_unsure(send, monkeypatch):
    def export(self, rows, delivery):
        receipt = usual(self, rows, delivery)
        numbers, batch = next(rows.numbered())
        delivery.rejects.keep(batch.slice(1, 1), [numbers[1].as_py()], "refused", "Not taken.")
        delivery.rejects.keep(batch.slice(2, 1), [numbers[2].as_py()], "no answer", "Who knows.")
        return receipt

    usual = SFTP.export
    monkeypatch.setattr(SFTP, "export", export)
    job = send()

    [first, second] = (each.status for text in ("C-3", "c-2") for each in matches(text))
    assert (job.rejected, first, second) == (2, "delivered", "unsure")
    assert found("c-1") == []


@pytest.mark.parametrize("tell", ["column", "files"])
def test_of_changes_those_rows_are_logged_that_were_sent(receiver, tell):
    receiver.change(tell=tell)
    ann, bob = (1, "ann@example.com", 1.5, False), (2, "bob@example.com", 1.0, False)
    receiver.offer(ann, bob, (3, "cid@example.com", 1.0, False), (4, "x@example.com", 1.0, True))
    first = receiver.run()
    receiver.offer(ann, (2, "dan@example.com", 1.0, False), (5, "eve@example.com", 1.0, False))
    second = receiver.run()

    assert (first.status, second.status) == ("success", "success"), second.error
    assert found("ann@example.com") == found("bob@example.com") == [(first.pk, ["name"])]
    assert found("dan@example.com") == found("eve@example.com") == [(second.pk, ["name"])]
    removed = [(second.pk, ["name"]), (first.pk, ["name"])]
    assert found("cid@example.com") == removed and found("x@example.com") == []


def test_nothing_is_logged_of_a_job_that_delivered_nothing(send, monkeypatch, settings):
    send("SELECT 1 AS customer_id WHERE 1 = 0", export=export_to(empty_result="skip"))
    monkeypatch.setattr(SFTP, "contract", (ONLY_ROME,))
    assert send().status == "error"
    monkeypatch.setattr(SFTP, "contract", ())
    settings.DELIVERY_LOG *= 0
    assert send().status == "success"

    assert list(Delivery.objects.all()) == []
    assert list(settings.DELIVERIES_DIR.glob("*/*")) == []


def test_no_identifier_stands_in_any_file_of_the_log(send, settings):
    send()

    content = b"".join(path.read_bytes() for path in settings.DELIVERIES_DIR.rglob("*.parquet"))
    assert b"identifier_type" in content
    for text in ("ann@example.com", "ann", "bob@", "1234567", "c-1", sha("ann@example.com")):
        assert text.encode() not in content, text


def test_what_was_delivered_stays_found_when_the_keys_are_changed(send, settings, capsys):
    first = send()
    settings.ENCRYPTION_KEYS = [OTHER_KEY, *settings.ENCRYPTION_KEYS]
    call_command("rotate_secrets")
    assert "1 of 1 delivery log keys" in capsys.readouterr().out
    settings.ENCRYPTION_KEYS = [OTHER_KEY]
    keys.renew()

    second = send()

    assert found("ann@example.com") == [(second.pk, ["email"]), (first.pk, ["email"])]
    one, other = Delivery.objects.order_by("pk")
    assert (one.key.number, other.key.number) == (1, 2)


def test_nothing_is_sent_that_cannot_be_logged(send, sshd):
    assert send().status == "success"
    sealed = LogKey.objects.get().sealed
    LogKey.objects.update(sealed="garbage")

    job = send()

    assert job.error == (
        "Key 1 of the delivery log cannot be opened with the encryption keys of this server."
    )
    assert (job.status, job.traceback) == ("error", "") and job.remedy
    assert len(list((sshd.root / "in").iterdir())) == 1
    LogKey.objects.update(sealed=sealed)
    assert send().status == "success"


def test_a_log_that_cannot_be_written_keeps_a_job_from_sending(send, sshd, settings, tmp_path):
    settings.DELIVERIES_DIR = tmp_path / "file"
    settings.DELIVERIES_DIR.write_bytes(b"")

    job = send()

    assert (
        job.error
        == "It cannot be written down who gets what (Not a directory), so nothing was sent."
    )
    assert job.remedy and not (sshd.root / "in").exists()


def test_after_a_lost_key_was_given_up_exports_and_searches_go_on(send):
    send()
    LogKey.objects.update(sealed="garbage")

    call_command("new_log_key")

    job = send()
    assert job.status == "success"
    assert keys.given_up() == [1]
    assert found("ann@example.com") == [(job.pk, ["email"])]


def test_a_job_tells_which_activation_it_is_a_run_of(send):
    about = {"segment_name": "Lapsed", "segment_id": 3, "activation_name": "Win back"}
    job = send(about=about)

    again = jobs.retry(job, job.owner)

    assert again.about == about
    assert [job.pk for _ in found("c-1")] == [job.pk]


def test_hashes_that_do_not_fit_in_memory_come_in_order_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(sorting, "MOST", 500)
    sorter, hashes = sorting.Sorter(tmp_path / "parts"), np.frombuffer(os.urandom(24_000), "u8")
    for place in range(0, 3000, 100):
        sorter.add(hashes[place : place + 100])
    sorter.add(hashes[:50])

    found = [number for part in sorter.sorted() for number in part.tolist()]

    assert found == sorted(set(hashes.tolist()))
    assert sorter.spilled and list((tmp_path / "parts").iterdir()) == []


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def not_in_rome(batch, settings):
    yield Broken(pc.not_equal(batch["note"], "Rome"), "It is not in Rome.")


ONLY_ROME = RowRule(name="rome", sentence="All are in Rome.", source="T", check=not_in_rome)
OTHER_KEY = "2Wv1yAKhd9hGx7Wn5UcxKZQ3sVbM3mS2JmbvWw9hV1E="
