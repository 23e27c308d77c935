"""Objects whose servers never said that they are there: not sent twice, nor taken for granted."""

import hashlib
import threading

import pytest

from integrations.delivery import MemoryJournal
from integrations.errors import PermanentError, Stopped, TransientError
from integrations.sandbox.s3.refusing import Refusal
from integrations.sandbox.s3.server import Gone
from integrations.transports.s3 import doubt
from tests.integrations.exports import stored
from tests.integrations.s3_exports import connector, content, landed
from tests.integrations.test_s3_resuming import receiver
from tests.servers import local_delivery

PARTS = 2


@pytest.fixture(autouse=True)
def hurry(monkeypatch, impatient):
    monkeypatch.setattr(doubt, "SETTLING", 0.1)
    monkeypatch.setattr(doubt, "BETWEEN", 0.01)


@pytest.fixture(scope="session")
def parted(tmp_path_factory):
    """About 6 MB as CSV: two parts of five MiB at most."""
    numbers = range(150_000)
    texts = [hashlib.md5(b"%d" % number).hexdigest() for number in numbers]
    path = tmp_path_factory.mktemp("parted") / "parted.parquet"
    return stored(path, id=list(numbers), text=texts)


def instead(s3, operation, deed):
    """Let the server do deed(usual, request) where it is asked for the operation."""
    usual = getattr(s3.operations, operation)
    setattr(s3.operations, operation, lambda request: deed(usual, request))


def dropped_at_first(s3):
    """Let the server forget the upload when it is asked to finish it, and hang up."""

    def deed(usual, request):
        if s3.asked.count("CompleteMultipartUpload") == 1:
            s3.store.abort(request.query["uploadId"])
            raise Gone
        return usual(request)

    instead(s3, "CompleteMultipartUpload", deed)


def made_at(s3, operation, number):
    """Let the server hang up when it is asked to finish, and do so at a later request.

    From the first one on it does not know of the upload any more.
    """
    waiting, one_at_a_time = [], threading.Lock()

    def finish(usual, request):
        if s3.asked.count("CompleteMultipartUpload") == 1:
            waiting.append((usual, request))
            raise Gone
        if waiting or request.query["uploadId"] == s3.first:
            raise Refusal(404, "NoSuchUpload")
        return usual(request)

    def late(usual, request):
        answer = usual_answer(usual, request)
        with one_at_a_time:
            if waiting and s3.asked.count(operation) == number:
                complete, first = waiting.pop()
                s3.first = first.query["uploadId"]
                complete(first)
        return answer

    instead(s3, "CompleteMultipartUpload", finish)
    instead(s3, operation, late)


def usual_answer(usual, request):
    try:
        return usual(request)
    except Refusal as refusal:
        if refusal.code != "NoSuchKey":
            raise
        return refusal.status, {}, b""


def repeats(s3):
    """Let the server answer as before where it is asked again to finish, as Amazon's does."""
    answers = {}

    def deed(usual, request):
        upload = request.query["uploadId"]
        answers[upload] = answers.get(upload) or usual(request)
        return answers[upload]

    instead(s3, "CompleteMultipartUpload", deed)


def shows_what_is_there_alone(s3):
    """Let the server deny a look at what is not there: the account may not list."""

    def deed(usual, request):
        try:
            return usual(request)
        except Refusal:
            raise Refusal(403, "AccessDenied") from None

    instead(s3, "HeadObject", deed)


def unsure(s3, rows, **around):
    """Deliver, and return the error that says that nobody knows."""
    with pytest.raises(PermanentError, match=r"out\.csv may be there") as raised:
        connector(s3, part_size=5).deliver(rows, local_delivery(**around))
    assert raised.value.may_be_there
    assert "retry the job: it is sent anew then" in raised.value.remedy
    return raised.value


def test_an_end_without_an_answer_that_nobody_may_look_at_is_not_sent_twice(s3, parted):
    s3.switches.look, s3.switches.lost = False, {"CompleteMultipartUpload": 1}

    unsure(s3, parted)

    assert s3.asked.count("CreateMultipartUpload") == 1
    assert s3.asked.count("UploadPart") == PARTS
    assert s3.keys() == ["out.csv"]


def test_an_upload_that_was_dropped_is_never_said_to_have_arrived(s3, parted):
    s3.switches.look = False
    dropped_at_first(s3)

    unsure(s3, parted)

    assert s3.keys() == []


def test_what_nobody_knows_is_sent_anew_when_somebody_asks_for_it_and_not_before(s3, parted):
    s3.switches.look = False
    dropped_at_first(s3)
    journal = MemoryJournal()
    unsure(s3, parted, journal=journal, job="12.1")

    unsure(s3, parted, journal=journal, job="12.2")
    assert s3.asked.count("UploadPart") == PARTS

    receipt = connector(s3, part_size=5).deliver(
        parted, local_delivery(journal=journal, job="13.1")
    )
    s3.switches.look = True
    assert s3.read("out.csv") == content(parted) and receipt.bytes == len(content(parted))
    assert s3.uploads() == []


def test_a_retry_finds_it_once_the_account_may_look(s3, parted):
    s3.switches.look, s3.switches.lost = False, {"CompleteMultipartUpload": 1}
    journal = MemoryJournal()
    unsure(s3, parted, journal=journal, job="12.1")
    s3.switches.look = True

    receipt = connector(s3, part_size=5).deliver(
        parted, local_delivery(journal=journal, job="13.1")
    )

    landed(s3, receipt, parted)
    assert s3.asked.count("UploadPart") == PARTS


