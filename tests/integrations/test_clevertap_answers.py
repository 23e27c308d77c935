"""CleverTap's answers, and its silence: what is sent again, what is rejected, what ends it."""

import time
from dataclasses import dataclass, field

import pytest

from integrations.connectors.clevertap import sending
from integrations.delivery import MemoryJournal, ignore
from integrations.errors import PermanentError, Stopped, TransientError
from tests.endpoint import goes_away
from tests.integrations.clevertap import EVENTS, connector, numbers
from tests.servers import local_delivery

ONE = {"thread_count": 1}


@pytest.fixture
def people(result):
    """Two and a half thousand rows: three requests."""
    return result(identity=[str(n) for n in range(2_500)], evtName=["E"] * 2_500)


def statuses(account):
    return [each["status"] for each in account.store.read("requests")]


def received(account, name="profiles"):
    return sorted(int(record["identity"]) for record in account.store.read(name))


def attempt(account, rows, journal, **settings):
    """Deliver as one attempt of a job. Return what came of it and the delivery."""
    delivery = local_delivery(journal=journal, log=settings.pop("log", ignore))
    authentication = settings.pop("authentication", {"retry_limit": 0})
    try:
        chosen = connector(account, authentication=authentication, **settings)
        return chosen.deliver(rows, delivery), delivery
    except (TransientError, PermanentError, Stopped) as error:
        return error, delivery


@pytest.mark.parametrize("fault", ["429", "500", "502", "503", "drop", "malformed"])
def test_a_passing_fault_is_tried_again_until_it_is_over(fault, account, export, people, soon):
    account.switches.faults = ["ok", fault, fault]

    receipt, delivery = export(people, **ONE)

    assert receipt.rows == 2_500 and delivery.rejects.count == 0
    assert set(received(account)) == set(range(2_500))
    twice = fault in ("drop", "malformed", "502")
    assert len(received(account)) == 2_500 + (2_000 if twice else 0)


def test_an_account_that_is_busy_for_long_is_left_to_a_later_attempt(account, people, soon):
    account.switches.faults = ["429"] * 4

    error, _ = attempt(account, people, MemoryJournal(), authentication={"retry_limit": 3}, **ONE)

    assert isinstance(error, TransientError)
    assert "answered 429 Too Many Requests" in str(error)
    assert statuses(account) == [429] * 4


def test_the_wait_that_clevertap_asks_for_is_kept(account, export, result, soon):
    account.switches.faults, account.switches.retry_after = ["429"], 1
    lines = []

    export(result(identity=["a"]), local_delivery(log=lines.append))

    assert any("after 1 second." in line for line in lines)


def test_the_waits_grow_from_a_second_to_ten_minutes():
    assert sending.WAITS == (1.0, 600.0)


def test_wrong_credentials_end_the_job_at_once(account, people):
    account.switches.faults = ["401"]

    error, _ = attempt(account, people, MemoryJournal(), authentication={"retry_limit": 9}, **ONE)

    assert isinstance(error, PermanentError)
    assert "refused the credentials (401 Unauthorized): Invalid Credentials" in str(error)
    assert statuses(account) == [401]


def test_rows_that_clevertap_refuses_are_kept_with_its_code_and_words(account, export, people):
    account.switches.faults = ["ok", "partial", "ok"]

    receipt, delivery = export(people, skip_invalid=True, **ONE)

    [(number, row, rule, reason)] = delivery.rejects.kept
    assert (number, row["identity"], rule) == (1_000, "1000", "CleverTap 555")
    assert reason == "CleverTap refused it: Internal server error (code 555)."
    assert (receipt.rows, receipt.rejected) == (2_499, 1)
    assert "Uploaded 2,499 profiles" in receipt.summary and "in 3 requests" in receipt.summary


def test_rows_that_are_alike_are_told_apart(account, export, result):
    account.switches.faults = ["partial"]

    receipt, delivery = export(result(identity=["a", "a", "b"]), skip_invalid=True)

    assert numbers(delivery.rejects) == [0]
    assert receipt.rows == 2


def test_a_whole_batch_that_is_refused_is_kept(account, export, people):
    account.switches.faults = ["fail"]

    receipt, delivery = export(people, skip_invalid=True, **ONE)

    assert numbers(delivery.rejects) == list(range(1_000))
    assert (receipt.rows, receipt.rejected) == (1_500, 1_000)


