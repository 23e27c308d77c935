"""Workers that are killed while they send what changed: nothing is missed, nothing is forgotten."""

import csv
import io

import pytest

from console import jobs
from console.jobs.changes.wishes import token
from console.models import Delivered, Query
from console.queries.saving import save
from tests.faults.deliveries import run, run_after_the_lease

pytestmark = [
    pytest.mark.needs("sshd", "ssh-keygen"),
    pytest.mark.django_db(transaction=True),
]
FIRST = "SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) AS t(id, name)"
SECOND = "SELECT * FROM (VALUES (1, 'a'), (2, 'x'), (4, 'd')) AS t(id, name)"
SENT = [("2", "changed"), ("4", "added"), ("3", "removed")]
STEPS = {
    "compared": "console.jobs.running.check_volume",
    "about to note what it sends": "console.jobs.changes.settling.noted",
    "noted": "console.jobs.delivering.exported",
    "sent": "console.jobs.delivering.settled",
    "about to end": "console.jobs.running.succeed",
    "in the last transaction": "console.jobs.ending.follow",
}


@pytest.fixture
def query(authentication, database, marketer, exports):
    query = Query(name="People", database=database, owner=marketer, sql=FIRST)
    query.authentication, query.export = authentication, exports("/in/{job}.csv")
    query.changes = {"key": ["id"], "tell": "column", "since": token()}
    save(query, by=marketer)
    query.save()
    assert run(jobs.submit_query(query)).status == "success"
    query.sql = SECOND
    query.save()
    return query


def sent_of(server, job):
    text = (server.root / f"in/{job.pk}.csv").read_text()
    return [(row["id"], row["operation"]) for row in csv.DictReader(io.StringIO(text))]


def what_is_delivered():
    state = Delivered.objects.get()
    return state.revision, state.path, state.job_id


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_at_any_step_is_followed_by_one_that_sends_the_same(
    step, query, start, server
):
    before = what_is_delivered()
    job = jobs.submit_query(query)
    worker = start(job, STEPS[step])
    worker.wait_at_step()

    worker.kill()

    assert what_is_delivered() == before
    job = run_after_the_lease(job)
    assert (job.status, job.attempt) == ("success", 2), job.error
    assert sent_of(server, job) == SENT
    state = Delivered.objects.get()
    assert (state.job_id, state.rows, state.unsure) == (job.pk, 3, [])
    again = run(jobs.submit_query(query))
    assert again.receipt["skipped"] == f"nothing has changed since job {job.pk}."


def test_what_a_killed_job_may_have_sent_is_taken_back_by_the_next_one(query, start, server):
    job = jobs.submit_query(query)
    worker = start(job, STEPS["about to end"])
    worker.wait_at_step()
    worker.kill()
    jobs.kill(job, query.owner)
    assert run_after_the_lease(job).status == "killed"
    query.sql = FIRST
    query.save()

    after = run(jobs.submit_query(query))

    assert sent_of(server, after) == [("2", "changed"), ("3", "added"), ("4", "removed")]
