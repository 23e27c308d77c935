"""A setting that is a small table: for each of some names, a few values.

In JSON it is an object of objects, `{"item_price": {"ctName": "Price", "dataType": "FLOAT"}}`;
on pages it is a row of fields for each name, and some empty rows for more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django import forms
from django.template.loader import render_to_string

SPARE = 3  # empty rows on a page
LONGEST = 1024  # characters of a text
NAME = "name"


@dataclass(frozen=True)
class Cell:
    """One column of the table: a text, or a choice."""

    label: str
    choices: dict[str, str] = field(default_factory=dict)  # value -> label; none for a text


class TableWidget(forms.Widget):
    """The table as rows of fields. Its values are a list of rows, each with its name."""

    use_fieldset = True

    def __init__(self, names, cells):
        super().__init__()
        self.names = names  # what the names are, for people: Column
        self.cells = cells

    def value_from_datadict(self, data, files, name):
        return data[name] if name in data else list(rows_of(data, name, self.cells))

    def value_omitted_from_data(self, data, files, name):
        return name not in data and f"{name}-0-{NAME}" not in data

    def id_for_label(self, id_):
        return ""

    def render(self, name, value, attrs=None, renderer=None):
        rows = [*filled(value), *({} for _ in range(SPARE))]
        context = {
            "names": self.names,
            "cells": self.cells.values(),
            "rows": [
                {"name": f"{name}-{n}-{NAME}", "value": row.get(NAME, ""), "cells": each}
                for n, row in enumerate(rows)
                for each in [[self.shown(f"{name}-{n}", key, row) for key in self.cells]]
            ],
        }
        return render_to_string("integrations/_table_field.html", context)

    def shown(self, prefix, key, row):
        cell, value = self.cells[key], row.get(key, "")
        return {
            "name": f"{prefix}-{key}",
            "label": cell.label,
            "value": value,
            "choices": [(each, label, each == value) for each, label in cell.choices.items()],
        }


class TableField(forms.Field):
    """A table of which the rows have names."""

    def __init__(self, *, names, cells, **kwargs):
        self.names, self.cells = names, cells
        super().__init__(required=False, initial={}, widget=TableWidget(names, cells), **kwargs)

    def to_python(self, value):
        """Return {name: {key: value}} with what is filled in."""
        if value in (None, ""):
            return {}
        if not isinstance(value, dict | list):
            raise forms.ValidationError("Must be an object.")
        table = {}
        for name, cells in named(value):
            if name in table:
                raise forms.ValidationError(f"{self.names} {name} is there twice.")
            table[name] = self.checked(name, cells)
        return {name: cells for name, cells in table.items() if cells}

    def checked(self, name, cells):
        if not isinstance(name, str) or not name or not isinstance(cells, dict):
            raise forms.ValidationError(f"{self.names} {name!s:.80}: must be an object.")
        for key, value in cells.items():
            if problem := self.problem(key, value):
                raise forms.ValidationError(f"{self.names} {name:.80}: {problem}")
        return {key: value for key in self.cells if (value := cells.get(key, ""))}

    def problem(self, key, value):
        if key not in self.cells:
            return f"{key!s:.80} is not known. There are {', '.join(self.cells)}."
        cell = self.cells[key]
        if not isinstance(value, str) or len(value) > LONGEST:
            return f"{key} must be a text of at most {LONGEST:,} characters."
        if cell.choices and value and value not in cell.choices:
            return f"{key} must be one of {', '.join(filter(None, cell.choices))}."
        return ""


def rows_of(data, name, cells) -> Iterator[dict]:
    """Yield the rows of a form that was sent."""
    number = 0
    while f"{name}-{number}-{NAME}" in data:
        keys = (NAME, *cells)
        yield {key: data.get(f"{name}-{number}-{key}", "").strip() for key in keys}
        number += 1


def filled(value) -> Iterator[dict]:
    """Yield the rows to show of a table in either form; of anything else, none."""
    if isinstance(value, dict):
        value = [{NAME: name} | cells for name, cells in value.items() if isinstance(cells, dict)]
    for row in value if isinstance(value, list) else ():
        if isinstance(row, dict) and any(row.values()):
            yield row


def named(value) -> Iterator[tuple]:
    """Yield (name, cells) of a table in either form."""
    if isinstance(value, dict):
        yield from value.items()
        return
    for row in filled(value):
        yield row.get(NAME, ""), {key: cell for key, cell in row.items() if key != NAME}
