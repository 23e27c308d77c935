"""How often something repeats, from when and until when, as marketers say it."""

import calendar
from datetime import date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.fields import BaseTemporalField
from django.utils import timezone as clock

from console.models import Schedule
from console.schedules import CronError, Repeat, Times, parse, times
from console.schedules.clocks import existing, wall_of
from console.schedules.keeping import continued
from integrations.hidden_fields import HiddenFields

ONCE, CRON = "once", "cron"
UNITS = {
    ONCE: "Does not repeat",
    "hour": "Hours",
    "day": "Days",
    "week": "Weeks",
    "month": "Months",
    CRON: "Custom cron…",
}
NOUNS = {"hour": "hours", "day": "days", "week": "weeks", "month": "months"}
WEEKDAYS = list(enumerate(calendar.day_name, 1))
LAST = 31
SHORTEST = 28
MOST_MONTHS_AHEAD = 6
MOST_EVERY = 365
EARLIEST, LATEST = datetime(2000, 1, 1), date(2199, 12, 31)  # noqa: DTZ001 - a clock's time


def day_label(day):
    if day == LAST:
        return "the last day"
    return f"{day}" if day <= SHORTEST else f"{day}, or the last day of a shorter month"


class WallTime(BaseTemporalField):
    """A date and time as a clock on the wall shows it, in a time zone that is entered beside."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    input_formats = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
    default_error_messages = {"invalid": "Enter a date and a time, such as 2026-12-01 09:00."}

    def to_python(self, value):
        if isinstance(value, datetime):
            return value
        return None if value in self.empty_values else super().to_python(value)

    def strptime(self, value, format):
        wall = datetime.strptime(value, format)  # noqa: DTZ007 - its zone is another field
        return wall.replace(second=0)


class RepeatForm(HiddenFields):
    """A rule with its start, end and time zone.

    `times` is what `schedule_query()` takes. Where a schedule is given, what is saved already
    is accepted although it could not be entered any more.
    """

    unit = forms.ChoiceField(label="Repeat", choices=UNITS, initial=ONCE, required=False)
    every = forms.IntegerField(
        label="Every", initial=1, min_value=1, max_value=MOST_EVERY, required=False
    )
    weekdays = forms.TypedMultipleChoiceField(
        label="On",
        coerce=int,
        choices=WEEKDAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    month_day = forms.TypedChoiceField(
        label="On day",
        coerce=int,
        choices=[(day, day_label(day)) for day in range(1, LAST + 1)],
        initial=1,
        required=False,
    )
    at = forms.TimeField(
        label="At",
        initial=time(9),
        required=False,
        error_messages={"invalid": "Enter a time of day, such as 09:00."},
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    cron = forms.CharField(
        label="Cron",
        required=False,
        strip=False,
        max_length=200,
        help_text="minute hour day-of-month month day-of-week, one space between them.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    start = WallTime(
        label="Start",
        required=False,
        validators=[MinValueValidator(EARLIEST, "This is too long ago.")],
        help_text=f"Empty: from now on. At most {MOST_MONTHS_AHEAD} months ahead.",
    )
    end = forms.DateField(
        label="End",
        required=False,
        validators=[MaxValueValidator(LATEST, "This is too far ahead. Leave it empty for no end.")],
        help_text="The last day. Empty: never.",
        error_messages={"invalid": "Enter a date, such as 2027-03-31."},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    timezone = forms.CharField(
        label="Time zone",
        initial="UTC",
        widget=forms.TextInput(attrs={"list": "timezones", "autocomplete": "off"}),
    )

    # The units for which a field applies; that of others is ignored.
    applies = {
        "every": tuple(NOUNS),
        "weekdays": ("week",),
        "month_day": ("month",),
        "at": ("day", "week", "month"),
        "cron": (CRON,),
        "end": (*NOUNS, CRON),
    }

    def __init__(self, *given, schedule: Schedule | None = None, **options):
        super().__init__(*given, **options)
        self.schedule, self.saved = schedule, initial_of(schedule) if schedule else {}
        for name, units in self.applies.items():
            conditions = (f"{self.add_prefix('unit')}={unit}" for unit in units)
            self.fields[name].widget.attrs["data-when"] = " ".join(conditions)

    def clean_timezone(self):
        name = self.cleaned_data["timezone"]
        if name not in zones():
            raise forms.ValidationError(
                "There is no such time zone. Choose one of the list, such as Europe/Berlin."
            )
        return name

    def clean(self):
        settings = super().clean()
        settings["unit"] = self.chosen_unit()
        for name, units in self.applies.items():
            if settings["unit"] not in units:
                settings[name] = None
                self.errors.pop(name, None)
        if settings.get("timezone"):
            self.check_limits()
        if not self.errors:
            settings["rule"] = self.rule()
        if not self.errors and settings["rule"] and settings["end"] and not self.keeps("end"):
            self.check_runs()
        return settings

    def chosen_unit(self) -> str:
        return self.cleaned_data.get("unit") or ONCE

    def rule(self) -> str | Repeat:
        """Return what was entered as a cron expression or a Repeat; empty for none."""
        unit = self.cleaned_data["unit"]
        if unit == CRON:
            return self.custom_cron()
        given = self.cleaned_data
        if unit == "week" and not given["weekdays"]:
            self.add_error("weekdays", "Choose at least one day of the week.")
        if unit in self.applies["at"] and given["at"] is None:
            self.add_error("at", "Enter a time of day, such as 09:00.")
        if self.errors or not unit or (unit == ONCE and not given["start"]):
            return ""
        weekdays, day = frozenset(given["weekdays"] or ()), given["month_day"] or None
        day = day or (1 if unit == "month" else None)
        return Repeat(unit, given["every"] or 1, weekdays, day, given["at"])

    def custom_cron(self):
        cron = self.cleaned_data.get("cron") or ""
        try:
            parse(cron)  # An empty one is no schedule, as at TD.
        except CronError as error:
            self.add_error("cron", str(error))
        return cron

    def check_limits(self):
        """Add what is wrong with a start or an end, but for what is saved already."""
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        now = wall_of(clock.now(), ZoneInfo(self.cleaned_data["timezone"]))
        if start and not self.keeps("start"):
            self.check_start(start, now)
        if end and start and end < start.date():
            self.add_error("end", "The end is before the start.")
        elif end and end < now.date() and not self.keeps("end"):
            self.add_error("end", "This day has passed. Choose a later one.")

    def check_start(self, start, now):
        if start.date() > months_after(now.date(), MOST_MONTHS_AHEAD):
            self.add_error("start", f"The start is at most {MOST_MONTHS_AHEAD} months ahead.")
        if self.cleaned_data["unit"] == ONCE and start <= now:
            self.add_error("start", "This time has passed. Choose a later one.")

    def check_runs(self):
        """Refuse an end that comes before the first run."""
        if self.coming.next(clock.now()) is None:
            self.add_error("end", "No run lies between the start and the end. Choose a later one.")

    def keeps(self, name):
        """Return whether a field holds what is saved."""
        return all(
            self.cleaned_data.get(each) == self.saved.get(each) for each in (name, "timezone")
        )

    @property
    def nouns(self):
        return NOUNS.items()

    @property
    def times(self) -> Times:
        """When it runs. Where no start was entered, that is for `schedule_query()` to choose."""
        given = self.cleaned_data
        start = given["start"] and existing(given["start"], ZoneInfo(given["timezone"]))
        return times(given["rule"], given["timezone"], start, given["end"])

    @property
    def coming(self) -> Times:
        """When it would run, were it saved now."""
        return continued(self.times, self.schedule, clock.now())


def initial_of(schedule: Schedule | None) -> dict:
    """Return what the form's fields hold for a schedule, or for none."""
    if schedule is None or schedule.follows:
        return {"unit": ONCE, "timezone": schedule.timezone if schedule else "UTC"}
    start = schedule.starts_at and wall_of(schedule.starts_at, ZoneInfo(schedule.timezone))
    limits = {"start": start, "end": schedule.ends_on, "timezone": schedule.timezone}
    if not schedule.repeat:
        return limits | {"unit": CRON if schedule.cron else ONCE, "cron": schedule.cron}
    return limits | {
        "unit": schedule.repeat,
        "every": schedule.every,
        "weekdays": [int(digit) for digit in schedule.weekdays],
        "month_day": schedule.month_day or 1,
        "at": schedule.at,
    }


def months_after(day: date, number: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@cache
def zones():
    """Return the names of all time zones. They are looked for in hundreds of files: once."""
    return frozenset(available_timezones())


def timezones():
    """Return the names of all time zones, the plain UTC first."""
    return ["UTC", *sorted(zones() - {"UTC", "localtime"})]
