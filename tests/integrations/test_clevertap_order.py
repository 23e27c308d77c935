"""Rows of one identity reach CleverTap in their order, whichever requests are late or fail."""

import json
import time
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.connectors.clevertap.operations import OPERATIONS
from integrations.delivery import MemoryJournal
from integrations.errors import ExportError
from tests.integrations.clevertap import connector
from tests.servers import local_delivery, wait_until

SMALL = 4  # rows of a request
ANSWERS = ("ok", "late", "503", "502", "401")


@pytest.fixture
def small(monkeypatch):
    """Requests are of a few rows."""
    for name in ("upload_profiles", "upload_tokens", "subscribe", "user_events"):
        monkeypatch.setitem(OPERATIONS, name, replace(OPERATIONS[name], most=SMALL))


@pytest.fixture
def taken(account):
    """What CleverTap took, in its order; `answers` say what becomes of each request."""
    return Taken(account)


class Taken:
    def __init__(self, account):
        self.before = lambda records: None
        self.begin_again([])
        account.take = self.take

    def begin_again(self, answers):
        self.records, self.requests, self.answers = [], 0, answers.copy()

    def take(self, route, body, fault, *, rehearsal):
        [records] = json.loads(body).values()
        self.before(records)
        self.requests += 1
        answer = self.answers.pop(0) if self.answers else "ok"
        if answer == "late":
            time.sleep(0.003)
        if answer not in ("503", "401"):
            self.records += [(answer, record) for record in records]
        status = int(answer) if answer.isdigit() else 200
        return status, {"status": "success", "processed": len(records), "unprocessed": []}

    def answered(self):
        return [(int(record["profileData"]["n"]), answer) for answer, record in self.records]

    def rows(self):
        return [number for number, _ in self.answered()]


def first_waits(taken, requests):
    """Let the request with the first row wait until so many others have come."""

    def wait(records):
        if int(records[0]["profileData"]["n"]) == 0:
            wait_until(lambda: taken.requests >= requests)

    taken.before = wait


def test_a_row_waits_for_an_earlier_one_of_its_identity_and_the_others_do_not(
    taken, small, export, result
):
    first_waits(taken, 2)  # The others of the second request, and all of the third.
    identities = ["a", "b", "c", "d", "e", "a", "f", "a", "g", "h", "i", "j"]

    receipt, _ = export(result(identity=identities, n=list(range(12))), thread_count=5)

    assert receipt.rows == 12 and "in 4 requests" in receipt.summary
    assert taken.rows()[-2:] == [5, 7]
    assert sorted(taken.rows()[:6]) == [4, 6, 8, 9, 10, 11]


def test_a_request_that_is_tried_again_stays_before_the_later_rows(
    taken, small, export, result, soon
):
    taken.answers = ["503", "503"]

    receipt, _ = export(result(identity=[0, 1, 2, 3] * 3, n=list(range(12))), thread_count=5)

    assert receipt.rows == 12
    assert taken.rows() == list(range(12))


def test_a_later_row_is_not_sent_where_the_earlier_one_ended_the_attempt(
    taken, small, account, result
):
    taken.answers = ["401"]
    rows, journal = result(identity=[0, 1, 2, 3] * 2, n=list(range(8))), MemoryJournal()

    with pytest.raises(ExportError):
        connector(account).deliver(rows, local_delivery(journal=journal))
    assert taken.rows() == []
    connector(account).deliver(rows, local_delivery(journal=journal))

    assert taken.rows() == list(range(8))


def test_a_row_with_two_identities_keeps_its_place_in_both(taken, small, export, result):
    first_waits(taken, 1)
    identity = ["a", "b", "c", "d", "a", "x", None, "y"]
    device = [None, None, None, None, "D", "D", "D", "E"]

    export(result(identity=identity, objectId=device, n=list(range(8))), thread_count=5)

    assert taken.rows() == [7, 0, 1, 2, 3, 4, 5, 6]


