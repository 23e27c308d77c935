"""The demo of the studio: made once, with plausible numbers, and gone when that is asked."""

import csv
import hashlib
from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from activations.activating import saving
from activations.demo import deliveries, making, removal
from activations.demo.deliveries import WELCOME, WIN_BACK, WITHOUT_IDENTITY
from activations.demo.rules import LAPSED, SEGMENTS, SUBSCRIBERS, tree
from activations.models import Activation, Folder, ParentSegment, Segment
from activations.parents import demo as parent_of_demo
from activations.parents.audience import audience_of
from activations.rules import members
from console import jobs, tables
from console.demo.data import load_demo
from console.demo.objects import person
from console.demo.past import DAYS, LINE, MADE_UP
from console.models import Database, Job, Notice, Query
from console.queries import saving as queries
from console.quickstart import removed
from integrations.models import Authentication
from integrations.rows import Rows
from tests.activations.demo import CUSTOMERS, run_all

SHARES = {  # of all customers
    "Lapsed gold & platinum": 0.011,
    "Opted-in, at risk": 0.114,
    "New subscribers, 30 days": 0.011,
    "Coffee lovers without equipment": 0.030,
}
PAGE = "/demo/remove/"


def things():
    models = (ParentSegment, Folder, Segment, Activation, Query, Job, Database, Authentication)
    return {model.__name__: model.objects.count() for model in models}


def assert_plausible(sizes):
    assert sizes.keys() == SHARES.keys()
    for name, share in SHARES.items():
        assert 0.6 < sizes[name] / (share * CUSTOMERS) < 1.6, (name, sizes[name])


def test_it_is_made_once_and_keeps_what_was_changed(studio_of_demo, capsys):
    found = {each.name: each for each in studio_of_demo.segments.select_related("folder")}
    assert {name: each.folder.name for name, each in found.items()} == {
        made.name: made.folder for made in SEGMENTS
    }
    assert_plausible({name: each.customers for name, each in found.items()})
    email = audience_of(studio_of_demo, studio_of_demo.owner).attributes["email"]
    assert email.visibility == "masked"
    Segment.objects.filter(name=LAPSED.name).update(description="mine", folder=None)
    before = things()

    assert making.begin() == studio_of_demo
    assert making.finish(studio_of_demo) == []
    call_command("demo")

    assert capsys.readouterr().out == "segments and activations are there\n"
    assert things() == before
    assert Segment.objects.get(name=LAPSED.name).description == "mine"
    assert [each.query.schedule.cron for each in Activation.objects.order_by("pk")] == [
        "@hourly",
        "@daily",
        "@daily",
    ]


def test_made_up_runs_say_so_and_deliver_nothing(studio_of_demo):
    today = timezone.now().date()
    made_up = Job.objects.filter(sql__startswith=MADE_UP)

    for name in (WIN_BACK.name, WELCOME.name):
        assert made_up.filter(query__activation__name=name).count() == DAYS - 1
    assert not made_up.filter(query__activation__name=WITHOUT_IDENTITY.name).exists()
    assert made_up.filter(status=Job.Status.ERROR).count() == 2
    for job in made_up:
        assert job.receipt is job.authentication is job.slot is None
        assert not job.result_path and job.ended_at.date() < today
        assert [line.text for line in job.lines.all()] == [LINE]


def test_one_delivers_at_once_and_one_fails_until_it_is_mended(studio_of_demo, home, mailoutbox):
    job = Job.objects.get(query__activation__name=WIN_BACK.name, receipt__isnull=False)
    [path] = (home / "sandbox/files/win_back").iterdir()
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [each["name"] for each in WIN_BACK.columns]
    assert len(rows) == job.rows == Segment.objects.get(name=LAPSED.name).customers
    assert len(rows[0][1]) == 64 and {row[5] for row in rows} == {f"win-back/{LAPSED.name}"}
    assert job.receipt["files"][0]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()

    welcome = Job.objects.get(query__activation__name=WELCOME.name, receipt__isnull=False)
    assert welcome.receipt["summary"].startswith(f"Uploaded {welcome.rows:,} profiles")

    failing = Activation.objects.get(name=WITHOUT_IDENTITY.name)
    query, schedule = failing.query, failing.query.schedule
    assert 'no column "identity"' in Job.objects.get(query=query).error
    for minutes in (1, 2):
        slot = timezone.now() + timedelta(minutes=minutes)
        jobs.submit_query(query, schedule=schedule, slot=slot)
        run_all()
    schedule.refresh_from_db()
    assert "would again until something is changed" in schedule.paused_because
    assert mailoutbox == [] and not Notice.objects.exclude(sent_at=None).exists()

    failing.mapping["columns"].append(deliveries.column("td_client_id", "identity"))
    more = {"authentication": query.authentication, "export": query.export}
    saving.save(failing, by=query.owner, **more)
    query.refresh_from_db()
    sent = jobs.submit_query(query)
    jobs.run(sent.pk)
    sent.refresh_from_db()
    assert (sent.status, sent.rejected) == (Job.Status.SUCCESS, 0), sent.error


