"""The journal of a delivery: what an attempt wrote down, the next one reads."""

import pytest

from console.jobs.journal import FileJournal, inherit, journal_of
from console.models import Database, Job


@pytest.fixture
def job(marketer):
    Database.objects.create(name="shop", owner=marketer)
    return made(marketer)


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


def test_a_job_that_repeats_the_export_goes_on_from_there(job, marketer):
    write(job, {"batch": 1})
    again = made(marketer, retry_of=job)
    journal_of(again).parent.mkdir()

    inherit(again, job)

    assert FileJournal(again).read() == [{"batch": 1}]


def test_a_journal_that_nobody_wrote_to_is_no_file(job):
    FileJournal(job).close()

    assert not journal_of(job).exists()
