"""The journal of a delivery: what an attempt wrote down, the next one reads."""

import os
import threading

import pytest

from console.jobs.journal import FileJournal, inherit, journal_of
from console.models import Database, Job
from integrations.models import Authentication
from tests.servers import wait_until

ACCOUNT = {"account_id": "W1", "account_passcode": "secret", "region": "eu1"}


@pytest.fixture
def job(marketer):
    Database.objects.create(name="shop", owner=marketer)
    return made(marketer)


@pytest.fixture
def clevertap(marketer):
    """An authentication that events can be sent with."""
    kept = Authentication(name="CleverTap", type="clevertap", owner=marketer)
    kept.replace_settings(ACCOUNT)
    kept.save()
    return kept


def edit(authentication, **changes):
    authentication.replace_settings(authentication.settings | changes)
    authentication.save()


def made(owner, **fields):
    job = Job(sql="SELECT 1", database="shop", owner=owner, export={"path": "a"}, **fields)
    job.save()
    job.result_path = f"{job.pk}/rows-1.parquet"
    return job


def write(job, *entries):
    journal = FileJournal(job)
    for entry in entries:
        journal.write(entry)
    journal.close()


def test_the_next_attempt_reads_what_the_one_before_wrote(job):
    assert FileJournal(job).read() == []

    write(job, {"batch": 1}, {"batch": 2})
    write(job, {"batch": 3})

    assert FileJournal(job).read() == [{"batch": 1}, {"batch": 2}, {"batch": 3}]


def test_a_line_that_a_crash_cut_off_counts_as_not_written(job):
    write(job, {"batch": 1})
    with journal_of(job).open("ab") as file:
        file.write(b'{"batch": 2')

    assert FileJournal(job).read() == [{"batch": 1}]
    write(job, {"batch": 3})
    assert FileJournal(job).read() == [{"batch": 1}, {"batch": 3}]


def test_other_settings_begin_a_new_one(job):
    write(job, {"batch": 1})
    job.export = {"path": "b"}

    assert FileJournal(job).read() == []
    write(job, {"batch": 7})
    assert FileJournal(job).read() == [{"batch": 7}]


@pytest.mark.parametrize(
    "changes", [{"account_id": "W2"}, {"region": "in1"}, {"region": "other", "api_host": "a.b"}]
)
def test_another_account_begins_a_new_one(job, clevertap, changes):
    job.authentication = clevertap
    write(job, {"batch": 1})
    edit(clevertap, **changes)

    assert FileJournal(job).read() == [] and FileJournal(job).of_another_account()
    write(job, {"batch": 7})
    assert FileJournal(job).read() == [{"batch": 7}]
    assert not FileJournal(job).of_another_account()


def test_an_account_is_told_as_journals_of_before_have_it(clevertap):
    listed = {"account_id": "W1", "region": "eu1"}
    own = {"account_id": "W1", "region": "other", "api_host": "https://Api.example.com"}

    kind = clevertap.connector
    assert kind(listed).account() == listed | {"api_host": None}
    assert kind(own).account() == own


@pytest.mark.parametrize(
    "host", ["eu1.api.clevertap.com", "https://EU1.api.clevertap.com/", "EU1.API.clevertap.com"]
)
def test_the_same_host_in_another_spelling_is_the_same_account(job, clevertap, host):
    edit(clevertap, region="eu1", api_host="")
    job.authentication = clevertap
    write(job, {"batch": 1})

    edit(clevertap, region="other", api_host=host)

    assert FileJournal(job).read() == [{"batch": 1}]
    assert (
        clevertap.connector(clevertap.plain_settings).address() == "https://eu1.api.clevertap.com"
    )


def test_another_passcode_and_more_patience_do_not(job, clevertap):
    job.authentication = clevertap
    write(job, {"batch": 1})

    edit(clevertap, account_passcode="another", retry_limit=3, timeout=9)

    assert FileJournal(job).read() == [{"batch": 1}]
    assert not FileJournal(job).of_another_account()


def test_one_of_an_older_version_counts_until_the_authentication_is_changed(
    job, clevertap, marketer
):
    edit(clevertap)
    job = made(marketer, authentication=clevertap)
    write(job, {"batch": 1})
    subject, entry = FileJournal(job).lines()
    journal_of(job).write_text(f'{{"for": "{subject["for"]}"}}\n{{"batch": 1}}\n')

    assert FileJournal(job).read() == [entry]
    edit(clevertap, account_id="W2")
    again = made(marketer, authentication=clevertap, retry_of=job)
    journal_of(again).parent.mkdir()
    inherit(again, job)

    assert FileJournal(job).read() == FileJournal(again).read() == []


def test_a_job_that_repeats_the_export_goes_on_from_there(job, marketer):
    write(job, {"batch": 1})
    again = made(marketer, retry_of=job)
    journal_of(again).parent.mkdir()

    inherit(again, job)

    assert FileJournal(again).read() == [{"batch": 1}]


def test_a_journal_that_nobody_wrote_to_is_no_file(job):
    FileJournal(job).close()

    assert not journal_of(job).exists()


def test_what_is_noted_is_read_in_its_place(job):
    journal = FileJournal(job)
    journal.note({"batch": 1})
    journal.write({"batch": 2})
    journal.note({"batch": 3})

    assert FileJournal(job).read() == [{"batch": 1}, {"batch": 2}, {"batch": 3}]
    journal.close()


def test_threads_share_the_wait_for_the_disk_and_none_goes_on_before_it(job, monkeypatch):
    """While one waits for the disk the others write, and one further wait is for all of them."""
    journal, waits, others = FileJournal(job), [], []
    journal.note({"batch": 0})
    all_there, usual = threading.Event(), os.fsync

    def slow(descriptor):
        waits.append(journal.noted)
        if len(waits) == 1:
            others.extend(threading.Thread(target=journal.write, args=[{}]) for _ in range(5))
            for each in others:
                each.start()
            wait_until(lambda: journal.noted == 7)
            all_there.set()
        usual(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    journal.write({"batch": 1})
    for each in others:
        each.join()

    assert all_there.is_set() and waits == [2, 7]
    assert journal.safe == 7
    journal.close()
