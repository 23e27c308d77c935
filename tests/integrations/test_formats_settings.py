"""The settings of a format: their spellings, defaults and what they lead to."""

import pytest
from django.core.exceptions import ValidationError

from integrations.formats import FormatSettings
from integrations.formats.dialect import Dialect, dialect_of

FIELDS = FormatSettings.base_fields


@pytest.mark.parametrize(
    ("name", "spelling", "kept"),
    [
        ("delimiter", "\t", "tab"),
        ("delimiter", r"\t", "tab"),
        ("delimiter", "tab", "tab"),
        ("delimiter", ",", ","),
        ("delimiter", "|", "|"),
        ("delimiter", "", "default"),
        ("delimiter", "Default", "default"),
        ("newline", "\n", "LF"),
        ("newline", r"\n", "LF"),
        ("newline", "\r", "CR"),
        ("newline", "\r\n", "CRLF"),
        ("newline", "CRLF", "CRLF"),
        ("null_string", "", ""),
        ("null_string", r"\N", r"\N"),
        ("null_string", "null", "null"),
        ("quote", "'", "'"),
        ("quote_policy", "ALL", "ALL"),
    ],
)
def test_each_spelling_of_a_setting_is_kept_as_one(name, spelling, kept):
    assert FIELDS[name].clean(spelling) == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [("delimiter", ";"), ("newline", "LFCR"), ("null_string", "nil"), ("quote", "`")],
)
def test_other_values_are_refused(name, value):
    with pytest.raises(ValidationError, match="Choose one of the list"):
        FIELDS[name].clean(value)


def test_nothing_set_is_comma_separated_with_nulls_empty():
    form = FormatSettings.from_json({})

    assert form.is_valid()
    assert dialect_of(form.cleaned_data) == Dialect()


def test_defaults_go_by_the_format():
    form = FormatSettings.from_json({"format": "tsv", "null_string": "default"})

    assert form.is_valid()
    dialect = dialect_of(form.cleaned_data)
    assert (dialect.delimiter, dialect.null) == ("\t", r"\N")


def test_a_line_of_settings_from_the_manual_is_understood():
    form = FormatSettings.from_json(
        {
            "format": "csv",
            "header_line": True,
            "quote_policy": "ALL",
            "delimiter": "\t",
            "null_string": "",
            "newline": "CRLF",
        }
    )

    assert form.is_valid()
    assert dialect_of(form.cleaned_data) == Dialect(delimiter="\t", policy="ALL")