def assert_refused(keeper, why):
    before = things()
    with pytest.raises(removal.NotRemoved, match=why):
        removal.remove(keeper)
    assert things() == before and not removed.is_removed()


def test_it_is_removed_with_all_that_was_made_of_it(studio_of_demo, client, home):
    owner, keeper = studio_of_demo.owner, User.objects.get(username="admin")
    destination = Authentication.objects.get(name=WIN_BACK.authentication)
    mine = tables.create_database("mine", owner)
    sql = f"SELECT * FROM {studio_of_demo.database}.customers"
    reader = queries.save(
        Query(name="Mine", database=mine, sql=sql, owner=owner, authentication=destination),
        by=owner,
    )
    Segment.objects.create(
        parent_segment=studio_of_demo, name="Made by a person", rules=tree([]), owner=owner
    )
    job = jobs.submit_query(studio_of_demo.query)
    assert_refused(keeper, f"Job {job.pk} of the demo is not done")
    run_all()
    assert_refused(keeper, "Demo customers cannot go. These need it: Query “Mine”")
    reader.sql = "SELECT 1 AS one"
    queries.save(reader, by=owner)

    client.force_login(owner)
    refused = client.post(PAGE)
    assert refused.status_code == 403 and "An administrator removes the demo" in refused.text
    client.force_login(keeper)
    page = client.get(PAGE).text
    for name in (SUBSCRIBERS.name, "Made by a person", WELCOME.name, "Top categories"):
        assert name in page
    assert "something else uses them: Demo SFTP sandbox." in page
    done = client.post(PAGE, follow=True)

    assert "The demo is removed" in done.text
    assert client.get(PAGE).status_code == 404
    left = {"Query": 1, "Database": 2, "Authentication": 1}  # one of them has who got what
    assert things() == dict.fromkeys(things(), 0) | left
    assert Query.objects.get() == reader and Authentication.objects.get() == destination
    assert {"admin", "marketer"} <= {user.username for user in User.objects.all()}
    assert [*(home / "sandbox/files/win_back").iterdir()]
    load_demo(keeper, 10)
    assert parent_of_demo.can_make(owner)


def test_sizes_are_like_that_on_whatever_day_the_data_is_made(db, home):
    day = timezone.now().date() - timedelta(days=59)
    owner = person("marketer", "marketer")
    load_demo(owner, CUSTOMERS, day)
    parent = making.begin()
    run_all()
    audience = audience_of(parent, owner)
    sizes = {}

    for made in SEGMENTS:
        path = home / "members.parquet"
        tables.execute(
            members(tree(made.rules), audience),
            owner=owner,
            database=audience.database,
            output=path,
            scheduled_time=datetime.combine(day, time(15), UTC),
        )
        sizes[made.name] = Rows(path).count

    assert_plausible(sizes)


def test_without_customers_it_says_why_nothing_is_made_of_them(db):
    owner = person("marketer", "marketer")
    assert making.begin() is None
    load_demo(owner, 10)
    parent = making.begin()
    Job.objects.filter(query=parent.query).update(status=Job.Status.ERROR, error="No room left.")

    with pytest.raises(making.NotMade, match=r"Demo customers has no customers.* No room left\."):
        making.finish(parent)

    assert not Segment.objects.exists()


def test_only_a_quickstart_has_a_demo(client, keeper):
    client.force_login(keeper)

    for remove in (False, True):
        with pytest.raises(CommandError, match="is not the home of a quickstart"):
            call_command("demo", remove=remove)
    assert client.get(PAGE).status_code == 404
