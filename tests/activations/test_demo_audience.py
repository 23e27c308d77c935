"""The parent segment of the demo: made once, and refreshed from the demo data."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from activations.models import ParentSegment
from activations.parents.audience import audience_of
from activations.parents.history import counts
from console import jobs, tables
from console.demo.data import load_demo
from console.demo.objects import person
from console.models import Job


@pytest.fixture
def marketer_of_demo(db):
    load_demo(User.objects.create_user("keeper"), 2_000)
    return person("marketer", "marketer")


def test_it_is_made_once_and_its_refresh_has_all_customers(marketer_of_demo):
    call_command("demo_audience")
    call_command("demo_audience")

    made = ParentSegment.objects.get()
    job = Job.objects.get()
    jobs.run(job.pk)
    job.refresh_from_db()
    found = tables.readable(marketer_of_demo)
    rows = {name: found["demo"][name].rows for name in ("orders", "pageviews", "email_events")}
    assert job.status == Job.Status.SUCCESS, job.error
    assert dict(counts(job)) == {"customers": 2000} | {
        f"behavior_{name}": count for name, count in rows.items()
    }
    assert (made.owner, made.name) == (marketer_of_demo, "Demo customers")


def test_rules_find_what_the_demo_has(marketer_of_demo):
    call_command("demo_audience")
    jobs.run(Job.objects.get().pk)

    found = audience_of(ParentSegment.objects.get(), marketer_of_demo)

    assert found.attributes["signup_time"].kind == "timestamp"
    assert found.attributes["email"].visibility == "masked"
    assert found.attributes["loyalty_tier"].kind == "string"
    assert {name: each.time for name, each in found.behaviors.items()} == dict.fromkeys(
        ["orders", "pageviews", "email_events"], "time"
    )


def test_without_demo_data_nothing_is_made(db):
    person("marketer", "marketer")

    call_command("demo_audience")

    assert not ParentSegment.objects.exists()
