"""How many records CleverTap says that it has taken, where it does not list the others."""

import json

import pytest

from integrations.delivery import MemoryJournal
from integrations.errors import PermanentError, TransientError
from tests.integrations.clevertap import connector, numbers
from tests.servers import local_delivery

ONE = {"thread_count": 1}
DOUBT = (
    "CleverTap took 999 of the 1,000 rows of a request without saying which: it may have taken "
    "this one. See there before you send it again."
)


def answering(endpoint, **said):
    """Let CleverTap answer that to the first request, which it takes."""
    words = json.dumps(said).encode()
    endpoint.answers = [lambda handler: handler.say(200, words)]
    endpoint.address = endpoint.url("")


LISTED = {"code": 515, "error": "Email", "record": {"identity": "1", "type": "profile"}}


@pytest.mark.parametrize("said", [
    {"status": "fail", "processed": 0, "unprocessed": [LISTED]},
    {"status": "fail", "unprocessed": [LISTED]},
    {"status": "fail", "processed": True, "unprocessed": [LISTED]},
    {"status": "fail", "processed": 4, "unprocessed": [LISTED]},
    {"status": "partial", "processed": 0, "unprocessed": [LISTED]},
])  # fmt: skip
def test_rows_of_a_failed_request_are_refused_though_one_alone_is_listed(said, endpoint, result):
    answering(endpoint, **said)
    rows, journal = result(identity=["0", "1", "2", "3"]), MemoryJournal()

    error, delivery = attempt(endpoint, rows, journal, skip_invalid=True)

    assert "None of the 4 rows was taken" in str(error)
    told = {number: rule for number, _, rule, _ in delivery.rejects.kept}
    assert told == dict.fromkeys([0, 2, 3], "CleverTap fail") | {1: "CleverTap 515"}
    assert [entry["taken"] for entry in journal.entries] == [0]


@pytest.mark.parametrize(("said", "named", "taken"), [
    ({"status": "partial", "processed": 1, "unprocessed": []}, [], 1),
    ({"status": "success", "processed": 3, "unprocessed": []}, [], 3),
    ({"status": "partial", "processed": 2, "unprocessed": [LISTED]}, [1], 2),
    ({"status": "fail", "processed": 2, "unprocessed": [LISTED]}, [1], 2),
    ({"status": "partial", "unprocessed": []}, [], 3),
])  # fmt: skip
def test_what_clevertap_does_not_count_is_refused_and_every_row_it_may_be_is_kept(
    said, named, taken, endpoint, result
):
    answering(endpoint, **said)
    lines = []
    rows = result(identity=["0", "1", "2", "3"])

    delivery = local_delivery(log=lines.append)
    receipt = connector(endpoint, skip_invalid=True).deliver(rows, delivery)

    assert (receipt.rows, receipt.rejected) == (taken, 4)
    told = {number: rule for number, _, rule, _ in delivery.rejects.kept}
    assert told == dict.fromkeys(range(4), "no answer") | dict.fromkeys(named, "CleverTap 515")
    lost = 4 - len(named) - taken
    [line] = [line for line in lines if "without saying which" in line]
    assert f"CleverTap refused {lost} record" in line


def test_what_is_not_counted_stops_the_job_where_none_may_be_skipped(account, result):
    account.switches.faults = ["ok", "vague"]
    rows, journal = result(identity=[str(n) for n in range(2_500)]), MemoryJournal()

    error, delivery = attempt(account, rows, journal, **ONE)
    told = "CleverTap refused 1 record without saying which, so the job stopped."
    assert told in str(error)

    for _ in range(2):
        error, delivery = attempt(account, rows, journal, **ONE)

        assert "CleverTap refused 1 of the 2,500 rows. All others have been sent." in str(error)
        assert numbers(delivery.rejects) == list(range(1_000, 2_000))
    received = [int(record["identity"]) for record in account.store.read("profiles")]
    assert sorted(received) == [n for n in range(2_500) if n != 1_000]
    assert (
        connector(account).so_far(list(journal.read()), 2_500)
        == "CleverTap has taken 2,499 of the 2,500 rows and refused 1."
    )


def test_another_attempt_keeps_the_rows_that_it_may_be(account, result):
    account.switches.faults = ["vague", "503"]
    rows, journal = result(identity=[str(n) for n in range(2_000)]), MemoryJournal()

    error, _ = attempt(account, rows, journal, skip_invalid=True, **ONE)
    assert isinstance(error, TransientError)
    receipt, delivery = attempt(account, rows, journal, skip_invalid=True, **ONE)

    assert (receipt.rows, receipt.rejected) == (1_999, 1_000)
    assert numbers(delivery.rejects) == list(range(1_000))
    assert {reason for *_, reason in delivery.rejects.kept} == {DOUBT}


@pytest.mark.parametrize("operation", ["demerge", "subscribe", "disassociate", "upload_tokens"])
@pytest.mark.parametrize("check", [True, False])
def test_each_operation_counts_as_taken_what_is_answered_as_usual(
    operation, check, account, export, result
):
    account.switches.check = check
    rows = result(**ROWS[operation])

    receipt, delivery = export(rows, profile_operation=operation)

    assert (receipt.rows, delivery.rejects.count) == (1, 0)


ROWS = {
    "demerge": {"identity": ["a"]},
    "subscribe": {"type": ["email"], "value": ["a@b.de"], "status": ["Unsubscribe"]},
    "disassociate": {"value": ["+14155551234"]},
    "upload_tokens": {"objectId": ["a"], "id": ["b"], "type": ["fcm"]},
}


def attempt(account, rows, journal, **settings):
    """Deliver as one attempt of a job. Return what came of it and the delivery."""
    delivery = local_delivery(journal=journal)
    chosen = connector(account, authentication={"retry_limit": 0}, **settings)
    try:
        return chosen.deliver(rows, delivery), delivery
    except (TransientError, PermanentError) as error:
        return error, delivery
