"""Tests with a few rows: real rows that arrive, of a job that is no run of its query."""

from io import StringIO

import pyarrow.compute as pc
import pytest
from django.core.management import call_command
from django.urls import reverse

from console import jobs, overview
from console.jobs.ending import JobError
from console.jobs.holding import check_volume, rows_delivered
from console.jobs.lease import Lease, claim
from console.jobs.phases import enter
from console.jobs.resending import can_resend
from console.jobs.results import NoResult
from console.jobs.rights import check_rights
from console.jobs.submission import made
from console.jobs.testing import Entered, new_test
from console.models import Database, Delivered, Delivery, DueSlot, Job, Notice, Query, Table
from console.queries.exporting import last_result
from console.queries.saving import adopt, save
from console.schedules import follow_query, schedule_query
from integrations import receipts
from integrations.connectors import CONNECTORS
from integrations.contract import Broken, RowRule
from integrations.models import Authentication
from tests.console.deliveries import found
from tests.integrations.clevertap import PROFILES, login

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.django_db]
MANY = "SELECT x AS id, 'p' || cast(x AS varchar) || '@example.com' AS email\n"
MANY += "FROM UNNEST(sequence(1, 2000)) t(x) ORDER BY x DESC"
CHANGES = {"key": ["id"], "by": 1}


