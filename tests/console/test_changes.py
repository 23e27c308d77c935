"""Only what changed is sent: compared with what was delivered, rejected or left in doubt."""

import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console import jobs, tables
from console.jobs import delivering
from console.jobs.changes import comparing
from console.jobs.changes.state import file_of
from console.jobs.changes.wishes import token
from console.jobs.rejects import first_rejects
from console.models import Delivered, Job, Table
from console.queries.changing import ask_for_everything
from console.schedules import schedule_query
from integrations.connectors import CONNECTORS
from integrations.errors import PermanentError
from integrations.models import Authentication
from tests.console.receiver import SFTP

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.django_db]
ANN, BOB, CID = (1, "ann", 1.5, False), (2, "bob", None, False), (3, "cid", 0.5, False)


def log_of(job):
    return "\n".join(line.text for line in job.lines.all())


def names_of(job):
    return [file["path"].rpartition("/")[2] for file in job.receipt["files"]]


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


def damage(path):
    """Change the middle of a file, and leave its end, by which it is recognized."""
    content = bytearray(path.read_bytes())
    content[4:64] = bytes(60)
    path.chmod(0o600)
    path.write_bytes(content)


def test_a_damaged_file_of_what_was_delivered_is_told_of_and_nothing_is_sent(receiver):
    receiver.offer(ANN, BOB)
    receiver.run()
    damage(file_of(Delivered.objects.get().path))

    receiver.offer(ANN, CID)
    broken = receiver.run()
    receiver.change(since=token())
    afresh = receiver.run()

    assert (broken.status, broken.failure) == ("error", Job.Failure.LASTING)
    assert broken.error.startswith("The file of what was delivered before is damaged")
    assert "bring the file back from a backup" in broken.remedy
    assert operations(receiver.rows(afresh)) == [("1", "added"), ("3", "added")]


def test_a_damaged_result_that_is_to_be_compared_is_made_anew(receiver, monkeypatch):
    receiver.offer(ANN)
    receiver.run()
    usual = comparing.compare

    def compare(new, *given):
        damage(Path(new.path))
        return usual(new, *given)

    receiver.offer(ANN, BOB)
    monkeypatch.setattr(comparing, "compare", compare)
    broken = receiver.run()
    monkeypatch.undo()
    mended = receiver.run(jobs.retry(broken, by=receiver.owner))

    assert (
        broken.error == f"The file of the result of job {broken.pk} is damaged. Nothing was sent."
    )
    assert operations(receiver.rows(broken)) == [("2", "added")], mended.error


@pytest.mark.parametrize("seed", range(8 if os.environ.get("CONSOLE_TESTS_SOAK") else 2))
def test_what_the_receiver_has_is_the_result_but_for_rejected_rows(receiver, monkeypatch, seed):
    rng = random.Random(seed)
    source, going = {}, None
    for _ in range(10):
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


def test_what_was_delivered_is_kept_as_long_as_its_query(receiver, settings):
    receiver.offer(ANN)
    receiver.run()
    receiver.offer(BOB)
    receiver.run()
    for path in settings.DELIVERED_DIR.rglob("*.parquet"):
        os.utime(path, (0, 0))

    Job.objects.update(ended_at="2020-01-01T00:00Z")
    jobs.prune()

    [kept] = settings.DELIVERED_DIR.rglob("*.parquet")
    assert str(kept.relative_to(settings.DELIVERED_DIR)) == Delivered.objects.get().path
    assert "nothing has changed since" in receiver.run().receipt["skipped"]
    for path in settings.DELIVERED_DIR.rglob("*.parquet"):
        os.utime(path, (0, 0))
    receiver.query.delete()
    jobs.prune()
    assert not list(settings.DELIVERED_DIR.rglob("*.parquet"))


def test_a_table_of_the_console_gets_the_operations_too(receiver, marketer):
    own = Authentication(name="Tables", type="treasure_data", owner=marketer)
    own.settings = {}
    own.save()
    receiver.query.authentication = own
    form = CONNECTORS["treasure_data"].Export.from_json({"database": "shop", "table": "changes"})
    receiver.query.export = form.cleaned_data
    receiver.query.save()
    receiver.change(column="what", words={"added": "up", "changed": "up", "removed": "out"})
    receiver.offer(ANN, BOB)
    receiver.run()
    receiver.offer((1, "anna", 1.5, False), CID)

    job = receiver.run()

    assert job.receipt["summary"] == "Appended 3 rows to shop.changes."
    found = tables.rows(Table.objects.get(name="changes"))
    told = [(row[0], row[1], row[-1]) for row in found]
    assert told[:2] == [(1, "ann", "up"), (2, "bob", "up")]
    assert told[2:] == [(1, "anna", "up"), (3, "cid", "up"), (2, "bob", "out")]


