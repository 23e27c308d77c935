"""The columns of one table of a parent segment: which are used, as what, and by whom seen."""

import re

from django import forms
from django.forms import formset_factory

from activations.parents.sources import Columns, kinds_of, suggested_kind, suggested_name
from activations.rules.audience import ARRAYS, BOOLEAN, DATE, KEY, NUMBER, TEXT, TIME

MOST = 1000  # columns of a table
NAME = re.compile(r"[a-z0-9_]{1,128}")
KINDS = {
    TEXT: "Text",
    NUMBER: "Number",
    BOOLEAN: "True or false",
    TIME: "Time",
    DATE: "Date",
} | dict(zip(ARRAYS, ("List of texts", "List of numbers"), strict=True))
VISIBILITIES = {"clear": "Clear", "masked": "Masked", "blocked": "Blocked"}


class ColumnForm(forms.Form):
    """A column of a table; one that is not used is not built."""

    use = forms.BooleanField(required=False)
    column = forms.CharField(widget=forms.HiddenInput, max_length=255, strip=False)
    kind = forms.ChoiceField(choices=KINDS, required=False)
    visibility = forms.ChoiceField(choices=VISIBILITIES, required=False, initial="clear")

    def __init__(self, *given, types: Columns, **more):
        super().__init__(*given, **more)
        self.source = self["column"].value() or ""
        self.type = types.get(self.source, "")
        self.kinds = kinds_of(self.type)
        allowed = [(kind, KINDS[kind]) for kind in self.kinds]
        self.fields["kind"].widget.choices = allowed
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{name.capitalize()} of {self.source}"

    def clean(self):
        found = super().clean()
        if not found.get("use"):
            return found
        if not self.type:
            raise forms.ValidationError("The table has no such column any more: do not use it.")
        if found.get("kind") not in self.kinds:
            self.add_error("kind", f"A column of the type {self.type} cannot be used so.")
        if not self.is_text_of_name(found):
            self.add_error("name", "Use lower-case letters, digits and underscores.")
        if self.output == KEY:
            what = "is what the key of a customer is called"
            self.add_error("name" if "name" in self.fields else None, f"{KEY} {what}.")
        return found

    def is_text_of_name(self, found):
        return "name" not in self.fields or NAME.fullmatch(found.get("name", ""))

    @property
    def output(self) -> str:
        """What the column is called in the audience."""
        found = getattr(self, "cleaned_data", {})
        return (found.get("name") if "name" in self.fields else found.get("column")) or ""

    @property
    def used(self) -> bool:
        return bool(getattr(self, "cleaned_data", {}).get("use"))

    def entry(self) -> dict:
        """Return the column as a parent segment keeps it."""
        names = [name for name in self.fields if name != "use"]
        found = {name: self.cleaned_data[name] for name in names}
        return found | {"visibility": found["visibility"] or "clear"}


class AttributeColumnForm(ColumnForm):
    name = forms.CharField(max_length=128, required=False)
    group = forms.CharField(max_length=100, required=False)

    field_order = ["use", "column", "name", "kind", "group", "visibility"]


def column_set(form, data, prefix: str, types: Columns, kept: list[dict] | None):
    """Return the formset of a table's columns, as they are kept, or as they probably are."""
    made = formset_factory(form, extra=0, max_num=MOST, absolute_max=MOST)
    shown = rows(types, kept)
    return made(data, prefix=prefix, initial=shown, form_kwargs={"types": types})


def rows(types: Columns, kept: list[dict] | None) -> list[dict]:
    """Return a row for each column of the table, and for those that it has not any more."""
    by_column = {each["column"]: each | {"use": True} for each in kept or ()}
    found = [by_column.pop(name, suggested(name, type_, kept)) for name, type_ in types.items()]
    return found + list(by_column.values())


def suggested(column, type_, kept):
    return {
        "use": kept is None and bool(kinds_of(type_)),
        "column": column,
        "name": suggested_name(column),
        "kind": suggested_kind(column, type_),
        "visibility": "clear",
    }