def test_rows_without_a_second_identity_do_not_wait_for_each_other(taken, small, export, result):
    first_waits(taken, 1)
    identity, blank = list("abcdefgh"), [" ", "", None, "  "] * 2

    export(result(identity=identity, objectId=blank, n=list(range(8))), thread_count=5)

    assert taken.rows() == [4, 5, 6, 7, 0, 1, 2, 3]


TOKENS = {"objectId": ["d"] * 8, "id": list("abcdefgh"), "type": ["fcm"] * 8}
CHANGES = {"type": ["phone"] * 8, "value": ["+14155551234"] * 8}
CHANGES |= {"status": ["Unsubscribe"] * 4 + ["Resubscribe"] * 4}


@pytest.mark.parametrize(("operation", "rows"), [("upload_tokens", TOKENS), ("subscribe", CHANGES)])
@pytest.mark.usefixtures("small", "soon")
def test_other_operations_keep_the_order_too(operation, rows, taken, export, result):
    taken.answers = ["503"]

    export(result(**rows), profile_operation=operation)

    read = "id" if operation == "upload_tokens" else "status"
    found = [record.get("tokenData", record)[read] for _, record in taken.records]
    assert found == rows[read]


def test_events_go_side_by_side(account, small, export, result):
    account.switches.delay = 0.02
    rows = result(identity=["a"] * 40, evtName=["Bought"] * 40)

    export(rows, target="user_events", thread_count=5)

    assert account.most_under_way > 1


def test_a_result_with_one_row_twice_at_each_boundary_goes_side_by_side(
    account, small, export, result
):
    account.switches.delay = 0.01
    identities = [number - number // SMALL for number in range(20 * SMALL)]

    receipt, _ = export(result(identity=identities), thread_count=5)

    assert receipt.rows == 20 * SMALL
    assert account.most_under_way == 5


def test_a_few_rows_of_a_batch_are_noted_in_few_words(taken, small, account, result):
    journal = MemoryJournal()
    identities = ["a", "b", "c", "d", "d", "e", "f", "g"]

    connector(account).deliver(
        result(identity=identities, n=list(range(8))), local_delivery(journal=journal)
    )

    noted = [(each["batch"], each.get("only"), each.get("left")) for each in journal.read()]
    assert sorted(noted, key=str) == [(0, None, []), (1, None, [4]), (1, [4], None)]


ROW = st.tuples(st.integers(0, 12), st.none() | st.integers(0, 9))
CASE = st.fixed_dictionaries({
    "rows": st.lists(ROW, min_size=1, max_size=60),
    "answers": st.lists(st.sampled_from(ANSWERS), max_size=25),
    "threads": st.integers(2, 6),
    "tries": st.integers(0, 2),
})  # fmt: skip


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(case=CASE)
@pytest.mark.usefixtures("small", "soon")
def test_whatever_is_late_or_fails_each_row_comes_after_the_earlier_ones(
    case, taken, account, result
):
    taken.begin_again(case["answers"])
    identity, device = (list(each) for each in zip(*case["rows"], strict=True))
    count, journal = len(identity), MemoryJournal()
    rows = result(identity=identity, objectId=device, n=list(range(count)))
    tries = {"authentication": {"retry_limit": case["tries"]}}
    chosen = connector(account, thread_count=case["threads"], **tries)

    while not (receipt := attempt(chosen, rows, journal)):
        assert max(taken.rows(), default=-1) < chosen.reached(journal.read(), 0)

    assert receipt.rows == count
    for numbers in by_identity(taken):
        batches = [number // SMALL for number in numbers]  # A batch can be there twice.
        assert batches == sorted(batches) and numbers[-1] == max(numbers)
    answered = [number for number, answer in taken.answered() if answer != "502"]
    assert sorted(answered) == list(range(count))


def attempt(chosen, rows, journal):
    """Deliver as one attempt of a job. Return the receipt, or nothing where it fails."""
    try:
        return chosen.deliver(rows, local_delivery(journal=journal))
    except ExportError:
        return None


def by_identity(taken):
    """Return the numbers of the rows that CleverTap took of each identity."""
    found = defaultdict(list)
    for _, record in taken.records:
        for name in ("identity", "objectId"):
            if name in record:
                found[name, record[name]].append(int(record["profileData"]["n"]))
    return found.values()
