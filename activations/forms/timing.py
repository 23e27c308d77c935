"""When an activation runs: never by itself, at times, or after each refresh of the customers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone as clock

from console.forms.schedules import AFTER, CHOICES, ScheduleForm, entries
from console.models import Query, Schedule
from console.schedules import follow_query, schedule_query
from console.schedules.chains import course_after
from console.schedules.times import columns

WHEN = CHOICES | {AFTER: "After each refresh of the parent segment"}


class TimingForm(ScheduleForm):
    """The schedule of an activation."""

    when = forms.ChoiceField(label="Schedule", choices=WHEN, required=False)
    by_hand = forms.BooleanField(
        label="also after refreshes that somebody starts by hand", required=False
    )

    @property
    def follows(self) -> bool:
        return self.cleaned_data.get("when") == AFTER

    def put(self, query: Query, parent):
        """Put a query on the schedule, or take it off."""
        delay = self.cleaned_data["delay"]
        if self.follows:
            by_hand = self.cleaned_data["by_hand"]
            return follow_query(query, parent.query, by_hand=by_hand, delay=delay, **self.policies)
        return schedule_query(query, self.times, delay=delay, **self.policies)

    def planned(self, parent) -> Schedule | None:
        """Return the Schedule, not saved, as it would be; None for none, or where it is wrong."""
        if not self.is_valid():
            return None
        if self.follows:
            course = course_after(parent.query, 0)
            return Schedule(timezone=course.timezone, next_slot=course.next_slot)
        if self.times.rule.never:
            return None
        coming = self.coming
        return Schedule(**columns(coming), next_slot=coming.next(clock.now()))


def timing_entries(query: Query, parent) -> dict:
    """Return what the form's fields hold for a query, be it new."""
    trigger = query.schedule and query.schedule.follows
    found = entries(query) | {"by_hand": bool(trigger and trigger.by_hand)}
    return found if query.schedule else found | {"timezone": parent.timezone}


def slot_of(schedule: Schedule | None) -> datetime:
    """Return the slot of the next run, or now, in the time zone of the schedule."""
    zone = ZoneInfo(schedule.timezone if schedule else "UTC")
    return ((schedule and schedule.next_slot) or clock.now()).astimezone(zone)
