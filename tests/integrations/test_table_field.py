"""A setting that is a small table: as JSON, as rows of fields, and what is wrong with it."""

import json

import pytest
from django.http import QueryDict

from integrations.settings_form import SettingsForm
from integrations.settings_json import schema
from integrations.table_field import SPARE, Cell, TableField

CELLS = {"to": Cell("Called"), "kind": Cell("Kind", {"": "—", "INT": "number", "TEXT": "text"})}
TABLE = {"a": {"to": "A", "kind": "INT"}, "b": {"kind": "TEXT"}}
SENT = "t-0-name=a&t-0-to=A&t-0-kind=INT&t-1-name=b&t-1-to=+&t-1-kind=TEXT&t-2-name=&t-2-kind="


class Settings(SettingsForm):
    t = TableField(label="Columns", names="Column", cells=CELLS, help_text="Which.")


def test_it_is_an_object_of_objects_in_json():
    form = Settings.from_json({"t": TABLE | {"c": {"to": ""}, "d": {}}})

    assert not form.errors
    assert form.cleaned_data == {"t": TABLE}


def test_nothing_said_is_an_empty_table():
    assert Settings.from_json({}).cleaned_data == {"t": {}}


def test_rows_of_fields_make_the_same():
    form = Settings(QueryDict(SENT))

    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"t": TABLE}


def test_the_fields_of_a_stored_table_send_it_back_unchanged():
    from html.parser import HTMLParser

    sent = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            given = dict(attrs)
            if tag in ("input", "select"):
                self.name = given["name"]
                sent[self.name] = given.get("value", "")
            if tag == "option" and "selected" in given:
                sent[self.name] = given["value"]

    Reader().feed(str(Settings(stored={"t": TABLE})["t"]))

    assert len([name for name in sent if name.endswith("-name")]) == 2 + SPARE
    assert (form := Settings(sent)).is_valid() and form.cleaned_data == {"t": TABLE}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("a", "Must be an object, not text."),
        ([], "Must be an object, not a list."),
        ({"a": "INT"}, "Column a: must be an object."),
        ({"a": {"type": "INT"}}, "Column a: type is not known. There are to, kind."),
        ({"a": {"kind": "int"}}, "Column a: kind must be one of INT, TEXT."),
        ({"a": {"to": 1}}, "Column a: to must be a text"),
        ({"": {"to": "x"}}, "must be an object"),
    ],
)
def test_what_is_wrong_is_said_with_the_row(table, said):
    assert said in " ".join(Settings.from_json({"t": table}).errors["t"])


def test_a_name_that_is_there_twice_is_refused_and_shown_again():
    form = Settings(QueryDict(SENT.replace("name=b", "name=a")))

    assert form.errors["t"] == ["Column a is there twice."]
    assert str(form["t"]).count('value="a"') == 2


def test_what_is_entered_is_text_on_the_page():
    assert "<b>" not in str(Settings(stored={"t": {"<b>": {"to": '"><b>'}}})["t"])


def test_its_schema_describes_the_rows():
    described = json.loads(json.dumps(schema(Settings().fields, secrets=(), defaults={})))

    rows = described["properties"]["t"]["additionalProperties"]
    assert described["properties"]["t"]["type"] == "object"
    assert rows["properties"]["kind"]["enum"] == ["", "INT", "TEXT"]
