"""The pages of an activation, the list of all of them, and that of a segment."""

from datetime import timedelta
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from activations.activating import runs
from activations.models import Activation
from console.models import Job, Query
from console.schedules import follow_query, pause, schedule_query
from tests.activations.sending import run
from tests.activations.studio import all_of, bought

DAILY = partial(schedule_query, wanted="@daily", timezone="Europe/Berlin")


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def read(client, name, *args, **query):
    return client.get(reverse(name, args=args), query).content.decode()


def ended(activation, status="success", *, days_ago=0, seconds=2, **fields):
    """Keep a run that ended so many days ago."""
    at = timezone.now() - timedelta(days=days_ago)
    given = {"started_at": at - timedelta(seconds=seconds), "ended_at": at, "sql": "-", **fields}
    return Job.objects.create(
        query=activation.query, owner=activation.query.owner, status=status, export={}, **given
    )


def receipt(rows, path="/gold.csv"):
    return {"rows": rows, "files": [{"path": path, "bytes": 10}], "summary": ""}


def test_a_new_activation_says_that_it_has_not_run(mia, send):
    made = send()

    page = read(mia, "activation", made.pk)

    assert "It has not run yet" in page and "It runs when somebody runs it" in page
    assert "No run has ended in the last 30 days" in page
    assert "Not run yet" in read(mia, "activation-runs", made.pk)


def test_a_run_is_told_with_what_arrived(mia, send, drop, sandbox):
    made = send(authentication=drop)

    job = run(made)

    assert job.status == "success", job.error
    page = read(mia, "activation", made.pk)
    assert "Delivered 25 rows to Drop: /gold.csv" in page
    assert "25 rows delivered, 1 runs succeeded" in page
    listed = read(mia, "activation-runs", made.pk)
    assert f"Job {job.pk}" in listed and "by hand" in listed and "Receipt" in listed
    assert len((sandbox.root / "gold.csv").read_text().splitlines()) == 26


def test_what_is_rejected_skipped_or_stopped_is_said(mia, send, marketer):
    made = send()
    ended(made, rows=9, rejected=2, receipt=receipt(7), rejects_path="x")
    ended(made, "error", error="The server is full.", remedy="Make room.")
    ended(made, "killed", kill_requested_by=marketer)
    ended(made, "skipped", error="Somebody paused it.", started_at=None)
    empty = receipt(0) | {"skipped": "the result has no rows.", "files": []}
    ended(made, rows=0, receipt=empty)

    page = read(mia, "activation-runs", made.pk)

    for said in [
        "2 rows were rejected and not delivered",
        "The server is full. Make room.",
        "mia stopped it.",
        "Somebody paused it.",
        "Nothing was sent: the result has no rows.",
    ]:
        assert said in page
    assert reverse("job-rejects", args=[made.query.jobs.last().pk]) in page


def test_the_chart_has_rows_and_durations_of_each_day(send):
    made = send()
    for rows, seconds in [(10, 4), (5, 8)]:
        ended(made, rows=rows, receipt=receipt(rows), seconds=seconds)
    ended(made, "error", seconds=3)
    ended(made, days_ago=3, rows=30, receipt=receipt(30))
    ended(made, days_ago=40, rows=99, receipt=receipt(99))

    chart = runs.chart(made)

    assert len(chart["bars"]) == 30
    today, before = chart["bars"][-1], chart["bars"][-4]
    assert today["cells"] == ["2", "1", "15", "5.0 s", "8.0 s"]
    assert before["cells"] == ["1", "0", "30", "2.0 s", "2.0 s"]
    assert chart["most_said"] == "up to 30" and chart["longest_said"] == "up to 8.0 s"
    assert before["parts"][0]["height"] == "110.00" and today["parts"][0]["height"] == "55.00"


def test_the_page_says_which_refresh_a_run_used(send, drop, shoppers):
    made = send(authentication=drop)
    first, second = (refreshed(shoppers, hours_ago) for hours_ago in (5, 2))

    between = ended(made, started_at=timezone.now() - timedelta(hours=3))
    between.receipt = receipt(1) | {"phases": {"querying": 1}}
    later = run(made)
    early = ended(made, started_at=timezone.now() - timedelta(hours=9))
    early.receipt = between.receipt

    assert runs.data_of(between, shoppers) == first
    assert runs.data_of(later, shoppers) == second
    assert runs.data_of(early, shoppers) is None


