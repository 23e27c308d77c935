"""The definition of a parent segment: its customers, what is known of them, what they did."""

import re
from hashlib import sha256

from django import forms
from django.contrib.auth.models import Group

from activations.forms.columns import AttributeColumnForm, ColumnForm, column_set
from activations.models import ParentSegment
from activations.parents.checking import Keys, cannot_compare
from activations.parents.keys import comparable, family
from activations.parents.sources import Columns, kinds_of
from activations.rules.audience import DATE, TIME
from console.forms.repeats import zones
from console.tables.names import AUDIENCE
from integrations.meanwhile import SAVED

BEHAVIOR_NAME = re.compile(r"[a-z0-9_]{1,100}")
KEYS = re.compile(r"(.*_)?id", re.IGNORECASE)  # what keys are called
NO_TABLE = "Choose a table."
NO_COLUMN = "Choose a column."
GONE = "{} has no column “{}”. Choose another one."


def table_choices(sources):
    """Return the tables to choose from, by their databases."""
    found = {}
    for path in sorted(sources):
        database, _, name = path.partition(".")
        if not database.startswith(AUDIENCE):
            found.setdefault(database, []).append((path, name))
    return [("", "Choose a table…"), *found.items()]


def column_choices(columns: Columns):
    found = [(name, f"{name} ({kind})") for name, kind in columns.items()]
    return [("", "Choose a column…"), *found]


class Picked(forms.CharField):
    """A table or a column that is chosen from a list; the form says what is on it."""

    widget = forms.Select

    def __init__(self, label, missing=NO_COLUMN, **more):
        errors = {"required": missing}
        super().__init__(label=label, error_messages=errors, strip=False, **more)


class Groups(forms.ModelMultipleChoiceField):
    def __init__(self, **given):
        groups = Group.objects.order_by("name")
        super().__init__(groups, widget=forms.CheckboxSelectMultiple, required=False, **given)


class ParentForm(forms.Form):
    name = forms.CharField(max_length=255)
    master = Picked("Master table", NO_TABLE, help_text="One row for each customer.")
    key = Picked("Key", help_text="The column that tells customers apart.")
    timezone = forms.CharField(
        label="Time zone",
        initial="UTC",
        help_text="In it, rules such as “today” are meant.",
        widget=forms.TextInput(attrs={"list": "timezones", "autocomplete": "off"}),
    )
    readers = Groups(label="Use it")
    unmasked = Groups(label="Use it, and see what is masked")
    opened = forms.CharField(required=False, widget=forms.HiddenInput)
    accepted = forms.CharField(required=False, widget=forms.HiddenInput)

    losses: tuple[str, ...] = ()  # what stops with the next refresh, to be shown

    def __init__(self, data, *, parent: ParentSegment, sources: dict[str, Columns]):
        self.parent, self.sources = parent, sources
        super().__init__(data, initial=initial_of(parent))
        self.fields["master"].widget.choices = table_choices(sources)
        self.columns = sources.get(self["master"].value() or "", {})
        self.fields["key"].widget.choices = column_choices(self.columns)

    def choose(self, columns: Columns) -> None:
        """Offer the columns of a table that was just chosen as keys."""
        self.columns = columns
        self.fields["key"].widget.choices = column_choices(columns)
        self.initial["key"] = next(filter(KEYS.fullmatch, columns), "")

    def clean_name(self):
        name = self.cleaned_data["name"]
        if ParentSegment.objects.exclude(pk=self.parent.pk).filter(name=name).exists():
            raise forms.ValidationError("Another one has this name. Choose a different one.")
        return name

    def clean_master(self):
        return known_table(self.cleaned_data["master"], self.sources)

    def clean_key(self):
        key = self.cleaned_data["key"]
        master = self.cleaned_data.get("master")
        if master and key not in self.columns:
            raise forms.ValidationError(GONE.format(master, key))
        type_ = self.columns.get(key, "")
        if master and not family(type_):
            raise forms.ValidationError(f"A column of the type {type_} cannot be a key.")
        return key

    def clean_timezone(self):
        name = self.cleaned_data["timezone"]
        if name not in zones():
            raise forms.ValidationError(
                "There is no such time zone. Choose one of the list, such as Europe/Berlin."
            )
        return name

    def clean_opened(self):
        opened = self.cleaned_data["opened"]
        if self.parent.pk and opened and opened != version_of(self.parent):
            self.data = self.data.copy()
            self.data["opened"] = version_of(self.parent)
            raise forms.ValidationError(SAVED)
        return opened

    def accepts(self, losses: list[str]) -> bool:
        """Return whether the person was shown what stops, and saved again; else show it."""
        mark = sha256("\n".join(losses).encode()).hexdigest()[:16]
        if not losses or self.cleaned_data["accepted"] == mark:
            return True
        self.losses = tuple(losses)
        self.data = self.data.copy()
        self.data["accepted"] = mark
        self.add_error(None, "Something uses what you take away. Save again to do so all the same.")
        return False


