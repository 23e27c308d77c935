"""Forms of an upload: the file, the table, and the columns of the table."""

import re
from pathlib import Path

from django import forms
from django.conf import settings

from console import tables
from console.engines.imports import SUFFIXES
from console.tables.imports import kind_of

TYPES = ["varchar", "bigint", "integer", "double", "boolean", "date", "timestamp(6)"]


def name_from(file):
    """Return a table's name made of a file's."""
    word = re.sub(r"[^a-z0-9_]+", "_", Path(file).name.split(".")[0].lower()).strip("_")
    return f"{word}_table"[:128] if len(word) < 3 else word[:128]


class FileForm(forms.Form):
    """The first step: which file, and into which database."""

    database = forms.ModelChoiceField(queryset=None, to_field_name="name", empty_label=None)
    file = forms.FileField(
        help_text="CSV or TSV, JSON lines, or Parquet; the first three also packed as .gz.",
        widget=forms.FileInput(attrs={"accept": ",".join([*SUFFIXES, ".gz"])}),
    )

    def __init__(self, *args, databases, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["database"].queryset = databases

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_MAX_MB * 1_000_000:
            raise forms.ValidationError(
                f"The file is larger than the {settings.UPLOAD_MAX_MB:,} MB that may be uploaded."
            )
        if kind_of(file.name) is None:
            raise forms.ValidationError(
                f"The name '{file.name}' does not tell what kind of file it is:"
                f" it ends in none of {', '.join(SUFFIXES)}."
            )
        return file


class TableForm(forms.Form):
    """The second step: the table's name, and what happens to one that is there."""

    name = forms.CharField(label="Table", max_length=128)
    mode = forms.ChoiceField(
        label="What to do",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what happens to the rows that are there.",
            "invalid_choice": "The table has changed: choose what happens to this one.",
        },
    )

    def __init__(self, *args, database, **kwargs):
        super().__init__(*args, **kwargs)
        name = (self["name"].value() or "").strip()
        self.table = database.tables.filter(name=name).first()
        mode = self.fields["mode"]
        mode.choices = choices(self.table)
        mode.initial = None if self.table else "create"
        if self["mode"].value() == "create" and not self.table:
            mode.widget = forms.HiddenInput()

    def clean_name(self):
        name = self.cleaned_data["name"]
        try:
            tables.check_name(name)
        except tables.TableError as error:
            raise forms.ValidationError(str(error)) from error
        return name

    def clean_mode(self):
        mode, _, _ = self.cleaned_data["mode"].partition(":")
        if mode == "create" and self.table:
            self.add_error("name", f"There already is a table {self.table}. Use another name.")
        return mode


def choices(table):
    """Return what can be done, in words; the values name the table that the words are about."""
    if table is None:
        return [("create", "Create the table")]
    rows, lost = f"{table.rows:,} rows of {table.name}", "which are then lost"
    if table.rows == 1:
        rows, lost = f"1 row of {table.name}", "which is then lost"
    return [
        (f"append:{table.name}", f"Add the rows of the file to the {rows}"),
        (f"replace:{table.name}", f"Replace the {rows}, {lost}"),
        ("create", "Create a new table, with another name"),
    ]


class ColumnForm(forms.Form):
    name = forms.CharField(max_length=128, strip=False)
    type = forms.ChoiceField(choices=[])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        sniffed = self.initial.get("type")
        types = TYPES if sniffed in TYPES or not sniffed else [sniffed, *TYPES]
        self.fields["type"].choices = [(each, each) for each in types]


class Columns(forms.BaseFormSet):
    def columns(self):
        """Return the columns as the person wants them: [(name, type), …]."""
        return [(form.cleaned_data["name"], form.cleaned_data["type"]) for form in self]


ColumnForms = forms.formset_factory(
    ColumnForm, formset=Columns, extra=0, max_num=2000, absolute_max=2000
)