def test_changes_never_take_the_place_of_all_that_is_there(receiver, marketer):
    own = Authentication(name="Tables", type="treasure_data", owner=marketer)
    own.settings = {}
    own.save()
    receiver.query.authentication = own
    given = {"database": "shop", "table": "gold", "mode": "replace"}
    receiver.query.export = CONNECTORS["treasure_data"].Export.from_json(given).cleaned_data
    receiver.query.save()
    receiver.change()
    receiver.offer(ANN)

    job = receiver.run()

    assert (job.status, job.failure) == ("error", "lasting")
    assert job.error.startswith("Each run takes the place of the table, so that of changes alone")
    assert not Table.objects.filter(name="gold").exists()


def test_keys_that_are_there_twice_or_missing_end_the_job_and_nothing_is_sent(receiver):
    receiver.offer(ANN, (1, "again", 1.0, False), (None, "who", 1.0, False))

    job = receiver.run()

    assert (job.status, job.failure) == ("error", "lasting")
    said = "1 row has no value in the key id. 1 key of id is in the result more than once."
    assert job.error == f"{said} Nothing was sent."
    assert not receiver.files() and not Delivered.objects.exists()


def test_only_the_log_of_the_job_names_keys_that_are_there_twice(receiver):
    receiver.change(key=["name"])
    receiver.offer(ANN, (7, "ann", 1.0, False), BOB)

    job = receiver.run()

    assert job.error == "1 key of name is in the result more than once. Nothing was sent."
    assert "In the result more than once, by name: ann." in log_of(job)


def test_separate_files_are_sent_one_for_each_operation_that_has_rows(receiver):
    receiver.change(tell="files")
    receiver.offer(ANN, BOB, CID)
    first = receiver.run()
    receiver.offer((1, "anna", 1.5, False), CID, (4, "dan", None, False), (5, "bad", 1.0, True))
    second = receiver.run()

    assert names_of(first) == [f"{first.pk}-added.csv"]
    parts = ("added", "changed", "removed")
    assert names_of(second) == [f"{second.pk}-{part}.csv" for part in parts]
    assert [file["rows"] for file in second.receipt["files"]] == [1, 1, 1]
    assert receiver.rows(second, "-removed") == [receiver.rows(first, "-added")[1]]
    assert (second.rejected, second.receipt["rows"]) == (1, 3)
    [reject] = first_rejects(second)
    assert reject.values[1] == "bad"
    assert set(receiver.has) == {"1", "3", "4"}


def test_what_is_not_to_be_sent_is_left_out_for_good(receiver):
    receiver.change(added=False, removed=False)
    receiver.offer(ANN, BOB)
    first = receiver.run()
    receiver.offer((1, "anna", 1.5, False), CID)
    second = receiver.run()
    receiver.change(added=True, removed=True)
    third = receiver.run()

    assert (
        first.receipt["skipped"]
        == "nothing of what changed is sent (2 added, 0 changed, 0 removed)."
    )
    assert operations(receiver.rows(second)) == [("1", "changed")]
    assert "nothing has changed" in third.receipt["skipped"]


def test_another_name_sends_nothing_and_another_type_everything(receiver):
    receiver.offer(ANN, BOB)
    receiver.run()
    receiver.query.sql = "SELECT id, name AS first_name, amount, bad FROM source"
    receiver.query.save()
    named = receiver.run()
    receiver.query.sql = "SELECT id, name, CAST(amount AS varchar) AS amount, bad FROM source"
    receiver.query.save()
    typed = receiver.run()

    assert named.compared["counts"]["same"] == 2 and not named.receipt["files"]
    assert operations(receiver.rows(typed)) == [("1", "changed"), ("2", "changed")]
    assert "The columns became others" in log_of(typed)


def test_everything_is_sent_once_when_somebody_asks_for_it(receiver):
    receiver.offer(ANN, BOB)
    receiver.run()
    assert ask_for_everything(receiver.query)
    receiver.offer(ANN)
    asked, after = receiver.run(), receiver.run()

    assert operations(receiver.rows(asked)) == [("1", "added"), ("2", "removed")]
    assert "nothing has changed" in after.receipt["skipped"]