def test_a_failure_without_a_list_is_one_of_all_rows(endpoint, result):
    words = b'{"status":"fail","error":"Demerge is off","code":403}'
    endpoint.answers = [lambda handler: handler.say(200, words)]
    endpoint.address = endpoint.url("")

    error, delivery = attempt(
        endpoint, result(identity=["a", "b"]), MemoryJournal(), skip_invalid=True
    )

    assert "None of the 2 rows was taken" in str(error)
    assert {(rule, reason) for *_, rule, reason in delivery.rejects.kept} == {
        ("CleverTap 403", "CleverTap refused it: Demerge is off (code 403).")
    }


def test_records_that_come_back_changed_are_known_by_whom_they_are_of(endpoint, result):
    words = (
        b'{"status":"partial","processed":1,"unprocessed":[{"code":515,"error":"Email","record":'
        b'{"identity":"b","type":"profile","profileData":{"n":"2"},"extra":1}},{"code":1}]}'
    )
    endpoint.answers = [lambda handler: handler.say(200, words)]
    endpoint.address = endpoint.url("")
    lines = []

    delivery = local_delivery(log=lines.append)
    rows = result(identity=["a", "b", "c"], n=[1, 2, 3])
    receipt = connector(endpoint, skip_invalid=True).deliver(rows, delivery)

    told = {number: rule for number, _, rule, _ in delivery.rejects.kept}
    assert told == {0: "no answer", 1: "CleverTap 515", 2: "no answer"}
    assert receipt.rows == 1
    [line] = [line for line in lines if "refused 1 record of a request without saying" in line]
    assert "All rows that it can be are listed as not delivered, or unknown." in line


def test_where_none_may_be_skipped_the_first_refusal_stops_the_job(account, people):
    account.switches.faults = ["ok", "partial"]
    journal = MemoryJournal()

    error, delivery = attempt(account, people, journal, **ONE)

    assert isinstance(error, PermanentError)
    assert "CleverTap refused 1 record, so the job stopped. CleverTap refused it:" in str(error)
    assert numbers(delivery.rejects) == [1_000]


def test_where_none_may_be_skipped_a_retry_sends_the_others_and_is_no_success(account, people):
    account.switches.faults = ["ok", "partial"]
    journal = MemoryJournal()
    attempt(account, people, journal, **ONE)

    for _ in range(2):
        error, delivery = attempt(account, people, journal, **ONE)

        assert isinstance(error, PermanentError)
        assert "CleverTap refused 1 of the 2,500 rows. All others have been sent." in str(error)
        assert numbers(delivery.rejects) == [1_000]
        assert received(account) == [n for n in range(2_500) if n != 1_000]
    assert (
        connector(account).so_far(list(journal.read()), 2_500)
        == "CleverTap has taken 2,499 of the 2,500 rows and refused 1."
    )


def test_a_request_that_cannot_be_meant_is_an_error_with_clevertaps_words(endpoint, result):
    endpoint.answers = [lambda handler: handler.say(400, b'{"error":"Malformed request"}')]
    endpoint.address = endpoint.url("")

    error, _ = attempt(endpoint, result(identity=["a"]), MemoryJournal())

    assert isinstance(error, PermanentError)
    assert "answered 400 Bad Request: Malformed request." in str(error)


@pytest.mark.parametrize("skip", [True, False])
def test_another_attempt_sends_only_what_was_not_answered(skip, account, people):
    journal = MemoryJournal()
    account.switches.faults = ["partial" if skip else "ok", "ok", "503"]

    first, _ = attempt(account, people, journal, skip_invalid=skip, **ONE)
    assert isinstance(first, TransientError)
    receipt, delivery = attempt(account, people, journal, skip_invalid=skip, **ONE)

    refused = [0] if skip else []
    assert received(account) == [n for n in range(2_500) if n not in refused]
    assert statuses(account) == [200, 200, 503, 200]
    assert receipt.rows == 2_500 - len(refused) and receipt.rejected == len(refused)
    assert numbers(delivery.rejects) == refused
    assert delivery.rejects.kept[:1] == [
        (0, {"identity": "0", "evtName": "E"}, "CleverTap 555",
         "CleverTap refused it: Internal server error (code 555).")
    ][: len(refused)]  # fmt: skip
    assert "in 3 requests" in receipt.summary
    requests = account.store.read("requests")
    assert receipt.bytes == sum(each["bytes"] for each in requests if each["status"] == 200)