def test_an_upload_that_was_dropped_is_sent_anew_where_the_object_is_seen_not_to_be_there(
    s3, parted
):
    dropped_at_first(s3)
    log = []

    receipt = connector(s3, part_size=5).deliver(parted, local_delivery(log=log.append))

    landed(s3, receipt, parted)
    assert any("out.csv is not known to be there, so it is sent anew" in line for line in log)


def test_an_object_that_takes_longer_than_the_server_s_answer_is_waited_for(
    s3, parted, monkeypatch
):
    monkeypatch.setattr(doubt, "SETTLING", 10)  # It is there at the third look.
    made_at(s3, "HeadObject", 3)
    log = []

    receipt = connector(s3, part_size=5, max_connection_retry=1).deliver(
        parted, local_delivery(log=log.append)
    )

    landed(s3, receipt, parted)
    assert s3.asked.count("UploadPart") == PARTS
    assert any("had arrived" in line for line in log)


def test_an_object_that_appears_while_it_is_sent_anew_is_not_made_twice(s3, parted, monkeypatch):
    monkeypatch.setattr(doubt, "SETTLING", 0)
    made_at(s3, "UploadPart", 2 * PARTS)

    receipt = connector(s3, part_size=5).deliver(parted, local_delivery())

    landed(s3, receipt, parted)
    assert s3.asked.count("CompleteMultipartUpload") == 2  # None of them of the second upload.


@pytest.mark.parametrize("is_there", [True, False])
def test_an_account_that_may_not_list_sees_what_is_there_alone(s3, parted, is_there):
    shows_what_is_there_alone(s3)
    if is_there:
        s3.switches.lost["CompleteMultipartUpload"] = 1
        landed(s3, connector(s3, part_size=5).deliver(parted, local_delivery()), parted)
    else:
        dropped_at_first(s3)
        unsure(s3, parted)
        assert s3.keys() == []


def fails_once(s3, rows, **settings):
    """Let the only try end without an answer. Return the journal."""
    s3.switches.lost["CompleteMultipartUpload"] = 1
    journal = MemoryJournal()
    with pytest.raises(TransientError) as raised:
        connector(s3, max_connection_retry=0, **settings).deliver(
            rows, local_delivery(journal=journal)
        )
    assert "out.csv may be there" in raised.value.remedy and raised.value.may_be_there
    s3.asked.clear()
    return journal


def test_the_next_attempt_asks_again_for_what_nobody_may_look_at_and_sends_nothing(s3, parted):
    s3.switches.look, s3.switches.part_checksums = False, True
    repeats(s3)
    journal, log = fails_once(s3, parted, part_size=5), []

    receipt = connector(s3, part_size=5).deliver(
        parted, local_delivery(journal=journal, log=log.append)
    )

    s3.switches.look = True
    assert receipt.bytes == s3.head("out.csv")["ContentLength"]
    assert not {"UploadPart", "CreateMultipartUpload", "AbortMultipartUpload"} & set(s3.asked)
    assert any("Asking again to finish" in line for line in log)


@pytest.mark.needs("gpg")
def test_an_encrypted_object_that_may_be_there_is_not_sent_twice_either(s3, parted):
    s3.switches.look = False
    with receiver() as (_, settings):
        journal = fails_once(s3, parted, **settings)

        with pytest.raises(PermanentError, match=r"out\.csv may be there"):
            connector(s3, **settings).deliver(parted, local_delivery(journal=journal))

    assert not {"UploadPart", "CreateMultipartUpload"} & set(s3.asked)


def test_what_the_server_refuses_is_not_in_doubt(s3, rows, parted):
    s3.switches.look = False
    s3.switches.refusals["CompleteMultipartUpload"] = [(403, "AccessDenied")]
    s3.switches.refusals["PutObject"] = [(403, "AccessDenied")]

    for sent in rows, parted:
        with pytest.raises(PermanentError, match="permission denied") as raised:
            connector(s3, part_size=5).deliver(sent, local_delivery())
        assert "may be there" not in raised.value.remedy
    assert s3.keys() == s3.uploads() == []


def test_a_job_killed_while_its_server_is_away_says_what_may_be_there(s3, parted):
    journal, log = MemoryJournal(), []
    instead(s3, "CompleteMultipartUpload", lambda usual, request: s3.http.server_close())

    with pytest.raises(Stopped) as stop:
        connector(s3, part_size=5).deliver(
            parted,
            local_delivery(
                journal=journal,
                log=log.append,
                stopped=lambda: any("Retrying 1" in line for line in log),
            ),
        )

    assert any("out.csv may be there" in line and "could not be asked" in line for line in log)
    assert stop.value.may_be_there  # The log of deliveries goes by it.


@pytest.mark.parametrize(("looks", "told"), [(True, "is there"), (False, "may be there")])
def test_a_job_killed_before_the_server_s_answer_says_what_may_be_there(s3, parted, looks, told):
    s3.switches.look = looks
    s3.switches.silent.add("CompleteMultipartUpload")
    journal, log = MemoryJournal(), []

    def killed():
        return bool(s3.store.keys("demo", ""))

    with pytest.raises(Stopped) as stop:
        connector(s3, part_size=5).deliver(
            parted, local_delivery(journal=journal, log=log.append, stopped=killed)
        )

    assert any(f"out.csv {told}" in line for line in log) and stop.value.may_be_there
    s3.switches.silent.clear()
    s3.asked.clear()
    retried = connector(s3, part_size=5)
    if looks:
        landed(s3, retried.deliver(parted, local_delivery(journal=journal)), parted)
    else:
        unsure(s3, parted, journal=journal)
    assert "UploadPart" not in s3.asked