@pytest.mark.parametrize("what", ["path", "switched on again", "key", "account"])
def test_another_destination_begins_anew(receiver, what):
    receiver.offer(ANN, BOB)
    receiver.run()
    if what == "path":
        receiver.query.export |= {"path_prefix": "/in/{job}.csv", "user_directory_is_root": False}
        receiver.query.export["path_prefix"] = str(receiver.server.root / "in/{job}.csv")
        receiver.query.save()
    elif what == "account":
        login = receiver.query.authentication
        login.replace_settings(login.settings | {"host": "localhost"})
        login.save()
    elif what == "key":
        receiver.change(key=["name"])
    else:
        receiver.change(since=token())
    job = receiver.run()

    assert job.status == "success", job.error
    assert operations(receiver.rows(job)) == [("1", "added"), ("2", "added")]
    assert "all rows count as added" in log_of(job)
    assert "nothing has changed" in receiver.run().receipt["skipped"]


def test_what_an_older_version_knew_of_the_destination_counts(receiver):
    receiver.offer(ANN, BOB)
    receiver.run()
    state = Delivered.objects.get()
    what, _, account = state.subject.partition(".")
    Delivered.objects.update(subject=what + "0" * 24)  # as it was, without the account
    receiver.offer(ANN)

    job = receiver.run()

    assert operations(receiver.rows(job)) == [("2", "removed")]
    assert Delivered.objects.get().subject == f"{what}.{account}"


def test_a_job_made_before_the_destination_was_changed_is_not_sent(receiver):
    receiver.offer(ANN)
    job = receiver.submit()
    receiver.change(since=token())

    job = receiver.run(job)

    assert job.status == "error"
    assert "The export was changed after this job was made" in job.error


def test_jobs_of_a_query_compare_one_after_the_other(receiver):
    receiver.offer(ANN)
    first, second = receiver.submit(), receiver.submit()

    assert not jobs.run(second.pk)
    assert (
        jobs.waiting([second])[second.pk] == f"Waits: job {first.pk} of the same query is not done."
    )
    receiver.run(first)
    assert "nothing has changed" in receiver.run(second).receipt["skipped"]


def test_a_slot_that_is_older_than_the_last_delivered_one_is_skipped(receiver):
    schedule_query(receiver.query, "@daily", "UTC")
    schedule = receiver.query.schedule
    slots = [datetime(2026, 7, day, tzinfo=UTC) for day in (1, 2, 3)]
    receiver.offer(ANN)
    receiver.run(schedule=schedule, slot=slots[1])
    receiver.offer(BOB)

    late = receiver.run(schedule=schedule, slot=slots[0])
    after = receiver.run(schedule=schedule, slot=slots[2])

    assert late.status == "skipped" and "is older than the one" in late.error
    assert operations(receiver.rows(after)) == [("2", "added"), ("1", "removed")]


def test_a_retry_of_what_failed_sends_the_very_bytes(receiver, monkeypatch):
    receiver.offer(ANN, BOB)
    receiver.run()
    receiver.offer((1, "anna", 1.5, False))
    with monkeypatch.context() as patch:
        patch.setattr(delivering, "signed", lambda *_: raised())
        failed = receiver.run()
    sent = receiver.rows(failed)
    receiver.offer(CID)

    again = receiver.run(jobs.retry(failed, receiver.owner))

    assert operations(sent) == [("1", "changed"), ("2", "removed")]
    assert (again.status, receiver.rows(failed)) == ("success", sent)
    after = receiver.run()
    assert operations(receiver.rows(after)) == [("3", "added"), ("1", "removed")]


def test_rejected_rows_are_tried_again_and_resent_ones_count(receiver, monkeypatch):
    bad = (2, "bob", 1.0, True)
    receiver.offer(ANN, bad)
    first = receiver.run()
    second = receiver.run()
    assert (second.status, second.rejected) == ("success", 1)
    assert "rejected" in second.receipt["skipped"]

    monkeypatch.setattr(SFTP, "contract", ())
    resent = receiver.run(jobs.resend(first, receiver.owner))

    assert resent.receipt["rows"] == 1
    assert receiver.run(jobs.retry(resent, receiver.owner)).receipt["rows"] == 1
    assert operations(receiver.rows(resent)) == [("2", "added")]
    assert operations(receiver.rows(first)) == [("1", "added")]
    assert "nothing has changed" in receiver.run().receipt["skipped"]
