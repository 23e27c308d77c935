"""A kept result is not used once its owner may not read what it was made of."""

import pytest

from console import jobs, tables
from console.jobs.ending import JobError
from console.jobs.rights import check_rights
from console.models import Job


@pytest.fixture
def job(marketer, colleague):
    """Mia's job with a result, made of a table of Otto's that everyone could read."""
    tables.create_database("shop", marketer)
    theirs = tables.create_database("theirs", colleague)
    made = jobs.submit("CREATE TABLE people AS SELECT 1 AS n", database="theirs", owner=colleague)
    jobs.run(made.pk)
    theirs.everyone_reads = True
    theirs.save()
    job = jobs.submit("SELECT n FROM theirs.people", database="shop", owner=marketer)
    jobs.run(job.pk)
    job = Job.objects.get(pk=job.pk)
    assert job.rows == 1
    return job, theirs


def test_a_kept_result_is_used_while_its_owner_may_read_all_tables(job):
    check_rights(job[0])


def test_a_kept_result_is_refused_once_a_table_may_not_be_read(job):
    job, theirs = job
    theirs.everyone_reads = False
    theirs.save()

    with pytest.raises(JobError, match=r"mia may not read theirs\.people"):
        check_rights(job)
