"""The list of jobs and the page of one, in a browser."""

import re
from contextlib import contextmanager

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from console import jobs
from console.models import Job


def test_the_empty_list(as_user, marketer, good_page):
    page = as_user(marketer, "/workbench/jobs/")
    expect(page.get_by_role("heading", name="Nothing has run yet")).to_be_visible()
    good_page(page, "jobs-empty")


def test_the_list_is_narrowed_and_walked_by_keys(as_user, people, run_query, marketer, good_page):
    job = run_query(people)
    failed = jobs.submit("SELECT nothing", database="shop", owner=marketer, name="Broken")
    jobs.run(failed.pk)
    page = as_user(marketer, "/workbench/jobs/")
    good_page(page, "jobs")
    with answered_late(page, re.compile("status=failed")):
        page.get_by_label("Status").select_option("Failed")
    expect(page.get_by_role("link", name="People")).to_be_hidden()
    expect(page).to_have_url(re.compile("status=failed"))
    page.get_by_label("Status").select_option("All")
    page.keyboard.press("/")
    page.keyboard.type("peop")
    expect(page.get_by_role("link", name="Broken")).to_be_hidden()
    page.get_by_role("heading", name="Jobs", level=1).click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Job {job.pk} · People")).to_be_visible()


@contextmanager
def answered_late(page, address):
    """Answer what is asked for once the table is another one, as after it has asked for itself."""
    held = []
    page.route(address, lambda route: held.append(route))
    with page.expect_request(address):
        yield
    page.locator("#jobs").evaluate("jobs => jobs.replaceWith(jobs.cloneNode(true))")
    held[0].continue_()
    page.unroute(address)


def test_the_list_follows_a_job_and_then_rests(as_user, people, marketer, in_background):
    job = jobs.submit_query(people)
    page = as_user(marketer, "/workbench/jobs/")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Queued")
    page.get_by_role("link", name="People").focus()
    in_background(job)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Success", timeout=15_000)
    expect(page.get_by_role("link", name="People")).to_be_focused()
    expect(page.locator("#jobs")).not_to_have_attribute("hx-trigger", "every 5s")


def test_the_page_follows_its_job_to_the_result(
    as_user, people, marketer, in_background, good_page
):
    job = jobs.submit_query(people)
    page = as_user(marketer, f"/workbench/jobs/{job.pk}/")
    expect(page.get_by_role("button", name="Kill")).to_be_visible()
    in_background(job)
    expect(page.get_by_role("button", name="Retry")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("region", name="Result").get_by_text("ann")).to_be_visible()
    expect(page.locator("#job-log")).to_contain_text("The job succeeded.")
    expect(page.get_by_role("button", name="Kill")).to_be_hidden()
    expect(page.locator("#live")).to_have_text(f"Job {job.pk}: Success")
    good_page(page, "job")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all as CSV").click()
    assert download.value.suggested_filename == f"job-{job.pk}.csv"
    assert download.value.path().read_text() == "id,name\n1,ann\n2,bob\n"


def test_a_running_job_is_killed_after_a_question(as_user, people, marketer, axe, shot):
    job = jobs.submit_query(people)
    Job.objects.filter(pk=job.pk).update(
        status="running", phase="querying", progress=0.4, started_at=timezone.now()
    )
    page = as_user(marketer, f"/workbench/jobs/{job.pk}/")
    expect(page.get_by_role("progressbar", name="Progress of the phase querying")).to_be_visible()
    page.get_by_role("button", name="Kill").click()
    dialog = page.get_by_role("dialog", name=f"Kill job {job.pk}?")
    axe(page)
    shot(page, "job-kill")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Kill").click()
    dialog.get_by_role("button", name="Kill the job").click()
    expect(page.get_by_text("mia asked for the job to be killed. It ends")).to_be_visible()
    expect(page.get_by_role("button", name="Kill", exact=True)).to_be_disabled()


def test_a_failed_job_marks_the_line(as_user, marketer, shop, good_page):
    job = jobs.submit("SELECT id,\n  nmae\nFROM people", database="shop", owner=marketer)
    jobs.run(job.pk)
    page = as_user(marketer, f"/workbench/jobs/{job.pk}/")
    expect(page.get_by_role("alert")).to_contain_text("Line 2")
    expect(page.locator("li.wrong")).to_have_text("nmae")
    good_page(page, "job-failed")
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text(f"does job {job.pk} again.")).to_be_visible()


@pytest.fixture
def exporting(people, sftp, run_query, settings):
    """A job that has its result and is to be exported, after two that delivered theirs."""
    query, file = people, {"path": "/in/people.csv", "bytes": 9, "sha256": "0" * 64}
    query.authentication = sftp
    query.export = {"hold_unusual": True, "hold_percent": 50, "hold_runs": 5}
    query.save()
    given = {"name": query.name, "query": query, "query_version": 1, "database": "shop"}
    given |= {"sql": query.sql, "owner": query.owner, "authentication": sftp}
    for rows in (10, 12):
        receipt = {"files": [file], "rows": rows, "skipped": ""}
        ended = {"status": "success", "phase": "done", "ended_at": timezone.now()}
        Job.objects.create(rows=rows, receipt=receipt, **ended, **given)
    job = jobs.submit_query(query)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def test_a_held_job_says_why_and_is_dropped_after_a_question(
    as_user, exporting, marketer, good_page
):
    page = as_user(marketer, "/")
    expect(page.get_by_role("region", name="1 job waits for somebody")).to_be_visible()
    good_page(page, "home-held")
    page.goto(page.url + "workbench/jobs/?status=held")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="People").click()
    reason = page.get_by_role("alert")
    expect(reason).to_contain_text("Held: The result has 2 rows, 82% fewer than the last 2")
    expect(reason).to_contain_text("with 10 rows, job")
    expect(reason).to_contain_text("On average 11; up to 50% more or fewer is usual, 6 to 16 rows.")
    good_page(page, "job-held")
    page.get_by_role("button", name="Drop").click()
    page.get_by_role("dialog").get_by_role("button", name="Drop the job").click()
    expect(page.get_by_role("alert")).to_contain_text("Dropped by mia, and not sent.")


def test_a_job_that_waits_for_an_export_says_so(as_user, exporting, sftp, marketer, good_page):
    sftp.exports_at_once = 1
    sftp.save()
    Job.objects.filter(pk=exporting.pk).update(held_because="")
    first = Job.objects.order_by("pk").first()
    Job.objects.filter(pk=first.pk).update(status="running", phase="uploading")
    page = as_user(marketer, "/workbench/jobs/")
    waits = "Waits: 1 export with this authentication is running."
    expect(page.get_by_text(waits)).to_be_visible()
    good_page(page, "jobs-waiting")
    page.goto(page.url + f"{exporting.pk}/")
    expect(page.get_by_text(waits)).to_be_visible()
    good_page(page, "job-waiting")
    page.get_by_role("link", name=sftp.name).first.click()
    page.get_by_role("link", name="Change").click()
    page.get_by_label("Exports at a time").fill("2")
    good_page(page, "authentication-limit")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("dt", has_text="Exports at a time").locator("+ dd")).to_have_text("2")
    page.goto(page.url.split("/integrations")[0] + f"/workbench/jobs/{exporting.pk}/")
    expect(page.get_by_text(waits)).to_be_hidden()
