"""The cron grammar, as the documentation of the product it follows describes it."""

import pytest

from console.schedules import CronError, describe, parse

# Day of month, day of week, which is followed.
CONFLICTS = [
    ("1", "1", "week"),
    ("1,15", "1", "week"),
    ("13", "fri", "week"),
    ("1,8,15,22", "mon", "week"),
    ("1,8,15,22,29", "mon", "month"),
    ("1-15", "1", "month"),
    ("1-4", "1", "week"),
    ("1-5", "1", "month"),
    ("*/5", "1", "month"),
    ("*/5", "1,2", "week"),
    ("5,*/10,25", "sat,sun", "week"),
    ("1-28", "1-5", "month"),
    ("*/1", "1", "month"),
    ("1-31", "0-6", "week"),
]


@pytest.mark.parametrize(("days", "weekdays", "followed"), CONFLICTS)
def test_of_two_kinds_of_days_the_more_frequent_is_followed(days, weekdays, followed):
    cron = parse(f"0 0 {days} * {weekdays}")

    assert cron.ignored == {"week": "day of month", "month": "day of week"}[followed]
    assert (cron.days is None, cron.weekdays is None) == (followed == "week", followed == "month")


def test_the_months_count_when_days_conflict():
    assert parse("0 0 1-4 2 1").ignored == "day of month"
    assert parse("0 0 31 2 1").ignored == "day of month"


def test_as_many_days_as_weekdays_is_a_tie_that_weekdays_win():
    cron = parse("0 0 1-31 * 0-6")

    assert cron.tie
    assert "just as often" in describe(cron)


def test_a_step_means_the_numbers_it_divides():
    assert parse("0 0 */5 * *").days == {5, 10, 15, 20, 25, 30}
    assert parse("0 0 * */3 *").months == {3, 6, 9, 12}
    assert parse("*/20 */8 * * *").minutes == {0, 20, 40}
    assert parse("*/20 */8 * * *").hours == {0, 8, 16}


def test_a_list_takes_values_ranges_and_steps():
    assert parse("2,*/5,8-10 * * * *").minutes == {2, 8, 9, 10, *range(0, 60, 5)}
    assert parse("0 0 5,*/10,25 * *").days == {5, 10, 20, 25, 30}


def test_months_and_weekdays_have_names():
    assert parse("0 0 * jan,DEC sun").months == {1, 12}
    assert parse("0 0 * * mon-Fri").weekdays == {1, 2, 3, 4, 5}


def test_nothing_means_no_scheduled_time():
    assert parse("").never
    assert describe("") == "There is no scheduled time."


WRONG = {
    "0  0 * * *": "Exactly one space is needed between two fields.",
    " 0 0 * * *": "There is a space before the first field or after the last one.",
    "0 0 * * * ": "There is a space before the first field or after the last one.",
    "0\t0 * * *": "Fields are separated by a single space, nothing else.",
    "0\u00a00 * * *": "Fields are separated by a single space, nothing else.",
    "0 0 * *": "Five fields are needed, and this has 4.",
    "0 0 * * * *": "Five fields are needed, and this has 6.",
    "@weekly": "'@weekly' is not known; use @hourly, @daily or five fields.",
    "*,1 * * * *": "Minute: '*' cannot be part of a list.",
    "1,,2 * * * *": "Minute: a list has an empty item.",
    "* 5-1 * * *": "Hour: the range '5-1' runs backwards.",
    "*/0 * * * *": "Minute: the step '*/0' is not between */1 and */59.",
    "* */24 * * *": "Hour: the step '*/24' is not between */1 and */23.",
    "60 * * * *": "Minute: 60 is outside 0 to 59.",
    "* * 0 * *": "Day of month: 0 is outside 1 to 31.",
    "* * * 13 *": "Month: 13 is outside 1 to 12.",
    "* * * * 7": "Day of week: 7 is outside 0 to 6 (Sunday is 0).",
    "٣ * * * *": "Minute: '٣' is not a number from 0 to 59.",
    "* * 1-10/2 * *": "Day of month: '1-10/2' is not understood; a step is written */n.",
    "* * L * *": "Day of month: 'L' is not a number from 1 to 31.",
    "* * * * fri#2": "Day of week: 'fri#2' is not a number from 0 to 6 or a name such as sun.",
    "* * * mon *": "Month: 'mon' is not a number from 1 to 12 or a name such as jan.",
    "0 0 31 2 *": "Day of month: this date never occurs in the months given.",
    "0 0 31 4,6,9,11 *": "Day of month: this date never occurs in the months given.",
}


@pytest.mark.parametrize(("cron", "why"), WRONG.items())
def test_a_wrong_expression_is_refused_with_its_field_and_the_reason(cron, why):
    with pytest.raises(CronError) as refused:
        parse(cron)

    assert str(refused.value) == why
    assert refused.value.field == (why.partition(":")[0].lower() if ":" in why else "")


SENTENCES = {
    "@hourly": "Every hour, on the hour.",
    "@daily": "At 00:00 every day.",
    "* * * * *": "Every minute.",
    "*/15 * * * *": "Every 15 minutes.",
    "*/7 * * * *": "At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour.",
    "0 0 1 * *": "At 00:00 on the 1st of every month.",
    "0 0 1-10 * *": "At 00:00 on the days 1 to 10 of every month.",
    "0 0 1,11,21 * *": "At 00:00 on the 1st, 11th and 21st of every month.",
    "0 0 1 * 1": "At 00:00 on Mondays"
    " (the day of month is ignored because Mondays come more often).",
    "30 9 * * mon-fri": "At 09:30 on Mondays to Fridays.",
    "5 4,6 * * sun,sat": "At 04:05 and 06:05 on Saturdays and Sundays.",
    "*/20 9-17 * * *": "At minutes 0, 20 and 40 of hours 9 to 17 every day.",
    "* 3 * jan-mar *": "Every minute of hour 3 in January, February and March.",
    "0 12 29 feb *": "At 12:00 on the 29th in February.",
}


@pytest.mark.parametrize(("cron", "sentence"), SENTENCES.items())
def test_an_expression_is_said_in_a_sentence(cron, sentence):
    assert describe(cron) == sentence
