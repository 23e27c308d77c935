"""Panels of a query that others were saved beneath take nothing back unseen."""

import re

import pytest
from django.urls import reverse

from console.queries.exporting import set_export
from console.schedules import pause, schedule_query
from tests.console.test_export_panel import filled
from tests.console.test_schedule_dialog import entered

HTMX = {"HX-Request": "true"}
SAID = "It was saved in another window, or by somebody else"


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def opened(page):
    return {"opened": re.search(r'name="opened" value="(\w+)"', page.content.decode())[1]}


def test_an_export_that_was_saved_meanwhile_is_not_taken_back_unseen(mia, people, sftp):
    url = reverse("query-export", args=[people.pk])
    drafted = mia.post(reverse("export-draft", args=[people.pk]), filled(sftp), headers=HTMX)
    mark = opened(drafted)
    mia.post(url, filled(sftp, path_prefix="/theirs.csv"))
    # What is looked at again while it is filled in, is still what was opened then.
    address = reverse("export-draft", args=[people.pk])
    assert opened(mia.post(address, filled(sftp) | mark, headers=HTMX)) == mark

    refused = mia.post(url, filled(sftp, path_prefix="/mine.csv") | mark, headers=HTMX)

    people.refresh_from_db()
    assert refused.status_code == 422 and people.export["path_prefix"] == "/theirs.csv"
    assert SAID in refused.content.decode() and "/mine.csv" in refused.content.decode()

    mia.post(url, filled(sftp, path_prefix="/mine.csv") | opened(refused))
    people.refresh_from_db()
    assert people.export["path_prefix"] == "/mine.csv"


def test_an_export_that_is_as_it_was_opened_is_saved(mia, people, sftp):
    set_export(people, sftp, {"path_prefix": "/a.csv"})
    url = reverse("query-export", args=[people.pk])

    answer = mia.post(url, filled(sftp) | opened(mia.get(url, headers=HTMX)))

    assert answer.status_code == 302


def test_a_schedule_that_was_saved_meanwhile_is_not_taken_back_unseen(mia, people, colleague):
    url = reverse("query-schedule", args=[people.pk])
    mark = opened(mia.get(url, headers=HTMX))
    schedule_query(people, "@hourly")

    refused = mia.post(url, entered("@daily", notify_failure="on") | mark, headers=HTMX)

    people.refresh_from_db()
    assert refused.status_code == 422 and people.schedule.cron == "@hourly"
    assert not people.notify_failure
    assert SAID in refused.content.decode()
    assert re.search(r'value="@daily" selected', refused.content.decode())

    mia.post(url, entered("@daily") | opened(refused))
    people.refresh_from_db()
    assert people.schedule.cron == "@daily"


def test_a_pause_meanwhile_keeps_nobody_from_saving_the_schedule(mia, people, marketer):
    schedule_query(people, "@hourly")
    url = reverse("query-schedule", args=[people.pk])
    mark = opened(mia.get(url, headers=HTMX))
    pause(people.schedule, marketer)

    assert mia.post(url, entered("@daily") | mark).status_code == 302
