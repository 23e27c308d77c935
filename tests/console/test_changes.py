"""Only what changed is sent: compared with what was delivered, rejected or left in doubt."""

import random

import pytest

from console import jobs
from console.jobs import delivering
from console.models import Job
from integrations.errors import PermanentError

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.django_db]
ANN, BOB, CID = (1, "ann", 1.5, False), (2, "bob", None, False), (3, "cid", 0.5, False)


def log_of(job):
    return "\n".join(line.text for line in job.lines.all())


def operations(rows):
    return [(row["id"], row["operation"]) for row in rows]


def test_the_first_run_adds_all_and_later_ones_send_what_changed(receiver):
    receiver.offer(ANN, BOB)
    first = receiver.run()

    receiver.offer((1, "anna", 1.5, False), CID)
    second = receiver.run()

    assert (first.status, second.status) == ("success", "success"), second.error
    assert operations(receiver.rows(first)) == [("1", "added"), ("2", "added")]
    assert operations(receiver.rows(second)) == [("1", "changed"), ("3", "added"), ("2", "removed")]
    assert receiver.rows(second)[2]["name"] == "bob"
    assert second.receipt["rows"] == 3
    assert second.receipt["changes"]["counts"] == {
        "added": 1,
        "changed": 1,
        "removed": 1,
        "same": 0,
    }
    assert second.receipt["changes"]["against"] == first.pk
    assert f"Compared with job {first.pk}. 1 added, 1 changed, 1 removed" in log_of(second)


def test_nothing_changed_is_success_and_no_file(receiver):
    receiver.offer(ANN)
    first = receiver.run()
    again = receiver.run()
    third = receiver.run()

    assert [job.status for job in (again, third)] == ["success", "success"]
    said = f"nothing has changed since job {first.pk}."
    assert again.receipt["skipped"] == third.receipt["skipped"] == said
    assert len(receiver.files()) == 1


NULL_SAFE = [(None, 1.5), ("", 1.5), ("NULL", None), (None, None), ("x", float("nan")), ("x", 0.0)]
NULL_SAFE += [("x", -0.0), ("x", float("inf"))]


@pytest.mark.parametrize("before", NULL_SAFE)
def test_values_are_the_same_only_where_nothing_can_be_seen_to_differ(receiver, before):
    receiver.offer(*((at, *values, False) for at, values in enumerate(NULL_SAFE)))
    receiver.run()

    receiver.offer(*((at, *before, False) for at in range(len(NULL_SAFE))))
    job = receiver.run()

    told = [(text, repr(number)) for text, number in NULL_SAFE]
    same = told.count((before[0], repr(before[1])))
    assert job.compared["counts"]["same"] == same == 1


@pytest.mark.parametrize("seed", range(6))
def test_what_the_receiver_has_is_the_result_but_for_rejected_rows(receiver, monkeypatch, seed):
    rng = random.Random(seed)
    source, going = {}, None
    for _ in range(12):
        change(rng, source)
        receiver.offer(
            *([key, *values] for key, values in rng.sample(sorted(source.items()), len(source)))
        )
        step = rng.choice(["run", "run", "run", "fail", "cut off", "fail and retry", "resend"])
        going = STEPS[step](receiver, monkeypatch, going) or going

    job = receiver.run()

    if any(not values[2] for values in source.values()):
        assert job.status == "success", job.error
    wrong = {str(key) for key, values in source.items() if values[2]}
    wanted = {str(key): values[0] for key, values in source.items() if not values[2]}
    has = {key: row["name"] for key, row in receiver.has.items()}
    assert {key: name for key, name in has.items() if key not in wrong} == wanted


def change(rng, source):
    """Add, change and remove rows; now and then one is bad for a while."""
    for _ in range(rng.randint(0, 6)):
        key = rng.randint(1, 12)
        if key in source and rng.random() < 0.4:
            del source[key]
        else:
            name = rng.choice(["a", "b", ""])
            source[key] = (name, rng.choice([None, 1.0, float("nan")]), rng.random() < 0.2)


def fails(receiver, monkeypatch, going, retried=False):
    """Let a run reach the receiver and fail then for good, as nobody knows what came."""
    with monkeypatch.context() as patch:
        patch.setattr(delivering, "signed", lambda *_: raised())
        job = receiver.run()
    if job.status == "error" and retried:
        return receiver.run(jobs.retry(job, receiver.owner))
    return None


def raised():
    raise PermanentError("The line was cut.")


def cut_off(receiver, monkeypatch, going):
    """Let a worker die after the delivery: another one does the job again."""
    with monkeypatch.context() as patch:
        patch.setattr("console.jobs.running.succeed", lambda *_: None)
        job = receiver.run()
    if job.status != "running":
        return None
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00Z")
    jobs.reap()
    return receiver.run(job)


def resent(receiver, monkeypatch, going):
    if going is None or not going.rejected or going.status != "success":
        return receiver.run()
    return receiver.run(jobs.resend(going, receiver.owner))


STEPS = {
    "run": lambda receiver, monkeypatch, going: receiver.run(),
    "fail": fails,
    "cut off": cut_off,
    "fail and retry": lambda *given: fails(*given, retried=True),
    "resend": resent,
}
