"""When a query runs: the drop-down of the seeds, a time zone and a delay."""

from zoneinfo import available_timezones

from django import forms

from console.schedules import CronError, parse

CUSTOM = "custom"
CHOICES = {
    "": "None",
    "@hourly": "@hourly (:00)",
    "@daily": "@daily (midnight)",
    CUSTOM: "Custom cron…",
}


class ScheduleForm(forms.Form):
    when = forms.ChoiceField(label="Schedule", choices=CHOICES, required=False)
    cron = forms.CharField(
        label="Cron",
        required=False,
        strip=False,
        max_length=200,
        help_text="minute hour day-of-month month day-of-week, one space between them.",
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    timezone = forms.CharField(
        label="Time zone",
        initial="UTC",
        widget=forms.TextInput(attrs={"list": "timezones", "autocomplete": "off"}),
    )
    hours = forms.IntegerField(label="Hours", initial=0, min_value=0, max_value=23)
    minutes = forms.IntegerField(label="Minutes", initial=0, min_value=0, max_value=59)
    seconds = forms.IntegerField(label="Seconds", initial=0, min_value=0, max_value=59)

    def clean_timezone(self):
        name = self.cleaned_data["timezone"]
        if name not in available_timezones():
            raise forms.ValidationError(
                "There is no such time zone. Choose one of the list, such as Europe/Berlin."
            )
        return name

    def clean(self):
        settings = super().clean()
        when = settings.get("when", "")
        if when == CUSTOM:
            settings["cron"] = self.custom_cron()
        else:
            settings["cron"] = when
        parts = [settings.get(name) or 0 for name in ("hours", "minutes", "seconds")]
        settings["delay"] = parts[0] * 3600 + parts[1] * 60 + parts[2]
        return settings

    def custom_cron(self):
        cron = self.cleaned_data.get("cron", "")
        if not cron:  # as at TD, an empty cron is no schedule
            return ""
        try:
            parse(cron)
        except CronError as error:
            self.add_error("cron", str(error))
        return cron


def entries(schedule):
    """Return what the form's fields hold for a schedule, or for none."""
    if schedule is None:
        return {"when": "", "cron": "", "timezone": "UTC", "hours": 0, "minutes": 0, "seconds": 0}
    minutes, seconds = divmod(schedule.delay, 60)
    hours, minutes = divmod(minutes, 60)
    known = schedule.cron in CHOICES
    return {
        "when": schedule.cron if known else CUSTOM,
        "cron": "" if known else schedule.cron,
        "timezone": schedule.timezone,
        "hours": hours,
        "minutes": minutes,
        "seconds": seconds,
    }


def timezones():
    """Return the names of all time zones, the plain UTC first."""
    return ["UTC", *sorted(available_timezones() - {"UTC", "localtime"})]