def test_a_retry_that_sends_the_same_rows_used_the_same_refresh(send, drop, shoppers):
    made = send(authentication=drop)
    old = refreshed(shoppers, 2)
    job = run(made)
    refreshed(shoppers, 0)

    Job.objects.filter(pk=job.pk).update(started_at=timezone.now() + timedelta(hours=1))
    job.refresh_from_db()

    assert runs.data_of(job, shoppers) == old


def refreshed(shoppers, hours_ago):
    at = timezone.now() - timedelta(hours=hours_ago)
    return Job.objects.create(
        query=shoppers.query, owner=shoppers.owner, sql="-", status="success",
        started_at=at, ended_at=at,
    )  # fmt: skip


def test_the_page_says_when_it_runs_next_and_why_not(mia, send, shoppers, marketer):
    made = send(timing=DAILY)
    page = read(mia, "activation", made.pk)
    assert "At 00:00 every day." in page and "Next run" in page and "Scheduled" in page

    pause(made.query.schedule, marketer)
    page = read(mia, "activation", made.pk)
    assert "mia paused it." in page and "Resume" in page and "Test and resume" not in page

    broken = {"paused_by": None, "paused_because": "Its last 5 runs failed."}
    made.query.schedule.__class__.objects.filter(pk=made.query.schedule_id).update(**broken)
    page = read(mia, "activation", made.pk)
    assert "Its last 5 runs failed." in page and "Test and resume" in page


def test_a_schedule_that_is_over_says_so(mia, send):
    made = send(timing=DAILY)
    over = {"next_slot": None, "ends_on": timezone.now().date()}
    made.query.schedule.__class__.objects.update(**over)

    assert "Ended" in read(mia, "activation", made.pk)
    assert "Ended" in read(mia, "activations")
    assert "Weekly" not in read(mia, "activations", state="scheduled")


def test_what_runs_after_the_refresh_says_after_what(mia, send, shoppers):
    schedule_query(shoppers.query, "@daily", "UTC")
    made = send(timing=lambda query: follow_query(query, shoppers.query))

    page = read(mia, "activation", made.pk)

    assert "once <b>“Customers”</b> has succeeded" in page
    assert "After “Customers”" in read(mia, "activations")


def test_while_a_run_is_under_way_the_page_asks_for_itself(mia, send):
    made = send()
    job = ended(made, "running", ended_at=None, phase="querying")
    address = reverse("activation", args=[made.pk])

    live = mia.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" in live and "<html" not in live and "chart-heading" not in live

    Job.objects.filter(pk=job.pk).update(
        status="success", receipt=receipt(3), ended_at=timezone.now()
    )
    over = mia.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" not in over and "chart-heading" in over and "The run has ended" in over


def test_a_held_run_leads_to_its_job(mia, send):
    made = send()
    job = ended(made, "queued", ended_at=None, held_because="Far fewer rows than usual.")

    page = read(mia, "activation", made.pk)

    assert "Held: Far fewer rows than usual." in page and reverse("job", args=[job.pk]) in page


MAPPING = {
    "all_columns": False,
    "columns": [
        {"kind": "attribute", "source": "tier", "name": "level", "hash": True},
        {
            "kind": "string",
            "name": "campaign",
            "parts": [
                {"type": "string", "value": "spring-"},
                {"type": "timestamp", "format": "yyyyMMdd"},
                {"type": "segment_name"},
            ],
        },
        {
            "kind": "behavior", "behavior": "orders", "strategy": "top", "rows": 2,
            "order_by": "amount", "descending": True, "format": "columns",
            "columns": [{"source": "product", "name": "bought", "hash": False}],
        },
    ],
}  # fmt: skip


def test_settings_are_told_in_words(mia, send, shoppers):
    made = send(timing=DAILY)
    Activation.objects.filter(pk=made.pk).update(mapping=MAPPING)

    page = read(mia, "activation-settings", made.pk)

    for said in [
        "attribute tier", "SHA-256 of the trimmed text", "“spring-” + the time of the run as",
        "the name of the segment", "bought_2", "orders: product, number 2 of the first 2 by amount",
        "/gold.csv", "SFTP_V2", "At 00:00 every day.", "Europe/Berlin", "mia, its owner", "FROM",
    ]:  # fmt: skip
        assert said in page, said