def test_a_journal_without_the_bytes_of_requests_is_gone_on_with(account, people):
    journal = MemoryJournal()
    account.switches.faults = ["ok", "503"]
    attempt(account, people, journal, **ONE)
    for entry in journal.entries:
        del entry["bytes"]

    receipt, _ = attempt(account, people, journal, **ONE)

    assert receipt.rows == 2_500
    assert receipt.bytes == sum(each["bytes"] for each in account.store.read("requests")[2:])


def test_an_attempt_after_everything_was_delivered_sends_nothing(account, people):
    journal = MemoryJournal()
    attempt(account, people, journal)

    receipt, _ = attempt(account, people, journal)

    assert receipt.rows == 2_500 and len(statuses(account)) == 3


def test_rows_that_hold_only_later_are_sent_then(account, result, monkeypatch):
    """A time that is in the future at the first attempt is not at the second."""
    later = int(time.time()) + 3600
    rows = result(identity=["0", "1", "2"], evtName=["E"] * 3, ts=[1, later, 1])
    journal = MemoryJournal()
    _, delivery = attempt(account, rows, journal, skip_invalid=True, **EVENTS)
    assert numbers(delivery.rejects) == [1]
    monkeypatch.setattr("integrations.sandbox.clevertap.rules.check_ts", lambda record: None)
    monkeypatch.setattr(time, "time", lambda: later + 1.0)

    receipt, delivery = attempt(account, rows, journal, skip_invalid=True, **EVENTS)

    assert received(account, "events") == [0, 1, 2]
    assert (receipt.rows, receipt.rejected) == (3, 0)


@pytest.mark.parametrize("ahead", [7200, -7200])
def test_a_row_is_either_sent_or_rejected_whatever_the_clock_does(
    ahead, account, export, result, monkeypatch
):
    now = int(time.time())
    rows = result(identity=["0", "1", "2"], evtName=["E"] * 3, ts=[1, now + 3600, now])
    monkeypatch.setattr("integrations.sandbox.clevertap.rules.check_ts", lambda record: None)

    def sending(_):
        monkeypatch.setattr(time, "time", lambda: now + float(ahead))

    receipt, delivery = export(rows, local_delivery(sending=sending), skip_invalid=True, **EVENTS)

    assert received(account, "events") == [0, 2]
    assert numbers(delivery.rejects) == [1] and (receipt.rows, receipt.rejected) == (2, 1)


@pytest.mark.parametrize("fault", ["drop", "malformed", "502"])
def test_events_without_an_answer_are_sent_again_in_their_batch_alone(fault, account, people):
    journal, given = MemoryJournal(), EVENTS | ONE | {"unanswered": "send"}
    account.switches.faults = ["ok", fault]

    first, _ = attempt(account, people, journal, **given)
    assert isinstance(first, TransientError)
    lines = []
    receipt, delivery = attempt(account, people, journal, **given, log=lines.append)

    twice = range(1_000, 2_000)
    told = "Rows 1,001 to 2,000 were sent by an earlier attempt, which got no answer: "
    assert lines == [told + "they are sent again."]
    assert received(account, "events") == sorted([*range(2_500), *twice])
    assert receipt.rows == 2_500 and delivery.rejects.count == 0


@pytest.mark.parametrize("fault", ["drop", "malformed", "502"])
def test_events_without_an_answer_can_be_listed_and_are_never_sent_twice(fault, account, people):
    journal, given = MemoryJournal(), EVENTS | ONE | {"unanswered": "list"}
    account.switches.faults = ["ok", fault, "503"]

    attempt(account, people, journal, **given)
    receipt, delivery = attempt(account, people, journal, **given)

    assert received(account, "events") == list(range(2_500))
    assert numbers(delivery.rejects) == list(range(1_000, 2_000))
    assert {rule for *_, rule, _ in delivery.rejects.kept} == {"no answer"}
    assert (receipt.rows, receipt.rejected) == (1_500, 1_000)
    assert "Uploaded 1,500 events" in receipt.summary and "in 2 requests" in receipt.summary


def test_a_refusal_does_not_undo_what_an_earlier_attempt_may_have_sent(account, people):
    journal, given = MemoryJournal(), EVENTS | ONE | {"unanswered": "send"}
    account.switches.faults = ["ok", "drop", "401"]
    lines = []

    for log in ([], [], lines):
        attempt(account, people, journal, **given, log=log.append)

    assert "Rows 1,001 to 2,000 were sent by an earlier attempt" in lines[0]


