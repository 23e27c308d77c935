"""Which slots of the past are to run."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone as clock

EARLIEST = MinValueValidator(datetime(2000, 1, 1, tzinfo=UTC), "This is too long ago.")
LATEST = MaxValueValidator(datetime(2199, 12, 31, tzinfo=UTC), "This is too far ahead.")


def moment(**more):
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(widget=widget, validators=[EARLIEST, LATEST], **more)


class RangeForm(forms.Form):
    """A range of time, as the clocks of a zone show it."""

    first = moment(label="From")
    last = moment(label="To")

    def __init__(self, data, *, zone: str):
        super().__init__(data)
        self.zone = ZoneInfo(zone)

    def full_clean(self):
        with clock.override(self.zone):
            super().full_clean()

    def clean(self):
        entered = super().clean()
        first, last = entered.get("first"), entered.get("last")
        if first and last and first > last:
            self.add_error("last", "It is before the first.")
        return entered
