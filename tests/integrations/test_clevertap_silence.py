"""CleverTap leaves events without an answer: what is lost of them, and what goes on later."""

import time

import pytest

from integrations.delivery import MemoryJournal
from integrations.errors import ExportError, PermanentError, TransientError
from tests.integrations.clevertap import EVENTS, connector, numbers
from tests.servers import local_delivery

LISTED = EVENTS | {"unanswered": "list", "skip_invalid": True}


@pytest.fixture
def events(result):
    """A function that makes so many events."""
    return lambda count: result(identity=[str(n) for n in range(count)], evtName=["E"] * count)


@pytest.fixture
def attempt(account):
    """A function that delivers as one attempt of a job. Return what came of it, the delivery."""
    journal = MemoryJournal()

    def attempt(rows, tries=0, threads=1, **more):
        delivery = local_delivery(**{"journal": journal} | more)
        tried = {"authentication": {"retry_limit": tries}, "thread_count": threads}
        try:
            return connector(account, **tried, **LISTED).deliver(rows, delivery), delivery
        except ExportError as error:
            return error, delivery

    return attempt


def received(account):
    return sorted(int(record["identity"]) for record in account.store.read("events"))


@pytest.mark.parametrize("fault", ["502", "malformed", "503"])
def test_an_outage_costs_only_what_was_under_way(fault, account, attempt, events, soon):
    account.switches.faults = ["ok", "502", fault, fault, fault]
    lines = []

    receipt, delivery = attempt(events(3_500), tries=3, log=lines.append)

    assert (receipt.rows, receipt.rejected) == (2_500, 1_000)
    assert numbers(delivery.rejects) == list(range(1_000, 2_000))
    assert received(account) == list(range(3_500))
    assert lines[1] == "Nothing more is sent until CleverTap answers what changes nothing."
    assert lines[-1] == "CleverTap answers again."


def test_an_outage_costs_only_what_was_under_way_at_once(account, attempt, events, soon):
    account.switches.faults = ["ok", *["502"] * 12]

    receipt, delivery = attempt(events(20_000), tries=20, threads=5)

    assert 1_000 <= receipt.rejected <= 7_000
    assert receipt.rows + len(numbers(delivery.rejects)) == 20_000
    assert received(account) == list(range(20_000))


def test_later_attempts_send_what_an_outage_left(account, attempt, events):
    account.switches.faults = ["partial", "drop", "502", "503"]
    rows = events(4_500)

    for fault in ("502 Bad Gateway", "503 Service Unavailable"):
        error, delivery = attempt(rows)

        assert isinstance(error, TransientError)
        assert f"answered {fault}. CleverTap has taken 999 of the 4,500 rows and refused 1; " in (
            str(error)
        )
        assert "1,000 got no answer and may be there; 2,500 were not sent." in str(error)
        assert numbers(delivery.rejects) == [0, *range(1_000, 2_000)]

    receipt, delivery = attempt(rows)

    assert received(account) == list(range(1, 4_500))
    assert (receipt.rows, receipt.rejected) == (3_499, 1_001)
    assert numbers(delivery.rejects) == [0, *range(1_000, 2_000)]


def test_many_events_without_an_answer_end_an_attempt_though_something_is_answered(
    account, attempt, events
):
    account.switches.faults = ["drop", "ok"] * 9

    error, delivery = attempt(events(9_500))

    assert "CleverTap leaves too many requests without an answer. CleverTap has taken 0 of" in (
        str(error)
    )
    assert "7,000 got no answer and may be there; 2,500 were not sent." in str(error)
    assert numbers(delivery.rejects) == received(account) == list(range(7_000))


def test_credentials_that_are_refused_meanwhile_end_it(account, attempt, events):
    account.switches.faults = ["drop", "401"]

    error, _ = attempt(events(2_500))

    assert isinstance(error, PermanentError) and "refused the credentials" in str(error)
    assert received(account) == list(range(1_000))


def test_a_row_that_was_in_no_request_is_sent_though_the_others_got_no_answer(
    account, attempt, result, monkeypatch
):
    """A time that is in the future at the first attempt is not at the second."""
    now = time.time()
    rows = result(identity=["0", "1", "2"], evtName=["E"] * 3, ts=[1, int(now) + 3600, 1])
    monkeypatch.setattr("integrations.sandbox.clevertap.rules.check_ts", lambda record: None)
    account.switches.faults, journal = ["drop"], MemoryJournal()
    attempt(rows, journal=journal)
    del journal.entries[1:]  # It was killed before it wrote down that there is no answer.
    monkeypatch.setattr(time, "time", lambda: now + 7200)

    for _ in range(2):
        receipt, delivery = attempt(rows, journal=journal)

        assert received(account) == [0, 1, 2]
        assert (receipt.rows, receipt.rejected) == (1, 2)
        assert numbers(delivery.rejects) == [0, 2]
    told = connector(account, **LISTED).so_far(journal.read(), 3)
    assert told.startswith("CleverTap has taken 1 of the 3 rows. 1 request got no answer")


def test_a_row_that_was_in_no_request_is_not_doubted_where_it_is_refused(
    account, attempt, result, monkeypatch
):
    now = time.time()
    rows = result(identity=["0", "1", "2"], evtName=["E"] * 3, ts=[1, int(now) + 3600, 1])
    monkeypatch.setattr("integrations.sandbox.clevertap.rules.check_ts", lambda record: None)
    account.switches.faults, journal = ["drop", "ok", "503"], MemoryJournal()
    attempt(rows, journal=journal)
    del journal.entries[1:]
    monkeypatch.setattr(time, "time", lambda: now + 7200)

    error, delivery = attempt(rows, journal=journal)
    assert "503" in str(error) and numbers(delivery.rejects) == [0, 2]

    receipt, delivery = attempt(rows, journal=journal)
    assert received(account) == [0, 1, 2]
    assert (receipt.rows, numbers(delivery.rejects)) == (1, [0, 2])