@pytest.fixture
def query(sshd, marketer, settings):
    """A scheduled query of 2,000 rows, with an export to a real server and what runs after it."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    shop = Database.objects.create(name="shop", owner=marketer)
    drop = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    drop.settings = sshd.settings
    drop.save()
    query = Query(name="People", database=shop, sql=MANY, owner=marketer)
    query.authentication, query.export = drop, export()
    query.notify_success = query.notify_failure = True
    save(query, by=marketer)
    schedule_query(query, "@daily", timezone="Asia/Tokyo")
    after = Query(name="After", database=shop, sql="SELECT 1 AS n", owner=marketer)
    follow_query(save(after, by=marketer), query, by_hand=True)
    return query


def export(connector="sftp_v2", **given):
    given = {"path_prefix": "/in/people.csv", "user_directory_is_root": True} | given
    given |= {"newline": "LF", "hold_unusual": True}
    form = CONNECTORS[connector].Export.from_json(given)
    assert form.is_valid(), form.errors
    return form.cleaned_data


def ran(job):
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def tried(query, by=None, *, changes=None, **given):
    tried = Entered(query.authentication, export(**given), changes)
    job, _ = jobs.submit_once(new_test(query, tried), by=by or query.owner)
    return ran(job)


def names(sshd):
    return sorted(path.name for path in (sshd.root / "in").iterdir())


def test_the_first_five_rows_arrive_beside_the_file_with_a_receipt(query, sshd, keeper, tmp_path):
    run = ran(jobs.submit_query(query))
    whole = (sshd.root / "in/people.csv").read_bytes()

    job = tried(query, by=keeper, null_string="NULL")

    assert (job.status, job.error, job.rows) == ("success", "", 5)
    assert (job.name, job.owner, job.started_by) == (
        "Test with 5 rows: People",
        query.owner,
        keeper,
    )
    assert names(sshd) == ["people.csv", f"test-{job.pk}-people.csv"]
    assert (sshd.root / "in/people.csv").read_bytes() == whole
    lines = (sshd.root / f"in/test-{job.pk}-people.csv").read_text().splitlines()
    assert lines == ["id,email", *(f"{n},p{n}@example.com" for n in range(2000, 1995, -1))]
    assert job.receipt["test"] is True and "test" not in run.receipt
    assert (job.receipt["rows"], job.receipt["query_version"]) == (5, query.version)
    assert job.receipt["slot"].endswith("+09:00")
    kept, said = tmp_path / "receipt.json", StringIO()
    kept.write_bytes(receipts.printed(job.receipt))
    file = sshd.root / f"in/test-{job.pk}-people.csv"
    call_command("verify_receipt", str(kept), str(file), stdout=said)
    assert f"the receipt of job {job.pk}, a test, by" in said.getvalue()


def test_it_is_no_run_of_its_query(query, marketer):
    run = ran(jobs.submit_query(query))
    assert DueSlot.objects.count() == 1

    job = tried(query)

    assert job.status == "success" and job.held_because == ""
    assert DueSlot.objects.count() == 1  # Nothing follows it,
    assert list(query.jobs.all()) == [run]
    assert rows_delivered(Job(pk=job.pk + 1, query=query), 5) == [2000]  # no volume counts it,
    assert last_result(query, marketer) == run  # no page shows its rows as the result,
    assert not Notice.objects.exists()  # and nobody is told.
    query.refresh_from_db()
    assert query.schedule.next_slot and query.export == export() and query.changes is None


def test_it_is_in_the_log_of_deliveries_and_still_no_first_one(query, marketer):
    job = tried(query)

    assert Delivery.objects.get().entries == 5
    assert found("p1999@example.com") == [(job.pk, ["email"])]
    assert found("p1@example.com") == []
    assert overview.first_steps(marketer) is not None
    adopt(job, query)
    assert Job.objects.get(pk=job.pk).query is None


@pytest.mark.parametrize(
    ("how", "name", "head"),
    [
        ({}, "people.csv", "id,email,operation"),
        ({"tell": "files"}, "people-added.csv", "id,email"),
    ],
)
def test_of_changes_it_sends_rows_as_added_and_nothing_is_known_as_delivered(
    query, sshd, how, name, head
):
    query.changes = CHANGES
    query.save()

    job = tried(query, changes=CHANGES | how)

    assert (job.status, job.error) == ("success", "")
    lines = (sshd.root / f"in/test-{job.pk}-{name}").read_text().splitlines()
    assert (lines[0], len(lines)) == (head, 6)
    assert ("operation" in head) == lines[1].endswith(",added")
    assert not Delivered.objects.exists()


def test_of_changes_it_sends_nothing_that_no_run_would(query, account, sshd):
    none_added = tried(query, changes=CHANGES | {"added": False})
    query.authentication = Authentication(name="W1", type="clevertap", owner=query.owner)
    query.authentication.settings = login(account)
    query.authentication.save()
    profiles = CONNECTORS["clevertap"].Export.from_json(PROFILES)
    assert profiles.is_valid()
    given = Entered(query.authentication, profiles.cleaned_data, CHANGES)
    told = ran(jobs.submit_once(new_test(query, given), by=query.owner)[0])

    for job in (none_added, told):
        assert job.error.startswith("There is no test with a few rows here. ")
    assert account.most_under_way == 0 and not (sshd.root / "in").exists()


def test_of_changes_it_wants_the_key_and_a_name_for_the_operation(query, sshd):
    lacks = tried(query, changes={"key": ["code"]})
    twice = tried(query, changes=CHANGES | {"column": "email"})

    assert "no column code, which is a key" in lacks.error
    assert "The result has a column email" in twice.error
    assert not (sshd.root / "in").exists()


def test_a_retry_of_it_is_a_test_with_the_same_name(query, sshd, settings):
    job = tried(query)
    (settings.RESULTS_DIR / job.result_path).unlink()

    again, _ = jobs.retry_once(job, query.owner)

    assert (ran(again).status, again.rows) == ("success", 5)
    assert names(sshd) == [f"test-{job.pk}-people.csv"]
    assert not query.jobs.exists()


def test_of_an_activation_old_sql_is_not_run_over_the_tables_of_now(query, settings):
    query.about = {"activation": "Gold"}
    job = tried(query)
    again, _ = jobs.retry_once(job, query.owner)
    (settings.RESULTS_DIR / job.result_path).unlink()

    with pytest.raises(NoResult, match="Test once more on the page of the activation"):
        jobs.retry(job, query.owner)

    assert ran(again).status == "success" and Job.objects.count() == 2


def test_where_nothing_is_known_of_tests_it_fails_and_sends_nothing(query, sshd):
    job = new_test(query, Entered(query.authentication, query.export))
    job.test = None  # as the version before reads it, which goes on while this one starts
    job.save()

    assert "knows none. Wait until the new one" in ran(job).error
    assert not (sshd.root / "in").exists()


def test_a_second_click_makes_no_second_one(query):
    given = Entered(query.authentication, query.export)

    first, new = jobs.submit_once(new_test(query, given), by=query.owner)
    same = jobs.submit_once(new_test(query, given), by=query.owner)
    whole = {"database": "shop", "owner": query.owner, "authentication": query.authentication}
    run, its_own = jobs.submit_once(made(MANY, export=query.export, **whole), by=query.owner)

    assert new and same == (first, False)
    assert its_own and run != first


def test_without_rows_it_is_not_held(query):
    job = new_test(query, Entered(query.authentication, query.export))
    job.rows = 0

    check_volume(job)


def is_odd(batch, settings):
    yield Broken(pc.equal(batch["id"], 1999), "id is 1999.")


def test_rows_of_it_that_break_a_rule_are_listed_and_not_sent_again(query, monkeypatch):
    rule = RowRule(name="odd", sentence="No id is 1999.", source="T", check=is_odd)
    monkeypatch.setattr(CONNECTORS["sftp_v2"], "contract", (rule,))

    job = tried(query, path_prefix="/in/{job}.csv")

    assert job.status == "error"
    assert job.error.startswith("1 of 5 rows breaks a rule, so nothing was sent.")
    assert not can_resend(job)
    with pytest.raises(NoResult, match="cannot be sent by themselves"):
        jobs.resend(job, query.owner)


def test_its_page_and_the_editor_show_the_sql_of_the_query(query, client):
    Query.objects.update(sql="SELECT 1 AS id,\n  nothing AS email")
    query.refresh_from_db()
    job = tried(query)
    client.force_login(query.owner)

    page = client.get(job.get_absolute_url())
    editor = client.get(reverse("new-query"), {"job": job.pk})

    assert job.error_line == 2 and page.context["sql_lines"][1] == "  nothing AS email"
    assert editor.context["excerpt"]["text"] == "  nothing AS email"
    assert query.sql in editor.text and "fail(" not in page.text + editor.text


def test_who_may_not_read_its_tables_any_more_sends_none_of_their_rows(query, colleague):
    secret = Database.objects.create(name="secret", owner=colleague, everyone_reads=False)
    Table.objects.create(database=secret, name="people", columns=[])
    job = tried(query)
    job.test["sql"] = "SELECT * FROM secret.people"

    with pytest.raises(JobError, match=r"may not read secret\.people"):
        check_rights(job)


def test_what_changes_a_table_is_not_run(query, sshd):
    Query.objects.update(sql="CREATE TABLE shop.more AS SELECT 1 AS n")
    query.refresh_from_db()

    job = tried(query)

    assert job.status == "error"
    assert "only a SELECT" in job.error
    assert not query.database.tables.exists() and not (sshd.root / "in").exists()


def test_it_waits_for_its_place_and_is_killed_as_every_job(query):
    query.authentication.exports_at_once = 1
    query.authentication.save()
    run = jobs.submit_query(query)
    enter(Lease(claim(run.pk)), Job.Phase.UPLOADING)

    job = tried(query)

    assert (job.status, job.rows) == ("queued", 5)
    assert jobs.waiting([job])
    jobs.kill(job, query.owner)
    assert job.status == "killed"
