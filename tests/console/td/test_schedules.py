"""`td sched:*`."""

import json

from console.models import Query, Schedule
from console.schedules import follow_query


def test_schedules_are_made_listed_and_deleted(td, shop):
    made = td("sched:create", "daily", "0 9 * * *", "-d", "shop", "-t", "Asia/Tokyo", "SELECT 1")
    again = td("sched:create", "daily", "@daily", "-d", "shop", "SELECT 1")
    [row] = json.loads(td("sched:list", "-f", "json")[1])

    assert made[1].startswith("Schedule 'daily' is created. It starts at ")
    assert again == (1, "", "Schedule 'daily' already exists.\n")
    assert (row["Name"], row["Cron"], row["Timezone"]) == ("daily", "0 9 * * *", "Asia/Tokyo")
    assert td("sched:delete", "daily")[1] == "Schedule 'daily' is deleted.\n"
    assert td("sched:delete", "daily")[0] == 1
    assert not Schedule.objects.exists()


def test_a_schedule_without_a_time_never_runs(td, shop):
    _, out, _ = td("sched:create", "idle", "", "-d", "shop", "SELECT 1")

    assert out == "Schedule 'idle' is created, which never runs.\n"
    assert Query.objects.get().versions.count() == 1


def test_an_admin_deletes_no_schedule_by_chance(td, shop, keeper, colleague):
    for name in ("mia", "otto"):
        td("sched:create", "daily", "@daily", "-d", "shop", "SELECT 1", as_user=name)

    status, _, err = td("sched:delete", "daily", as_user="ada")

    assert (status, Schedule.objects.count()) == (1, 2)
    assert err == "Several people have a schedule 'daily'. Name the owner with -a / --as.\n"

    td("sched:create", "daily", "@daily", "-d", "shop", "SELECT 1", as_user="ada")
    td("sched:delete", "daily", as_user="ada")

    assert {query.owner.username for query in Query.objects.filter(schedule__isnull=False)} == {
        "mia",
        "otto",
    }


def test_a_wrong_cron_changes_nothing(td, shop):
    status, _, err = td("sched:create", "odd", "61 * * * *", "-d", "shop", "SELECT 1")

    assert (status, err) == (1, "Minute: 61 is outside 0 to 59.\n")
    assert not Query.objects.exists()


def test_a_schedule_that_runs_after_another_query_is_listed_and_deleted(td, shop):
    for name in ("first", "second"):
        td("sched:create", name, "@daily", "-d", "shop", "SELECT 1")
    follow_query(Query.objects.get(name="second"), Query.objects.get(name="first"))

    rows = json.loads(td("sched:list", "-f", "json")[1])

    assert [(row["Name"], row["Cron"]) for row in rows] == [
        ("first", "@daily"),
        ("second", "after first"),
    ]
    assert td("sched:delete", "second")[1] == "Schedule 'second' is deleted.\n"
