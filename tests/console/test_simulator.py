"""The runs that a schedule is shown to make are those that the engine makes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from console.models import Job, Query
from console.queries import simulator
from console.queries.exporting import Draft
from console.queries.simulator import simulate
from console.schedules import Repeat, pause, schedule_query, tick, times
from integrations.connectors import CONNECTORS, placeholders
from integrations.models import Authentication

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CRONS = ("30 2 * * *", "0 * * * *", "*/20 1-3 * * *", "5 0 * * *")
REPEATS = (
    Repeat("hour", 5),
    Repeat("day", 3, at=time(2, 30)),
    Repeat("week", 2, frozenset(range(1, 8)), at=time(0, 5)),
    Repeat("month", 1, day=31, at=time(1, 15)),
)
SPRING = datetime(2026, 3, 28, 12, tzinfo=UTC)  # Europe's clocks change in the night after
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=UTC)


def changes(name):
    """Yield the hours in which the clocks of a zone change in 2026 and 2027."""
    zone, day = ZoneInfo(name), BEGIN
    while day < END:
        if day.astimezone(zone).utcoffset() != (day + DAY).astimezone(zone).utcoffset():
            yield next(
                hour
                for hour in (day + n * HOUR for n in range(24))
                if hour.astimezone(zone).utcoffset() != (hour + HOUR).astimezone(zone).utcoffset()
            )
        day += DAY


def as_the_engine(found, after, n):
    """Return the slots one by one, each from the one before, as a tick takes them."""
    slots = []
    while len(slots) < n:
        after = found.next(after)
        slots.append(after)
    return slots


@pytest.mark.parametrize("part", range(4))
def test_in_all_zones_whose_clocks_change_the_simulator_says_what_the_engine_does(part):
    zones = sorted(available_timezones())[part::4]
    seen = 0
    for zone in zones:
        for hour in changes(zone):
            for rule in (*CRONS, *REPEATS):
                after = hour - 13 * HOUR
                found = times(rule, zone, starts_at=hour - 37 * DAY)
                shown = [firing.starts for firing in simulate(found, 0, after, 12)]
                assert shown == as_the_engine(found, after, 12), (zone, rule, hour)
                seen += 1
    assert seen > 800


def notes(cron, after, n=3):
    return [firing.notes for firing in simulate(times(cron, "Europe/Berlin"), 0, after, n)]


def test_a_night_without_the_time_that_is_named_is_marked():
    skipped, usual, _ = notes("30 2 * * *", SPRING)

    assert skipped == [
        "The clock skips the time that was named: this is the next minute there is.",
        "The clock goes forward before this run.",
    ]
    assert usual == []


def test_a_night_that_has_the_time_twice_is_marked():
    twice, after, usual = notes("30 2 * * *", AUTUMN)

    assert twice == ["The clock shows this time twice: it runs the first time."]
    assert after == ["The clock goes back before this run."]
    assert usual == []
    hourly = [note for each in notes("30 * * * *", AUTUMN, 16) for note in each]
    assert hourly.count("The clock shows this time twice: it runs both times.") == 2


def test_a_delay_moves_the_start_and_neither_slot_nor_file(people, sftp):
    send(people, sftp, "/in/{yyyy}{MM}{dd}-{HH}{mm}.csv")

    [firing] = simulate(times("30 23 * * *", "UTC"), 3600, SPRING, 1, people)

    assert firing.slot == datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert firing.starts == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert firing.path == "/in/20260328-2330.csv"


def test_operations_that_are_sent_apart_have_the_names_that_their_files_get(people, sftp):
    send(people, sftp, "/in/people.csv")
    people.changes = {"key": ["id"], "tell": "files", "removed": False}

    [firing] = simulate(times("30 23 * * *", "UTC"), 0, SPRING, 1, people)
    [name] = Draft(people, sftp).names(people.changes)

    assert firing.path == name.path == "/in/people-added.csv, /in/people-changed.csv"


def send(query, authentication, path, cron=""):
    query.authentication = authentication
    query.export = authentication.connector.Export.from_json(
        {"path_prefix": path, "user_directory_is_root": True}
    )
    assert query.export.is_valid(), query.export.errors
    query.export = query.export.cleaned_data
    query.save()
    if cron:
        schedule_query(query, cron)


def other(people, name="Others"):
    return Query.objects.create(
        name=name, database=people.database, sql="SELECT 1", owner=people.owner
    )


def test_two_schedules_that_write_the_same_file_are_told(people, sftp, marketer):
    send(people, sftp, "/in/{yyyy}{MM}{dd}.csv")
    send(rival := other(people), sftp, "/in/{yyyy}{MM}{dd}.csv", "@daily")
    noon = datetime.now(UTC).replace(hour=12)  # Both write tomorrow's file next.

    [firing] = simulate(times("0 6 * * *", "UTC"), 0, noon, 1, people)
    assert firing.notes == ["“Others” writes a file of the same name: one replaces the other."]

    pause(rival.schedule, marketer)
    [firing] = simulate(times("0 6 * * *", "UTC"), 0, noon, 1, people)
    assert firing.notes == []


@pytest.mark.parametrize(
    "theirs", ["/in/orders-{HH}00.csv", "/in/orders-06{mm}.csv", "/in/{{x.csv"]
)
def test_files_of_other_placeholders_are_told_where_they_are_the_same(people, sftp, theirs):
    mine = "/in/{{x.csv" if "x" in theirs else "/in/orders-0600.csv"
    send(people, sftp, mine)
    send(other(people), sftp, theirs, "0 6 * * *")

    [firing] = simulate(times("@daily", "UTC"), 0, datetime.now(UTC), 1, people)

    assert firing.notes == ["“Others” writes a file of the same name: one replaces the other."]


def test_schedules_whose_files_cannot_be_the_same_are_not_worked_through(people, sftp, monkeypatch):
    send(people, sftp, "/in/orders-{HH}{mm}.csv")
    for name, path in (("Head", "/in/people-{HH}{mm}.csv"), ("Tail", "/in/orders-{HH}{mm}.txt")):
        send(other(people, name), sftp, path, "@daily")
    monkeypatch.setattr(simulator, "coming_paths", pytest.fail)

    [firing] = simulate(times("@daily", "UTC"), 0, datetime.now(UTC), 1, people)

    assert firing.notes == []


@pytest.mark.parametrize("name", placeholders.TIMES)
def test_each_placeholder_tells_the_two_times_apart_at_both_ends(name):
    one, two = map(placeholders.TIMES[name], simulator.UNLIKE)

    assert one[0] != two[0]
    assert one[-1] != two[-1]


def test_files_that_hold_the_number_of_the_job_never_collide(people, sftp):
    send(people, sftp, "/in/{job}.csv")
    send(other(people), sftp, "/in/{job}.csv", "@daily")

    [firing] = simulate(times("@daily", "UTC"), 0, datetime.now(UTC), 1, people)

    assert firing.notes == []


def test_what_was_simulated_happens(people, sftp):
    send(people, sftp, "/in/{yyyy}{MM}{dd}.csv")
    schedule_query(people, "30 2 * * *", "Europe/Berlin", now=SPRING, overlap="allow")

    shown = simulate(times("30 2 * * *", "Europe/Berlin"), 0, SPRING, 4)
    for firing in shown:
        assert tick(firing.starts - timedelta(seconds=1)) == 0
        assert tick(firing.starts) == 1

    slots = list(Job.objects.order_by("slot").values_list("slot", flat=True))
    assert slots == [firing.slot for firing in shown]


def test_runs_of_one_schedule_that_replace_each_others_file_are_told(people, sftp):
    send(people, sftp, "/in/{yyyy}{MM}{dd}.csv")

    first, second, third = simulate(times("0 */12 * * *", "UTC"), 0, SPRING, 3, people)

    assert first.notes == third.notes == []
    assert second.notes == [
        "Replaces the file of the run at 2026-03-29 00:00: it has the same name."
    ]


def test_a_file_that_every_run_replaces_is_meant_to_be(people, sftp):
    send(people, sftp, "/in/latest.csv")

    assert [each.notes for each in simulate(times("0 * * * *", "UTC"), 0, SPRING, 3, people)] == [
        []
    ] * 3


def krux(people, keeper, **settings):
    connector = CONNECTORS["salesforce_dmp"]
    login = {"client_name": "client-a", "access_key_id": "a", "secret_access_key": "b"}
    authentication = Authentication(name="Krux", type=connector.name, owner=keeper)
    authentication.replace_settings(connector.Authentication.from_json(login).cleaned_data)
    authentication.save()
    people.authentication = authentication
    people.export = connector.Export.from_json(settings).cleaned_data
    people.save()


@pytest.mark.parametrize("append", [False, True])
def test_two_runs_in_one_day_of_utc_are_told_where_they_replace_each_other(people, keeper, append):
    krux(people, keeper, append=append)

    # Eight in the morning of Tokyo is still the day before in UTC.
    runs = simulate(times("0 8,10 * * *", "Asia/Tokyo"), 0, SPRING, 4, people)

    days = [firing.path.split("/")[-2] for firing in runs]
    assert days == ["2026-03-28", "2026-03-29", "2026-03-29", "2026-03-30"]
    assert runs[0].path.startswith("s3://krux-partners/client-a/uploads/")
    told = ["Replaces the file of the run at 2026-03-29 10:00: it has the same name."]
    assert [firing.notes for firing in runs] == [[], [], [] if append else told, []]
