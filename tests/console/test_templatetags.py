"""How pages write sizes, time spans, moments and statuses."""

from datetime import UTC, datetime, timedelta

import pytest

from console.models import Job
from console.templatetags.console import (
    STATUSES,
    coded,
    duration,
    moment,
    number,
    phases,
    relative,
    size,
    status,
)
from integrations.models import Authentication

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "—"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_960, "1.0 MB"),
        (5_400_000, "5.4 MB"),
        (7 * 10**15, "7000.0 TB"),
    ],
)
def test_sizes(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.9, "9.9 s"),
        (42, "42 s"),
        (59.7, "1 min"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
        (3600, "1 h"),
        (90_000, "25 h"),
    ],
)
def test_durations(seconds, text):
    assert duration(timedelta(seconds=seconds)) == text


def test_what_is_not_known_is_a_dash():
    assert duration(None) == number(None) == moment(None) == "—"
    assert number(25000) == "25,000"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-30, "just now"),
        (30, "within a minute"),
        (-300, "5\xa0minutes ago"),
        (7300, "in 2\xa0hours"),
        (-90_000, "1\xa0day ago"),
    ],
)
def test_moments_near_now(seconds, text):
    assert relative(NOW + timedelta(seconds=seconds), NOW) == text


def test_a_moment_says_its_zone():
    assert "2026-11-22 12:00:00 UTC" in moment(NOW)
    assert 'datetime="2026-11-22T12:00:00+00:00"' in moment(NOW)


def test_every_status_has_a_symbol_and_a_word():
    assert set(STATUSES) == set(Job.Status.values)
    assert "▲" in status("error") and "Failed" in status("error")


def test_the_phases_of_a_job_without_an_export_have_no_upload():
    job = Job(status="running", phase="writing")

    assert [(step["name"], step["state"]) for step in phases(job)] == [
        ("Queued", "done"),
        ("Querying", "done"),
        ("Writing", "now"),
        ("Done", "ahead"),
    ]


def test_a_failed_job_shows_where_it_ended():
    job = Job(status="error", phase="uploading", export={})

    assert [step["state"] for step in phases(job)] == ["done", "done", "done", "failed", "ahead"]


def test_a_job_whose_rows_were_refused_ended_where_they_were_checked():
    rokt = Authentication(name="Rokt", type="rokt")
    job = Job(status="error", phase="checking", export={}, authentication=rokt)

    assert [(step["name"], step["state"]) for step in phases(job)][2:] == [
        ("Writing", "done"),
        ("Checking", "failed"),
        ("Uploading", "ahead"),
        ("Done", "ahead"),
    ]


def test_a_job_that_waits_with_its_result_has_queried():
    job = Job(status="queued", phase="queued", export={}, result_path="1/rows-0.parquet")

    assert [step["state"] for step in phases(job)] == ["done", "done", "done", "ahead", "ahead"]


def test_backticks_become_code_and_all_else_is_escaped():
    assert coded("`a` or `<b>`, not <c>.") == (
        "<code>a</code> or <code>&lt;b&gt;</code>, not &lt;c&gt;."
    )