def test_events_of_a_request_that_was_refused_are_not_unsure(account, people):
    journal, given = MemoryJournal(), EVENTS | ONE | {"unanswered": "list"}
    account.switches.faults = ["ok", "503"]

    first, _ = attempt(account, people, journal, **given)
    assert isinstance(first, TransientError)
    receipt, delivery = attempt(account, people, journal, **given)

    assert received(account, "events") == list(range(2_500))
    assert receipt.rows == 2_500 and delivery.rejects.count == 0


def test_a_server_that_is_not_there_makes_no_event_unsure(account, people):
    journal, given = MemoryJournal(), EVENTS | ONE | {"unanswered": "list"}
    nowhere = {"retry_limit": 0, "api_host": "http://127.0.0.1:1"}

    first, _ = attempt(account, people, journal, authentication=nowhere, **given)
    assert "refused the connection" in str(first)
    receipt, delivery = attempt(account, people, journal, **given)

    assert receipt.rows == 2_500 and delivery.rejects.count == 0


@dataclass
class Dying(MemoryJournal):
    """A journal of a process that dies when it writes down the answer to a second request."""

    answers: list = field(default_factory=list)

    def write(self, entry):
        if entry["is"] not in ("sent", "again"):
            self.answers.append(entry)
        if len(self.answers) > 1:
            raise Stopped
        self.entries.append(entry)

    note = write


def test_a_process_that_dies_after_an_answer_doubles_one_batch_of_events_at_most(account, people):
    journal = Dying()
    attempt(account, people, journal, **EVENTS, **ONE)

    receipt, delivery = attempt(
        account, people, MemoryJournal(journal.entries), **EVENTS, **ONE, unanswered="list"
    )

    assert received(account, "events") == list(range(2_500))
    assert numbers(delivery.rejects) == list(range(1_000, 2_000))
    assert receipt.rows == 1_500


FIVE = {"thread_count": 5}


@pytest.mark.parametrize(
    ("faults", "what"),
    [(["silent"] * 9, FIVE), (["429"] * 9, FIVE), (["502", *["429"] * 9], EVENTS | ONE)],
)
def test_a_kill_ends_it_within_moments(faults, what, account, people):
    account.switches.faults = faults.copy()
    began = time.monotonic()
    delivery = local_delivery(stopped=lambda: time.monotonic() > began + 0.5)

    with pytest.raises(Stopped):
        connector(account, **what).deliver(people, delivery)

    assert time.monotonic() - began < 5


def test_a_silent_server_is_given_up_after_the_timeout(account, result, soon):
    account.switches.faults = ["silent"]
    lines = []
    delivery = local_delivery(log=lines.append)

    chosen = connector(account, authentication={"timeout": 1})
    receipt = chosen.deliver(result(identity=["a"]), delivery)

    assert receipt.rows == 1
    assert any("did not answer in time" in line for line in lines)


def test_an_error_of_one_request_lets_the_others_end_and_be_written_down(account, people):
    journal = MemoryJournal()
    account.switches.faults, account.switches.delay = ["401"], 0.1

    error, _ = attempt(account, people, journal, thread_count=3)

    assert isinstance(error, PermanentError)
    answered = [entry["batch"] for entry in journal.entries]
    assert (
        len(answered)
        == statuses(account).count(200)
        == len(received(account)) // 1_000 + (len(received(account)) % 1_000 > 0)
    )


def test_the_job_is_asked_for_before_what_others_see(account, people):
    with pytest.raises(Stopped):
        connector(account).deliver(people, local_delivery(held=lambda: False))

    assert statuses(account) == []


def test_no_error_holds_the_passcode(endpoint, result):
    endpoint.address = endpoint.url("")
    for answer in (goes_away, 401, 400, 500):
        endpoint.answers = [answer]
        authentication = {"retry_limit": 0, "account_passcode": "s3cret-word"}
        error, _ = attempt(
            endpoint, result(identity=["a"]), MemoryJournal(), authentication=authentication
        )
        assert "s3cret-word" not in f"{error} {error.remedy} {error!r}"


def test_where_no_request_was_answered_nobody_says_that_none_of_the_rows_was_taken(account, people):
    account.switches.faults, given = ["drop", "ok"] * 3, EVENTS | ONE | {"unanswered": "list"}

    error, delivery = attempt(account, people, MemoryJournal(), **given)

    assert "never answered for 2,500 of the 2,500 rows, so it may have taken them" in str(error)
    assert numbers(delivery.rejects) == received(account, "events") == list(range(2_500))
