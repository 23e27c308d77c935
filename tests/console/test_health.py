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
