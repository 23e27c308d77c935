"""The page for those who watch the console."""

import json

import pytest
from django.core.cache import cache

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
    }


def test_nothing_is_changed_there(client):
    assert client.post("/health/").status_code == 405


@pytest.mark.parametrize(("version", "there"), [(0, False), (6, True)])
def test_those_who_are_logged_in_see_whether_files_are_fenced(
    client, marketer, monkeypatch, version, there
):
    monkeypatch.setattr("console.views.health.landlock_version", lambda: version)
    client.force_login(marketer)

    assert json.loads(client.get("/health/").content)["landlock"] is there
