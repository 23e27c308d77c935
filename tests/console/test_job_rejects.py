"""Rows that were not delivered: kept, counted, shown, downloaded, and sent again alone."""

import csv
from dataclasses import replace

import pyarrow.compute as pc
import pytest
from django.utils import timezone

from console import jobs, overview
from console.jobs.rejects import rejects_csv
from console.models import Database, Job, Notice, Query
from console.notifications.wording import worded
from integrations.connectors import CONNECTORS
from integrations.contract import Broken, RowRule
from integrations.delivery import NO_ANSWER
from integrations.errors import PermanentError
from integrations.models import Authentication

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")
SFTP = CONNECTORS["sftp_v2"]
SQL = """SELECT * FROM (VALUES (1, 'a@example.com'), (2, NULL), (3, '<b>')) AS t(id, email)
ORDER BY id"""
SENT = ["1,a@example.com", "3,<b>"]
MISSING = "The e-mail address is missing."


def is_missing(batch, settings):
    yield Broken(pc.is_null(batch["email"]), MISSING)


ROKT = {"list_kind": "include", "advertiser_database": "shop", "list_name": "gold"}
PRESENT = RowRule(name="present", sentence="Each row has an e-mail.", source="T", check=is_missing)


@pytest.fixture(autouse=True)
def strict(settings, monkeypatch):
    """A receiver that wants an address in each row, and lets the rest be sent without it."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(SFTP, "contract", (PRESENT,))


@pytest.fixture
def run(sshd, marketer):
    Database.objects.create(name="shop", owner=marketer)
    authentication = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    authentication.settings = sshd.settings
    authentication.save()

    def run(sql=SQL, **more):
        given = {"path_prefix": "/in/{job}.csv", "user_directory_is_root": True}
        export = SFTP.Export.from_json(given).cleaned_data | {"skip_invalid": True} | more
        who = {"owner": marketer, "authentication": authentication}
        return ran(jobs.submit(sql, database="shop", export=export, **who))

    return run


def ran(job):
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)


def test_a_job_keeps_what_it_did_not_deliver_and_says_so(run, sshd):
    job = run()

    assert job.status == Job.Status.SUCCESS, job.error
    assert (job.rows, job.receipt["rows"], job.rejected, job.receipt["rejected"]) == (3, 2, 1, 1)
    [_, *lines] = (sshd.root / f"in/{job.pk}.csv").read_text().splitlines()
    assert lines == ["1,a@example.com", "3,<b>"]
    assert f"1 row left out. 1 row: {MISSING}" in "\n".join(
        job.lines.values_list("text", flat=True)
    )


def test_a_job_that_sends_nothing_for_them_ends_while_it_checks(run, monkeypatch):
    refused, sent = run(skip_invalid=False), run()
    monkeypatch.setattr(SFTP, "export", lambda *_: fail("The server is full."))
    unsent = run()

    assert (refused.status, refused.phase) == ("error", "checking")
    assert (sent.status, sent.phase) == ("success", "done")
    assert (unsent.error, unsent.phase) == ("The server is full.", "uploading")


def fail(text):
    raise PermanentError(text)


def test_its_page_lists_them_with_the_reason(run, client, marketer):
    client.force_login(marketer)

    text = client.get(run().get_absolute_url()).text

    assert "Not delivered: 1 row" in text and MISSING in text


LONG_NAME = RowRule(
    name="long",
    sentence="Addresses are short.",
    source="T",
    check=lambda batch, settings: [
        Broken(pc.greater(pc.utf8_length(batch["email"]), 20), "email is too long.")
    ],
)
MIXED = """SELECT * FROM (VALUES (1, 'ann.marie.long@example.com'), (2, NULL), (3, 'a@example.com'),
(4, 'bob.the.builder@example.com'), (5, NULL)) AS t(id, email) ORDER BY id"""


def test_they_are_in_the_order_of_their_rows_whichever_rule_they_broke(
    run, client, marketer, monkeypatch
):
    monkeypatch.setattr(SFTP, "contract", (PRESENT, LONG_NAME))
    job = run(MIXED)
    client.force_login(marketer)

    lines = b"".join(rejects_csv(job)).decode().splitlines()

    assert [line.split(",")[0] for line in lines] == ["row", "1", "2", "4", "5"]
    shown = client.get(job.get_absolute_url()).context["rejects"]
    assert [each.number for each in shown] == [1, 2, 4, 5]


def test_the_value_that_is_wrong_stands_beside_the_reason(run, client, marketer, monkeypatch):
    monkeypatch.setattr(SFTP, "contract", (PRESENT, LONG_NAME))
    client.force_login(marketer)

    text = client.get(run(MIXED).get_absolute_url()).text

    said = 'email is too long.<span class="sub">email: <code>bob.the.builder@example.com</code>'
    assert said in text
    assert f"{MISSING}</td>" in text


def test_the_heading_says_where_nobody_knows_whether_they_arrived(
    run, client, marketer, monkeypatch
):
    monkeypatch.setattr(SFTP, "contract", (replace(PRESENT, name=NO_ANSWER),))
    client.force_login(marketer)

    text = client.get(run().get_absolute_url()).text

    assert "Not delivered, or unknown: 1 row" in text


def test_the_list_of_jobs_and_the_editor_count_them(run, client, marketer):
    job = run()
    client.force_login(marketer)

    assert "1 rejected" in client.get("/workbench/jobs/").text
    shown = client.get(f"/workbench/queries/jobs/{job.pk}/", headers={"HX-Request": "true"}).text
    assert "1 row rejected" in shown and f'href="/workbench/jobs/{job.pk}/#rejects-title"' in shown


def test_a_message_counts_them_whether_the_rest_was_delivered_or_not(run):
    for job, delivered in (
        (run(), "Delivered 2 rows to Drop: "),
        (run(skip_invalid=False), ""),
    ):
        job.slot = job.created_at
        _, text = worded(Notice.Kind.FAILED, job)
        assert delivered in text
        assert "1 row was rejected and not delivered: the page of the job lists" in text


def test_a_message_says_what_was_done_where_that_is_no_file(marketer):
    job = Job(pk=1, name="Gold", status=Job.Status.SUCCESS, export={}, owner=marketer)
    job.authentication, job.slot = Authentication(name="Tables"), timezone.now()
    job.receipt = {"rows": 1200, "files": [], "summary": "Appended 1,200 rows to shop.gold."}

    _, text = worded(Notice.Kind.SUCCEEDED, job)

    assert "Delivered 1,200 rows to Tables. Appended 1,200 rows to shop.gold." in text
    assert "rejected" not in text


def test_they_can_be_downloaded_with_the_number_of_the_row(run):
    lines = b"".join(rejects_csv(run())).decode().splitlines()

    assert list(csv.reader(lines)) == [["row", "reason", "id", "email"], ["2", MISSING, "2", ""]]


def test_they_can_be_sent_again_alone_once_the_rule_holds(run, sshd, client, marketer, monkeypatch):
    job = run()
    monkeypatch.setattr(SFTP, "contract", ())
    client.force_login(marketer)

    client.post(f"/workbench/jobs/{job.pk}/resend/")
    again = ran(job.retries.get())

    assert again.status == Job.Status.SUCCESS, again.error
    assert (again.rows, again.rejected) == (1, 0)
    assert (sshd.root / f"in/{job.pk}.csv").read_text().splitlines()[1:] == SENT
    assert (sshd.root / f"in/{again.pk}.csv").read_text().splitlines()[1:] == ["2,"]


def test_the_retry_of_rejects_has_their_name(run, sshd, monkeypatch, marketer):
    job = run()
    monkeypatch.setattr(SFTP, "contract", ())
    again = jobs.resend_once(job, marketer)[0]
    Job.objects.filter(pk=again.pk).update(status="error")
    again.refresh_from_db()

    [file] = ran(jobs.retry(again, marketer)).receipt["files"]
    assert file["path"].endswith(f"/in/{again.pk}.csv")


def result_of(job, settings):
    return settings.RESULTS_DIR / Job.objects.get(pk=job.pk).result_path


NOT_KEPT = "The rejected rows that job {} was to send are not kept any more. Nothing is sent, "
NOT_KEPT += "for its query would send all rows."


def test_a_retry_of_rejects_that_are_not_kept_any_more_does_not_run_the_query(
    run, client, marketer, settings
):
    again = jobs.resend_once(run(), marketer)[0]
    Job.objects.filter(pk=again.pk).update(status="error")
    result_of(again, settings).unlink()
    client.force_login(marketer)

    page = client.post(f"/workbench/jobs/{again.pk}/retry/", follow=True).text

    assert NOT_KEPT.format(again.pk) in page
    assert not again.retries.exists()


def test_rejects_that_are_gone_when_a_worker_comes_are_not_looked_for_by_the_query(
    run, sshd, marketer, monkeypatch, settings
):
    job = run()
    monkeypatch.setattr(SFTP, "contract", ())
    again = jobs.resend_once(job, marketer)[0]
    result_of(again, settings).unlink()

    again = ran(again)

    assert (again.status, again.error) == ("error", NOT_KEPT.format(again.pk))
    assert [path.name for path in (sshd.root / "in").iterdir()] == [f"{job.pk}.csv"]


def test_rejects_whose_file_is_damaged_are_to_be_sent_again_from_their_job(
    run, marketer, monkeypatch, settings
):
    job = run()
    monkeypatch.setattr(SFTP, "contract", ())
    again = jobs.resend_once(job, marketer)[0]
    result_of(again, settings).write_bytes(b"PAR1 is all that is left PAR1")

    again = ran(again)

    assert "is damaged" in again.error
    assert f"Send the rejected rows of job {job.pk} again." in again.remedy


@pytest.mark.parametrize("of_the_retry", [False, True])
def test_what_broke_off_and_cannot_be_gone_on_with_is_asked_about(
    of_the_retry, run, client, marketer, settings
):
    job = run()
    again = jobs.resend_once(job, marketer)[0]
    Job.objects.filter(pk=again.pk).update(status="error", sent_bytes=5)
    if of_the_retry:
        Job.objects.filter(pk=job.pk).update(status="error", sent_bytes=5)
        job = ran(jobs.retry(Job.objects.get(pk=job.pk), marketer))
    else:
        result_of(again, settings).unlink()
    client.force_login(marketer)

    assert jobs.resend_once(job, marketer)[0].pk == again.pk
    assert "Send all of them once more?" in client.get(job.get_absolute_url()).text
    assert jobs.resend_once(job, marketer, once_more=True)[0].resend_of == job


def test_they_are_not_sent_again_by_a_second_click(run, client, marketer, monkeypatch):
    job = run()
    monkeypatch.setattr(SFTP, "contract", ())
    client.force_login(marketer)
    address = f"/workbench/jobs/{job.pk}/resend/"

    client.post(address)
    going = client.post(address, follow=True).content.decode()
    again = ran(job.retries.get())
    page = client.get(job.get_absolute_url()).content.decode()

    assert f"Job {again.pk} is sending the rejected rows of job {job.pk} already." in going
    assert f"Job {again.pk}</a> has sent rejected rows of this job already." in page
    assert "Send all of them once more?" in page
    assert "has sent the rejected rows" in client.post(address, follow=True).content.decode()
    assert job.resends.get() == again
    client.post(address, {"once_more": "yes"})
    assert job.resends.count() == 2


@pytest.mark.parametrize("sent_from_the_retry", [False, True])
def test_they_are_not_sent_by_a_job_and_by_its_retry(
    sent_from_the_retry, run, client, marketer, monkeypatch
):
    first = run()
    Job.objects.filter(pk=first.pk).update(status="error", sent_bytes=5)
    retried = ran(jobs.retry(first, marketer))
    job, other = (retried, first) if sent_from_the_retry else (first, retried)
    assert other.rejected == job.rejected == 1
    again = jobs.resend_once(job, marketer)[0]
    client.force_login(marketer)

    assert jobs.resend_once(other, marketer) == (again, False)
    Job.objects.filter(pk=again.pk).update(status="success")
    assert jobs.resend_once(other, marketer) == (again, False)

    said = f"Job {again.pk} has sent rejected rows of job {job.pk} already, which can be among "
    assert f"{said}these. Send all of them once more?" in client.get(other.get_absolute_url()).text
    told = client.post(f"/workbench/jobs/{other.pk}/resend/", follow=True).text
    assert f"Job {again.pk} has sent the rejected rows of job {job.pk} already." in told
    assert jobs.resend_once(other, marketer, once_more=True)[0].resend_of == other


def test_the_query_of_rejects_that_fail_again_is_not_called_failing(run, client, marketer):
    job = run()
    query = Query.objects.create(name="People", database=Database.objects.get(), owner=marketer)
    Job.objects.filter(pk=job.pk).update(query=query)
    client.force_login(marketer)
    client.post(f"/workbench/jobs/{job.pk}/resend/")
    again = job.resends.get()
    Job.objects.filter(pk=again.pk).update(status="error", query=query)

    assert list(overview.failing(Query.objects.all())) == []


def test_the_page_says_that_a_rule_holds_for_the_same_values(run, client, marketer, monkeypatch):
    job = run()
    client.force_login(marketer)
    same = "Each breaks a rule and was not sent."

    assert same in client.get(job.get_absolute_url()).text
    monkeypatch.setattr(SFTP, "contract", ())  # As if the receiver had refused the row.
    page = client.get(job.get_absolute_url()).text
    assert same not in page and "Send these again" in page


def test_where_nothing_was_sent_they_are_not_sent_without_the_others(run, client, marketer):
    job = run(skip_invalid=False)
    client.force_login(marketer)

    assert (job.status, job.rejected) == ("error", 1)
    assert "Send these again" not in client.get(job.get_absolute_url()).text
    client.post(f"/workbench/jobs/{job.pk}/resend/")
    assert not job.retries.exists()


def test_where_files_would_be_replaced_they_cannot(run, client, marketer):
    job = run(path_prefix="/in/people.csv")
    client.force_login(marketer)
    page = client.get(job.get_absolute_url()).text

    assert "Send these again" not in page
    assert "a second file of its name would replace what was delivered" in page
    client.post(f"/workbench/jobs/{job.pk}/resend/")
    assert not job.retries.exists()


def test_where_they_would_take_the_place_of_all_others_they_cannot(
    run, client, marketer, monkeypatch
):
    monkeypatch.setattr(SFTP, "replaced", lambda _: "the people of the segment")
    monkeypatch.setattr(SFTP, "adds", lambda _: False)
    job = run()
    client.force_login(marketer)
    page = client.get(job.get_absolute_url()).text

    assert "Send these again" not in page and "Send mended rows" not in page
    assert "They cannot be sent alone: a run sends the people of the segment as a whole." in page
    assert "a second file of its name" not in page


@pytest.mark.parametrize(
    ("connector", "given", "adds"),
    [
        ("rokt", {"file_name": "people-{yyyy}{MM}{dd}.csv"}, False),
        ("rokt", {"file_name": "people-{job}.csv"}, True),
        ("salesforce_dmp", {"append": False}, False),
        ("salesforce_dmp", {"append": True}, True),
        ("clevertap", {}, True),
        ("clevertap", {"target": "custom_list", "segment_mode": "update"}, False),
        ("clevertap", {"target": "custom_list", "segment_mode": "create"}, False),
        ("clevertap_sftp", {}, True),
        ("treasure_data", {}, False),
    ],
)
def test_what_adds_to_what_is_there_can_be_sent_alone(connector, given, adds):
    kind = CONNECTORS[connector]
    assert kind({}, kind.Export.defaults() | ROKT | given).adds() is adds


def test_a_job_of_which_all_rows_are_rejected_fails_and_lists_them(run, sshd):
    job = run("SELECT 1 AS id, CAST(NULL AS VARCHAR) AS email")

    assert job.status == Job.Status.ERROR and job.failure == Job.Failure.LASTING
    assert job.error.startswith("Every one of the 1 row breaks a rule")
    assert job.rejected == 1 and not list(sshd.root.glob("in/*"))


def test_where_none_may_be_skipped_nothing_is_sent(run, sshd):
    job = run(skip_invalid=False)

    assert job.status == Job.Status.ERROR
    assert job.rejected == 1 and not list(sshd.root.glob("in/*"))


def test_others_neither_see_nor_send_them(run, client, colleague):
    job = run()
    client.force_login(colleague)

    assert client.get(f"/workbench/jobs/{job.pk}/rejects.csv").status_code == 404
    assert client.post(f"/workbench/jobs/{job.pk}/resend/").status_code == 404


def test_they_stay_as_long_as_the_result_does(run, settings):
    job = run()
    folder = settings.RESULTS_DIR / str(job.pk)
    (folder / "stray").write_text("left by a crash")
    from console.jobs import retention

    found = set(retention.leftovers())

    assert folder / "stray" in found
    assert settings.RESULTS_DIR / job.rejects_path not in found
