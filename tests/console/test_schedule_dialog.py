"""The schedule dialog: what it understands, what it says, and what it saves."""

import pytest
from django.urls import reverse

from console.schedules import schedule_query

HTMX = {"HX-Request": "true"}


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def entered(when="custom", cron="", timezone="UTC", **changes):
    delay = {"hours": 0, "minutes": 0, "seconds": 0}
    return {"when": when, "cron": cron, "timezone": timezone} | delay | changes


def save(client, query, given):
    return client.post(reverse("query-schedule", args=[query.pk]), given)


@pytest.mark.parametrize(
    ("given", "cron"),
    [
        (entered("@hourly"), "@hourly"),
        (entered("@daily"), "@daily"),
        (entered(cron="30 */2 1 * *"), "30 */2 1 * *"),
    ],
)
def test_each_choice_of_the_drop_down_schedules(mia, people, given, cron):
    save(mia, people, given | {"timezone": "Europe/Berlin", "hours": 1, "seconds": 30})

    people.refresh_from_db()
    schedule = people.schedule
    assert (schedule.cron, schedule.timezone, schedule.delay) == (cron, "Europe/Berlin", 3630)
    assert schedule.next_slot


@pytest.mark.parametrize("given", [entered(""), entered("custom", cron="")])
def test_none_and_an_empty_cron_take_the_query_off(mia, people, given):
    schedule_query(people, "@daily")

    save(mia, people, given)

    people.refresh_from_db()
    assert people.schedule is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (entered(cron="0 25 * * *"), "Hour: "),
        (entered(cron="0 0 * * * *"), "Five fields are needed, and this has 6"),
        (entered(cron="0  0 * * *"), "space"),
        (entered("@daily", timezone="Mars/Base"), "There is no such time zone."),
        (entered("@daily", minutes=75), "Enter 59 or less."),
        (entered("@yearly"), "Choose one of the list"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_changes(mia, people, given, sentence):
    answer = save(mia, people, given)

    people.refresh_from_db()
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert people.schedule is None


def firings(client, query, **given):
    return client.post(reverse("schedule-firings", args=[query.pk]), entered(**given))


def test_the_next_five_firings_are_shown_in_the_zone_and_in_utc(mia, people):
    shown = firings(mia, people, cron="0 0 1 * 1", timezone="Asia/Tokyo", minutes=5)

    runs = shown.context["firings"]
    page = shown.content.decode()
    assert len(runs) == 5
    assert all(
        run["local_text"].startswith("Mon") and "00:05:00 JST" in run["local_text"] for run in runs
    )
    assert all(run["utc_text"].startswith("Sun") and "15:05:00" in run["utc_text"] for run in runs)
    assert "the day of month is ignored" in page
    assert "Each run starts 5 min later." in page
    said = page.partition('id="live" hx-swap-oob="innerHTML">')[2]
    assert said.startswith("At 00:00 on Mondays") and runs[0]["local_text"] in said


def test_as_many_firings_are_shown_as_are_asked_for(mia, people):
    assert len(firings(mia, people, cron="0 6 * * *", firings=100).context["firings"]) == 100


def test_the_dialog_shows_the_schedule_there_is(mia, people):
    schedule_query(people, "15 6 * * mon", "Europe/Berlin", 3725)

    page = mia.get(reverse("query-schedule", args=[people.pk]), headers=HTMX)

    initial = page.context["schedule_form"].initial
    times = ("when", "cron", "timezone", "hours", "minutes", "seconds")
    assert {name: initial[name] for name in times} == {
        "when": "custom",
        "cron": "15 6 * * mon",
        "timezone": "Europe/Berlin",
        "hours": 1,
        "minutes": 2,
        "seconds": 5,
    }
    assert "At 06:15 on Mondays" in page.content.decode()


def test_without_htmx_the_panel_is_part_of_the_editor(mia, people):
    answer = mia.get(reverse("query-schedule", args=[people.pk]))
    page = mia.get(answer.url)

    assert b'id="schedule"' in page.content and b'id="sql"' in page.content
