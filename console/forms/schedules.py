"""When a query runs: the drop-down of the seeds, zone, delay, policies, and who hears of it."""

from django import forms
from django.contrib.auth.models import User

from console.forms.repeats import CRON, NOUNS, ONCE, UNITS, RepeatForm, initial_of
from console.models import Schedule
from console.schedules.cron import WORDS

CUSTOM, REPEAT, AFTER = "custom", "repeat", "after"
NOTIFYING = ("notify_failure", "notify_success")
MOST_NOTIFIED = 20
POLICIES = ("overlap", "missed", "missed_most", "missed_hours")
CHOICES = {
    "": "None",
    "@hourly": "@hourly (:00)",
    "@daily": "@daily (midnight)",
    CUSTOM: "Custom cron…",
    REPEAT: "Repeat…",
    AFTER: "After another query…",
}


class People(forms.ModelMultipleChoiceField):
    """People who can get mail."""

    def __init__(self, **given):
        able = User.objects.filter(is_active=True).exclude(email="").order_by("username")
        super().__init__(able, widget=forms.CheckboxSelectMultiple, required=False, **given)

    def label_from_instance(self, user):
        return (
            f"{user.get_full_name()} ({user.username})" if user.get_full_name() else user.username
        )

    def clean(self, value):
        chosen = super().clean(value)
        if len(chosen) > MOST_NOTIFIED:
            raise forms.ValidationError(
                f"{len(chosen)} people are chosen, and {MOST_NOTIFIED} is the most."
            )
        return chosen


class ScheduleForm(RepeatForm):
    when = forms.ChoiceField(label="Schedule", choices=CHOICES, required=False)
    unit = forms.ChoiceField(
        label="Repeat",
        choices={ONCE: "Once, at the start"} | {unit: UNITS[unit] for unit in NOUNS},
        initial="day",
        required=False,
    )
    hours = forms.IntegerField(label="Hours", initial=0, min_value=0, max_value=23)
    minutes = forms.IntegerField(label="Minutes", initial=0, min_value=0, max_value=59)
    seconds = forms.IntegerField(label="Seconds", initial=0, min_value=0, max_value=59)
    overlap = forms.ChoiceField(
        label="While an earlier run is not done",
        choices=Schedule.Overlap,
        initial=Schedule.Overlap.QUEUE,
        required=False,
    )
    missed = forms.ChoiceField(
        label="Slots that were missed",
        choices=Schedule.Missed,
        initial=Schedule.Missed.LAST,
        required=False,
        help_text="While the console did not run. Runs that were paused are not missed.",
    )
    missed_most = forms.IntegerField(
        label="At most", initial=10, min_value=1, max_value=100, required=False
    )
    missed_hours = forms.IntegerField(
        label="Not older than", initial=24, min_value=1, max_value=24 * 7, required=False
    )

    firings = forms.TypedChoiceField(
        label="Next runs", coerce=int, empty_value=5, required=False,
        choices=[(5, "5"), (20, "20"), (100, "100")],
        widget=forms.Select(attrs={"data-unsaved": ""}),  # it is about the page alone
    )  # fmt: skip
    notify_failure = forms.BooleanField(label="a run fails, or works again", required=False)
    notify_success = forms.BooleanField(label="a run succeeds", required=False)
    notified = People(label="To")

    def __init__(self, *given, **options):
        super().__init__(*given, **options)
        own = {"unit": [REPEAT], "start": [*WORDS, CUSTOM, REPEAT], "end": [*WORDS, CUSTOM]}
        for name, choices in own.items():
            attrs = self.fields[name].widget.attrs
            conditions = [f"{self.add_prefix('when')}={choice}" for choice in choices]
            attrs["data-when"] = " ".join([*conditions, attrs.get("data-when", "")]).strip()

    def chosen_unit(self):
        when = self.cleaned_data.get("when", "")
        if when == REPEAT:
            return super().chosen_unit()
        return CRON if when in (*WORDS, CUSTOM) else ""

    def rule(self):
        when = self.cleaned_data["when"]
        given = self.cleaned_data
        if given["unit"] == ONCE and not given["start"]:
            self.add_error("start", "Enter when it is to run.")
        return when if when in WORDS else super().rule()

    def clean(self):
        settings = super().clean()
        if not settings["unit"]:
            settings["start"] = None
        parts = [settings.get(name) or 0 for name in ("hours", "minutes", "seconds")]
        settings["delay"] = parts[0] * 3600 + parts[1] * 60 + parts[2]
        return settings

    @property
    def policies(self):
        """The fields of a Schedule that this form has; those that were not sent stay."""
        return {name: self.cleaned_data[name] for name in POLICIES if self.cleaned_data.get(name)}


def entries(query):
    """Return what the form's fields hold for a query, on a schedule or not."""
    notifying = {name: getattr(query, name) for name in NOTIFYING}
    people = [user.pk for user in query.notified.all()] if query.pk else []
    return of_schedule(query.schedule or Schedule(cron="")) | notifying | {"notified": people}


def of_schedule(schedule):
    timing = initial_of(schedule)
    minutes, seconds = divmod(schedule.delay, 60)
    hours, minutes = divmod(minutes, 60)
    known = schedule.cron in CHOICES
    return timing | {
        "when": when_of(schedule),
        "unit": schedule.repeat or "day",
        "cron": "" if known else schedule.cron,
        "hours": hours,
        "minutes": minutes,
        "seconds": seconds,
        **{name: getattr(schedule, name) for name in POLICIES},
    }


def when_of(schedule):
    if schedule.follows:
        return AFTER
    if schedule.repeat:
        return REPEAT
    return schedule.cron if schedule.cron in CHOICES else CUSTOM
