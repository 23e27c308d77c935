"""What a person sees of changes: the settings, what would be sent, and a job that waits."""

import pytest
from playwright.sync_api import expect

from console import jobs
from console.models import Query
from tests.console.receiver import receiver  # noqa: F401  a fixture

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")
ROWS = [(at, f"name {at}", at / 2, False) for at in range(1, 13)]


def ran(query):
    job = jobs.submit_query(Query.objects.get(pk=query.pk))
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def test_changes_are_chosen_looked_at_and_approved(
    as_user,
    marketer,
    keeper,
    receiver,  # noqa: F811
    good_page,
):
    query = receiver.query
    receiver.offer(*ROWS)
    query.changes = None
    query.save()
    assert ran(query).status == "success"
    page = as_user(marketer, f"/workbench/queries/{query.pk}/?panel=export")
    expect(page.get_by_label("Name of the column")).to_be_hidden()
    expect(page.get_by_text("Hold and approve")).to_be_hidden()

    page.get_by_label("Only what changed since the last run").check()
    page.get_by_role("checkbox", name="id", exact=True).check()
    expect(page.get_by_text("so the next run begins with all rows: 12 rows")).to_be_visible()
    page.get_by_text("Hold and approve").click()
    page.get_by_label("A second person approves more rows than").fill("20")
    good_page(page, "changes-panel")
    page.get_by_label("How a row says what became of it").select_option("files")
    expect(page.get_by_text("/in/{job}-removed.csv", exact=True)).to_be_visible()
    expect(page.get_by_label("Name of the column")).to_be_hidden()
    expect(page.get_by_text("Words for the operations")).to_be_hidden()
    page.get_by_label("How a row says what became of it").select_option("column")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Results go to Drop from now on.")).to_be_visible()

    assert ran(query).status == "success"
    receiver.offer(*ROWS[:4], (5, "somebody else", None, False), (20, "new", 1.0, False))
    held = ran(query)
    page = as_user(keeper, held.get_absolute_url())
    expect(page.get_by_role("alert")).to_contain_text("7 of the 12 delivered rows would be removed")
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()
    good_page(page, "changes-held")
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text(f"Job {held.pk} is released")).to_be_visible()
