"""Test with 5 rows in the Export panel: said before, sent as entered, and nothing saved."""

import pytest
from django.urls import reverse

from console.models import Job
from console.queries.saving import save
from integrations.models import Authentication
from tests.console.test_export_panel import HTMX, filled

REST = {
    "thread_count": "5",
    "array_operation": "replace",
    "unanswered": "list",
    "empty_result": "skip",
}


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


@pytest.fixture
def press(mia, people, sftp):
    """Press the button as the panel has it."""

    def press(headers=HTMX, **changes):
        given = filled(sftp) | changes
        shown = mia.post(reverse("export-draft", args=[people.pk]), given, headers=HTMX)
        given = {"told": shown.context["test_told"]} | given
        return mia.post(reverse("export-test", args=[people.pk]), given, headers=headers)

    return press


def test_the_panel_says_what_it_does_and_where(mia, people, sftp):
    shown = mia.post(reverse("export-draft", args=[people.pk]), filled(sftp), headers=HTMX)

    page = shown.content.decode()
    assert "One file with the first five rows is written into the same folder" in page
    assert "<code>/upload/test-{job}-people.csv</code>" in page


def test_it_takes_what_is_entered_and_saves_nothing(press, people, sftp, marketer):
    answer = press(newline="LF")

    job = Job.objects.get()
    people.refresh_from_db()
    assert answer.status_code == 200 and f"/jobs/{job.pk}/test/" in answer.content.decode()
    assert answer.headers["HX-Retarget"] == "#export-tested"
    assert (job.test["rows"], job.text, job.started_by) == (5, people.sql, marketer)
    assert (job.authentication, job.export["newline"]) == (sftp, "LF")
    assert (people.export, people.authentication) == (None, None)


def test_changes_are_told_as_entered(press, people):
    changes = {"changes-mode": "changes", "changes-key": "id", "changes-added": "on"}

    press(**changes, **{"changes-tell": "column", "changes-column": "op"})
    press(**changes, **{"changes-tell": "column", "changes-column": "op"})

    [job] = Job.objects.all()  # The second click is the same.
    assert job.changes is None
    assert (job.test["changes"]["key"], job.test["changes"]["column"]) == (["id"], "op")


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_what_done_would_refuse_is_refused_in_the_same_words(press, headers):
    answer = press(headers, path_prefix="/upload/*.csv")

    assert answer.status_code == 422
    assert "HX-Retarget" not in answer.headers
    assert "is not allowed in a file name" in answer.content.decode()
    assert not Job.objects.exists()


def test_without_a_page_it_leads_to_its_job(press):
    answer = press({})

    assert answer.url == Job.objects.get().get_absolute_url()


def test_what_was_not_told_before_is_not_done(press):
    answer = press(told="Something else.")

    assert answer.status_code == 422
    assert "something else than was told" in answer.content.decode()
    assert not Job.objects.exists()


def test_what_was_told_is_of_one_authentication_and_of_the_sql_as_it_was(
    press, people, sftp, marketer
):
    other = Authentication(name="Other drop", type="sftp_v2", owner=marketer)
    other.settings = sftp.settings
    other.save()
    shown = press(authentication=other.pk, told="")

    elsewhere = press(told=shown.context["test_told"])
    people.sql += " WHERE id > 1"
    save(people, by=marketer)
    other_rows = press(told=elsewhere.context["test_told"])
    pressed = press(told=other_rows.context["test_told"])

    statuses = [answer.status_code for answer in (elsewhere, other_rows, pressed)]
    assert (statuses, Job.objects.get().text) == ([422, 422, 200], people.sql)


def test_where_five_rows_would_do_harm_there_is_no_test(mia, people, clevertap):
    given = clevertap | REST | {"target": "user_events"}
    shown = mia.post(reverse("export-draft", args=[people.pk]), given, headers=HTMX)

    few, answer = pressed(mia, people, given)

    assert few.told.startswith("CleverTap counts each event")
    assert "Not offered here. CleverTap counts each event" in shown.content.decode()
    assert "Test with 5 rows</button>" not in shown.content.decode()
    assert (answer.status_code, answer.context["untested"][:16]) == (422, "There is no test")
    assert not Job.objects.exists()


def test_where_only_changes_go_to_a_receiver_that_acts_on_them_there_is_no_test(
    mia, people, clevertap
):
    changes = {"changes-mode": "changes", "changes-key": "id", "changes-added": "on"}

    full, few = [pressed(mia, people, clevertap | REST | more) for more in ({}, changes)]

    assert full[0].offered and full[1].status_code == 200
    assert full[0].told.endswith("Without ORDER BY these can be others each time.")
    assert not few[0].offered and "no run would put that right" in few[0].told
    assert (few[1].status_code, Job.objects.count()) == (422, 1)


def test_where_rows_that_were_added_are_not_sent_there_is_no_test(mia, people, sftp):
    changes = {"changes-mode": "changes", "changes-key": "id", "changes-removed": "on"}

    few, answer = pressed(mia, people, filled(sftp) | changes)

    assert few.told.startswith("Rows that were added are not sent")
    assert (answer.status_code, Job.objects.count()) == (422, 0)


def pressed(client, query, given):
    """Return what the panel says of a test, and what it answers to one."""
    shown = client.post(reverse("export-draft", args=[query.pk]), given, headers=HTMX)
    few, url = shown.context["few"], reverse("export-test", args=[query.pk])
    return few, client.post(url, given | {"told": shown.context["test_told"]}, headers=HTMX)


def test_nobody_else_tests_it_or_sees_what_came_of_it(press, client, people, sftp, colleague):
    press()
    job = Job.objects.get()
    client.force_login(colleague)

    assert client.post(reverse("export-test", args=[people.pk]), filled(sftp)).status_code == 404
    assert client.get(reverse("test-outcome", args=[job.pk])).status_code == 404


def test_the_panel_asks_until_it_has_ended_and_says_how(press, mia, people, sftp):
    press()
    job = Job.objects.get()
    url = reverse("test-outcome", args=[job.pk])
    assert "every 1s" in mia.get(url, headers=HTMX).content.decode()
    sent = {"rows": 5, "summary": "", "files": [{"path": "/upload/test-1-people.csv", "bytes": 66}]}
    sent |= {"destination": {"name": "Rokt drop"}, "phases": {}}
    Job.objects.update(status="success", receipt=sent)

    ended = mia.get(url, headers=HTMX).content.decode()
    draft = reverse("export-draft", args=[people.pk])
    again = mia.post(draft, filled(sftp) | {"tested": job.pk}, headers=HTMX)

    assert "every 1s" not in ended and "Test: Success." in ended
    assert "5 rows arrived at Rokt drop as <code>/upload/test-1-people.csv</code>." in ended
    assert "with the settings as they were" in again.content.decode()
    for page in (job.get_absolute_url(), reverse("jobs")):
        assert "Test with 5 rows: People" in mia.get(page).content.decode()


def test_a_run_is_not_shown_as_a_test(mia, people, run_query):
    job = run_query(people)

    assert mia.get(reverse("test-outcome", args=[job.pk])).status_code == 404