def version_of(parent):
    return parent.updated_at.isoformat()


def initial_of(parent):
    if parent.pk is None:
        return {}
    names = ("name", "master", "key", "timezone")
    groups = {name: getattr(parent, name).all() for name in ("readers", "unmasked")}
    return {name: getattr(parent, name) for name in names} | groups | {"opened": version_of(parent)}


def known_table(path, sources):
    if path not in sources:
        raise forms.ValidationError(f"There is no table {path} that you may read.")
    return path


class JoinedForm(forms.Form):
    """A table that is joined with the customers, and its columns."""

    Column = ColumnForm

    table = Picked("Table", NO_TABLE)
    parent_key = Picked("Key in the master table")
    foreign_key = Picked("Key in this table")

    def __init__(self, data=None, *, sources, master: str, key: str = "", **more):
        super().__init__(data, **more)
        self.sources, self.master = sources, master
        self.types = sources.get(self["table"].value() or "", {})
        self.initial.setdefault("parent_key", key)
        self.fields["table"].widget.choices = table_choices(sources)
        self.fields["parent_key"].widget.choices = column_choices(sources.get(master, {}))
        own = column_choices(self.types)
        for name in {"foreign_key", "time"} & set(self.fields):
            self.fields[name].widget.choices = own
        kept = self.initial.get("columns")
        self.columns = column_set(self.Column, data, f"{self.prefix}-columns", self.types, kept)

    def clean_table(self):
        return known_table(self.cleaned_data["table"], self.sources)

    def clean(self):
        found = super().clean()
        for name, table in (("parent_key", self.master), ("foreign_key", found.get("table"))):
            column = found.get(name)
            if table and column and column not in self.sources.get(table, {}):
                self.add_error(name, GONE.format(table, column))
        if not self.errors:
            self.check_types(found)
        if not self.columns.is_valid():
            self.add_error(None, "Some of its columns cannot be used as they are.")
        return found

    def check_types(self, found):
        types = (
            self.sources[self.master].get(found["parent_key"], ""),
            self.types[found["foreign_key"]],
        )
        if not comparable(*types):
            given = {name: found[name] for name in ("table", "parent_key", "foreign_key")}
            keys = Keys(self.master, "", **given)
            self.add_error("foreign_key", cannot_compare(keys, types))

    def entry(self) -> dict:
        """Return the table as a parent segment keeps it."""
        names = ("table", "parent_key", "foreign_key")
        columns = [each.entry() for each in self.columns if each.used]
        return {name: self.cleaned_data[name] for name in names} | {"columns": columns}


class AttributeForm(JoinedForm):
    Column = AttributeColumnForm


class BehaviorForm(JoinedForm):
    name = forms.CharField(max_length=100, help_text="Such as orders.")
    time = Picked("Time", required=False, help_text="The column that says when.")

    field_order = ["name", "table", "parent_key", "foreign_key", "time"]

    def clean_name(self):
        name = self.cleaned_data["name"]
        if not BEHAVIOR_NAME.fullmatch(name):
            raise forms.ValidationError("Use lower-case letters, digits and underscores.")
        return name

    def clean(self):
        found = super().clean()
        time = found.get("time")
        if time and not self.time_kind(time):
            self.add_error("time", f"“{time}” cannot say when: choose times, dates or seconds.")
        blocked = (each for each in self.columns if each.used and each.output == time)
        if time and any(each.cleaned_data.get("visibility") == "blocked" for each in blocked):
            self.add_error("time", "This column is blocked, so it is not built.")
        return found

    def time_kind(self, column):
        kinds = kinds_of(self.types.get(column, ""))
        return next((kind for kind in (TIME, DATE) if kind in kinds), "")

    def entry(self):
        found = super().entry() | {name: self.cleaned_data[name] for name in ("name", "time")}
        if time := found["time"]:
            others = [each for each in found["columns"] if each["column"] != time]
            given = next((each for each in found["columns"] if each["column"] == time), {})
            visibility = given.get("visibility", "clear")
            said = {"column": time, "kind": self.time_kind(time), "visibility": visibility}
            found["columns"] = [said, *others]
        return found