def test_it_says_whether_all_rows_are_sent(mia, send):
    made = send()
    assert "all of them, in each run" in read(mia, "activation-settings", made.pk)

    Query.objects.filter(pk=made.query_id).update(changes={"key": ["tier", "age"]})

    page = read(mia, "activation-settings", made.pk)
    assert "only what changed since the last run, told apart by tier, age" in page


def test_all_columns_are_those_that_its_owner_may_see(mia, send, analyst, sftp):
    sftp.shared_users.add(analyst)
    hers, theirs = send(), send("Other", segment=Activation.objects.get().segment, by=analyst)

    assert "attribute email" in read(mia, "activation-settings", hers.pk)
    page = read(mia, "activation-settings", theirs.pk)
    assert "attribute tier" in page and "attribute email" not in page


def test_all_activations_are_searched_narrowed_and_sorted(mia, send, make, sftp):
    gold = make()
    first, second = (
        send("Weekly", gold, timing=DAILY),
        send("Daily", make("Buyers", all_of(bought(1)))),
    )
    ended(second, "error", error="No.")
    ended(first, receipt=receipt(1), rows=1)

    def names(**query):
        page = read(mia, "activations", **query)
        return sorted(
            (page.find(f">{each}<"), each) for each in ("Weekly", "Daily") if f">{each}<" in page
        )

    def order(**query):
        return [name for _, name in names(**query)]

    assert order() == ["Weekly", "Daily"]
    assert order(sort="name") == ["Daily", "Weekly"]
    assert order(sort="next") == ["Weekly", "Daily"]
    assert order(q="buyers") == ["Daily"]
    assert order(state="failed") == ["Daily"]
    assert order(state="scheduled") == ["Weekly"]
    assert order(state="paused") == order(state="running") == []
    assert order(state="unscheduled") == ["Daily"]
    assert order(destination=sftp.pk) == ["Weekly", "Daily"]
    assert order(parent=gold.parent_segment_id, q="nothing") == []
    assert "No activation is like that" in read(mia, "activations", q="nothing")


def test_without_activations_the_list_leads_to_segments(mia, shoppers):
    page = read(mia, "activations")

    assert "No activations yet" in page and reverse("segments") in page


def test_the_lists_take_few_queries(mia, send, make, django_assert_max_num_queries):
    gold = make()
    for number in range(12):
        made = send(f"To {number}", gold, timing=DAILY)
        ended(made, rows=number, receipt=receipt(number))
        ended(made, "error")

    with django_assert_max_num_queries(12):
        assert "To 11" in read(mia, "activations")
    with django_assert_max_num_queries(19):
        read(mia, "segment-activations", gold.parent_segment_id, gold.pk)
    with django_assert_max_num_queries(19):
        read(mia, "activation", made.pk)
    with django_assert_max_num_queries(12):
        read(mia, "activation-runs", made.pk)


def test_runs_come_in_pages(mia, send):
    made = send()
    for _ in range(30):
        ended(made, receipt=receipt(1))

    first, second = (read(mia, "activation-runs", made.pk, page=page) for page in (1, 2))

    assert first.count("<tr id=") == 25 and second.count("<tr id=") == 5


def test_a_segment_lists_its_activations(mia, send, make, shoppers):
    gold, other = make(), make("Other")
    ended(send("Weekly", gold), receipt=receipt(1))

    page = read(mia, "segment-activations", shoppers.pk, gold.pk)
    assert "Weekly" in page and "Success" in page
    assert "Not sent anywhere yet" in read(mia, "segment-activations", shoppers.pk, other.pk)
    studio = read(mia, "studio-parent", shoppers.pk)
    assert "activations of Gold" in studio and "activations of Other" not in studio


def test_a_segment_that_is_sent_is_not_deleted(mia, send, shoppers):
    made = send()

    refused = mia.post(reverse("delete-segment", args=[shoppers.pk, made.segment_id]))

    page = refused.content.decode()
    assert refused.status_code == 422 and made.get_absolute_url() in page and "Weekly" in page


def test_the_rail_and_the_first_page_lead_to_activations(mia, send):
    send()

    page = mia.get("/").content.decode()

    assert page.count('href="/studio/activations/"') == 2
    assert '<dt>Activations</dt><dd><a href="/studio/activations/">1</a></dd>' in page
