"""The page for those who watch the console."""

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from console.models import Pulse, Schedule
from console.schedules import schedule_query
from console.watch import late, ticking

pytestmark = pytest.mark.django_db


def test_without_a_cluster_the_console_lives_but_is_not_ready(client):
    cache.clear()

    response = client.get("/health/")

    assert response.status_code == 503
    assert json.loads(response.content) == {
        "live": True,
        "ready": False,
        "database": True,
        "cluster": False,
        "dispatcher": False,
        "slots": True,
    }


def test_a_dispatcher_without_a_sign_of_life_is_told(client, marketer):
    Pulse.objects.create(name="dispatcher", at=timezone.now())
    assert json.loads(client.get("/health/").content)["dispatcher"] is True

    Pulse.objects.update(at=timezone.now() - timedelta(minutes=2))

    assert json.loads(client.get("/health/").content)["dispatcher"] is False
    assert ticking().silent


def test_slots_that_should_have_started_are_late(people, client, marketer):
    schedule_query(people, "@hourly", delay=600)
    Schedule.objects.update(next_slot=timezone.now() - timedelta(minutes=11))
    assert not late()

    Schedule.objects.update(next_slot=timezone.now() - timedelta(minutes=13))

    assert [schedule.query for schedule in late()] == [people]
    assert json.loads(client.get("/health/").content)["slots"] is False
    client.force_login(marketer)
    assert "Should have started by now" in client.get("/").content.decode()


def test_figures_are_for_admins_and_for_who_has_the_token(client, marketer, keeper, settings):
    settings.METRICS_TOKEN = "scrape-1"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    client.force_login(marketer)
    assert client.get("/metrics").status_code == 403
    client.force_login(keeper)
    assert client.get("/metrics").status_code == 200
    client.logout()

    answer = client.get("/metrics", headers={"Authorization": "Bearer scrape-1"})

    lines = dict(line.rsplit(" ", 1) for line in answer.content.decode().splitlines())
    assert lines['console_jobs{status="queued"}'] == "0"
    assert lines["console_schedules_late"] == "0"
    assert int(lines["console_disk_free_bytes"]) > 0


def test_without_a_token_no_header_opens_the_figures(client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403


def test_nothing_is_changed_there(client):
    assert client.post("/health/").status_code == 405


@pytest.mark.parametrize(("version", "there"), [(0, False), (6, True)])
def test_those_who_are_logged_in_see_whether_files_are_fenced(
    client, marketer, monkeypatch, version, there
):
    monkeypatch.setattr("console.views.health.landlock_version", lambda: version)
    client.force_login(marketer)

    assert json.loads(client.get("/health/").content)["landlock"] is there
