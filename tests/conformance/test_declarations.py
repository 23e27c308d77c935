"""Every connector of the catalog keeps these promises."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from django import forms
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from console.engines import QueryError, get_engine
from integrations import checks, reference
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Connector
from integrations.result import parse_result
from integrations.settings_form import SettingsForm, only_when
from integrations.settings_json import MASK

every_connector = pytest.mark.parametrize("connector", CONNECTORS.values(), ids=CONNECTORS)
SECRET = "s3cret-of-the-test"


def forms_of(connector):
    return connector.Authentication, connector.Export


@every_connector
def test_it_is_well_declared(connector):
    assert not list(checks.problems(connector))


@every_connector
def test_its_schemas_are_json_schema(connector):
    for form in forms_of(connector):
        schema = json.loads(json.dumps(form.json_schema(defaults=connector.json_defaults)))
        assert schema["type"] == "object" and schema["additionalProperties"] is False
        assert set(schema["required"]) <= schema["properties"].keys()
        for name, described in schema["properties"].items():
            assert described["type"] in ("string", "integer", "boolean", "object")
            assert described.get("writeOnly", False) == (name in form.secrets())
            if "default" in described and "enum" in described:
                assert described["default"] in described["enum"]
        for rule in schema["allOf"]:
            [needed] = rule["then"]["required"]
            assert needed in schema["properties"]
            assert rule["if"]["properties"].keys() <= schema["properties"].keys()


@every_connector
def test_every_setting_has_a_label_and_a_word_of_help_where_it_is_not_obvious(connector):
    obvious = ("Port", "Password")
    for form in forms_of(connector):
        for name, field in form.base_fields.items():
            assert field.label, name
            assert field.help_text or field.label in obvious or hasattr(field, "choices"), name


@every_connector
def test_it_never_shows_a_stored_secret(connector):
    for form_class in forms_of(connector):
        stored = dict.fromkeys(form_class.base_fields, SECRET)
        for form in (form_class(stored=stored), form_class({}, stored=stored)):
            for name in form.secrets():
                assert SECRET not in str(form[name]), name
            form.is_valid()
            assert SECRET not in repr(form)


@every_connector
def test_it_never_shows_an_entered_secret(connector):
    for form_class in forms_of(connector):
        form = form_class(dict.fromkeys(form_class.secrets(), SECRET))
        form.is_valid()
        assert SECRET not in form.as_div() and SECRET not in repr(form)
        assert SECRET not in render_to_string("integrations/_fields.html", {"form": form})
        assert SECRET not in str(form.errors.as_json())


@every_connector
def test_its_instances_do_not_show_their_settings(connector):
    assert SECRET not in repr(connector({"password": SECRET}, {"public_key": SECRET}))


@every_connector
def test_its_logo_is_a_picture_without_script(connector):
    logo = finders.find(f"connectors/{connector.name}.svg")
    text = Path(logo).read_text()
    assert text.startswith("<svg") and "<script" not in text and "style=" not in text


@every_connector
def test_its_reference_has_a_row_for_each_setting(connector):
    rows = [row for _, settings in reference.sections(connector) for row in settings]

    assert {row.name for row in rows} == {
        *connector.Authentication.base_fields,
        *connector.Export.base_fields,
    }
    assert all(row.kind and row.need for row in rows)


@every_connector
def test_the_example_of_its_reference_lacks_nothing_but_the_secrets(connector):
    example = json.loads(reference.example(connector))

    try:
        parse_result(example)
        refused = {}
    except ValidationError as error:
        refused = error.message_dict

    assert set(refused) == {name for name, value in example.items() if value == MASK}


@every_connector
def test_its_example_query_is_read_to_its_tables(connector):
    said = refusal(connector.example_query)

    assert not said or said.startswith("There is no table shop.")


def refusal(sql):
    try:
        get_engine("trino").plan(sql, database="shop", tables={"shop": {}})
    except QueryError as refused:
        return str(refused)
    return ""


@every_connector
def test_it_has_decided_what_a_test_with_a_few_rows_does(connector):
    assert connector.few_rows is not Connector.few_rows
    for settings_ in kinds_of(connector):
        few = connector({}, settings_).few_rows()
        assert few.told.endswith(".") and few.told[0].isupper()


def kinds_of(connector):
    """Yield settings of each kind that the radio buttons and lists of its export can make."""
    usual = connector.Export.defaults()
    yield usual
    for name, field in connector.Export.base_fields.items():
        for value, _ in getattr(field, "choices", ()):
            yield usual | {name: value}


def test_what_does_not_say_has_no_test():
    class Newcomer(Connector):
        label = "Newcomer"

    assert not Newcomer({}).few_rows().offered


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
JSON = st.recursive(VALUES, lambda v: st.lists(v, max_size=2) | st.dictionaries(st.text(), v))


@every_connector
@settings(deadline=None)
@given(data=st.data())
def test_whatever_a_json_holds_it_is_read_or_refused(connector, data):
    known = [*connector.Authentication.base_fields, *connector.Export.base_fields]
    names = st.sampled_from([*known, *connector.aliases, *connector.blocks]) | st.text(max_size=5)
    result = data.draw(st.dictionaries(names, JSON, max_size=6)) | {"type": connector.name}

    with suppress(ValidationError):
        parse_result(result)


class Careless(SettingsForm):
    """Declares a condition on a setting that is not there."""

    name = only_when(forms.CharField(), a="b")


class Broken:
    name = "No Slug"
    label = description = category = ""
    Authentication = Export = Careless
    aliases = {"name": "nothing"}
    json_defaults = {"colour": "red"}
    blocks = {"formatter": {"type": "format"}}


def test_the_check_says_what_is_wrong():
    said = "\n".join(checks.problems(Broken))

    for problem in (
        "the name must be",
        "the label is missing",
        "the example query is missing",
        "no logo static/connectors/No Slug.svg",
        "name has no label",
        "name depends on a",
        "name is a name that is taken",
        "name is in both forms",
        "whose does not tell one account from others",
        "the alias name leads to nothing",
        "the alias name is a setting itself",
        "json_defaults leads to colour",
        "the block formatter leads to format",
    ):
        assert problem in said, problem
