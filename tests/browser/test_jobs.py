"""The list of jobs and the page of one, in a browser."""

import re
import threading

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from console import jobs
from console.models import Job


@pytest.fixture
def in_background():
    """Run a job in a thread, as a worker would."""
    threads = []

    def start(job):
        thread = threading.Thread(target=work, args=[job.pk])
        threads.append(thread)
        thread.start()

    yield start
    for thread in threads:
        thread.join(30)


def work(pk):
    try:
        jobs.run(pk)
    finally:
        connection.close()


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
