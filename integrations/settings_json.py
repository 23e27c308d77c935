"""Settings as JSON: what is wrong with those a person wrote, and the schema of all there are."""

import json
from difflib import get_close_matches

from django import forms

from integrations.table_field import TableField

JSON_TYPES = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}
MASK = "***"


def problems(form, given):
    """Yield (name, problem) for each given setting that cannot be what its writer meant."""
    for name, value in given.items():
        field = form.base_fields.get(name)
        if field is None:
            yield name, unknown(name, form.base_fields)
        elif problem := mistake(field, value) or contradiction(form, field, value):
            yield name, problem
        elif name in form.secrets() and value == MASK:
            yield name, f"Put the real value in the place of {MASK}."


def unknown(name, known):
    """Return the sentence for a setting that does not exist."""
    [*similar] = get_close_matches(name, known, n=1, cutoff=0.6)
    return "Unknown setting." + "".join(f" Did you mean {word}?" for word in similar)


def mistake(field, value):
    """Return what is wrong with the JSON value itself, or None."""
    wanted, readable = expectation(field, value)
    if not readable:
        return f"Must be {wanted}, not {JSON_TYPES[type(value)]}."
    if isinstance(field, forms.BooleanField) and str(value).lower() not in ("true", "false"):
        return "Must be true or false."
    if isinstance(field, forms.ChoiceField) and not field.valid_value(field.to_python(value)):
        return "Must be one of " + ", ".join(json.dumps(key) for key, _ in field.choices) + "."
    return None


def expectation(field, value):
    """Return what the field wants in words, and whether the value is of such a type."""
    if isinstance(field, forms.BooleanField):
        return "true or false", isinstance(value, bool | str)
    if isinstance(field, TableField):
        return "an object", isinstance(value, dict)
    if isinstance(field, forms.IntegerField):
        return "a whole number", isinstance(value, int | float | str) and value is not bool(value)
    return "text", isinstance(value, str)


def contradiction(form, field, value):
    """Return why the setting cannot go with another, or None."""
    says_nothing = str(value).lower() in ("", str(field.initial).lower())
    if says_nothing or form.applies(field, form.cleaned_data):
        return None
    names = [name for name, _ in field.conditions]
    if any(name in form.errors for name in names):
        return None
    found = [(name, form.cleaned_data[name]) for name in names if name in form.cleaned_data]
    but = f", and {in_words(found, 'and')}" if found else ""
    return f"Applies only when {in_words(field.conditions, 'or')}{but}."


def in_words(settings, joined):
    """Return the settings, each a (name, value), as part of a sentence."""
    return f" {joined} ".join(f"{name} is {json.dumps(value)}" for name, value in settings)


def schema(fields, *, secrets, defaults):
    """Return the JSON Schema of the settings."""
    needs = {name: need_of(field, defaults.get(name)) for name, field in fields.items()}
    return {
        "type": "object",
        "properties": {
            name: property_schema(field, defaults.get(name))
            | ({"writeOnly": True} if name in secrets else {})
            for name, field in fields.items()
        },
        "required": [name for name, need in needs.items() if need is True],
        "allOf": [
            {
                "if": {"properties": {other: {"const": value}}, "required": [other]},
                "then": {"required": [name]},
            }
            for name, need in needs.items()
            if isinstance(need, tuple)
            for other, value in need
        ],
        "additionalProperties": False,
    }


def need_of(field, default):
    """Return whether a --result must have the field: True, False, or the conditions for it."""
    needed = field.required and default is None
    return needed and (getattr(field, "conditions", ()) or True)


TYPES = {
    forms.BooleanField: "boolean",
    forms.IntegerField: "integer",
    TableField: "object",
    forms.Field: "string",
}


def property_schema(field, default):
    described = {
        "type": next(name for type_, name in TYPES.items() if isinstance(field, type_)),
        "title": str(field.label),
        "description": str(field.help_text),
    }
    if default is not None:
        described["default"] = default
    if isinstance(field, TableField):
        described["additionalProperties"] = row_schema(field)
    if isinstance(field, forms.ChoiceField):
        described["enum"] = [value for value, _ in field.choices]
    for key, limit in (("minimum", "min_value"), ("maximum", "max_value")):
        if (value := getattr(field, limit, None)) is not None:
            described[key] = value
    return described


def row_schema(field):
    """Return the schema of what a table says of one name."""
    cells = {
        key: {"type": "string", "title": cell.label}
        | ({"enum": list(cell.choices)} if cell.choices else {})
        for key, cell in field.cells.items()
    }
    return {"type": "object", "properties": cells, "additionalProperties": False}
