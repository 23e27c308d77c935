"""Odd numbers in addresses are no fault of the server's."""

import pytest
from django.urls import reverse

HTMX = {"HX-Request": "true"}


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


@pytest.mark.parametrize("number", ["²", "٣", "9" * 18, "9" * 5000, "-1", "1.0", ""])
def test_what_is_no_key_finds_nothing(mia, people, run_query, number):
    job = run_query(people)
    panel = reverse("query-export", args=[people.pk])

    assert mia.get(people.get_absolute_url(), {"job": number}).status_code in (200, 404)
    assert mia.get(reverse("jobs"), {"search": number}).status_code == 200
    assert mia.get(reverse("job-live", args=[job.pk]), {"after": number}).status_code == 200
    assert mia.get(panel, {"authentication": number}, headers=HTMX).status_code == 200
