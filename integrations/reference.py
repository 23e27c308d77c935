"""What a connector declares, as tables that people and pages read."""

import json
from dataclasses import dataclass

from django import forms

from integrations.connectors.base import Connector
from integrations.contract import Rule
from integrations.contract.rules import several
from integrations.settings_form import SecretField, SettingsForm, conditions_of, lower_first
from integrations.settings_json import MASK, in_words, need_of
from integrations.table_field import TableField


@dataclass(frozen=True)
class Setting:
    """One row of a reference table."""

    name: str
    label: str
    kind: str
    need: str  # "required", "required when …", "optional", "optional, only when …"
    default: str  # in a --result
    page_default: str  # where a page begins with another one
    help: str
    choices: list[tuple[str, str]]  # (value in JSON, label)
    other_names: list[str]
    other_values: list[tuple[str, str]]  # (other spelling, value)


def sections(connector: type[Connector]) -> list[tuple[str, list[Setting]]]:
    """Return the connector's settings: those of an authentication, then those of an export."""
    return [
        ("Authentication", settings(connector, connector.Authentication)),
        ("Export", settings(connector, connector.Export)),
    ]


def settings(connector: type[Connector], form: type[SettingsForm]) -> list[Setting]:
    return [setting(connector, name, field) for name, field in form().fields.items()]


def setting(connector, name, field):
    default = connector.json_defaults.get(name, field.initial)
    spellings = getattr(field, "spellings", {})
    return Setting(
        name=name,
        label=field.label,
        kind=kind_of(field),
        need=need_in_words(field, need_of(field, default)),
        default=in_json(default),
        page_default="" if field.initial in (default, None) else in_json(field.initial),
        help=str(field.help_text),
        choices=[
            (json.dumps(value), "" if label == value else label)
            for value, label in getattr(field, "choices", ())
            if isinstance(field, forms.ChoiceField)
        ],
        other_names=[alias for alias, own in connector.aliases.items() if own == name],
        other_values=[(json.dumps(other), json.dumps(own)) for other, own in spellings.items()],
    )


def in_json(value):
    return "" if value is None else json.dumps(value)


def kind_of(field):
    if isinstance(field, SecretField):
        return "secret"
    if isinstance(field, forms.BooleanField):
        return "true or false"
    if isinstance(field, TableField):
        return f"an object: for each {field.names.lower()} {', '.join(field.cells)}"
    return "number" if isinstance(field, forms.IntegerField) else "text"


def need_in_words(field, need):
    conditions = conditions_of(field)
    when = f"when {in_words(conditions, 'or')}" if conditions else ""
    if need:
        return f"required {when}".strip()
    return f"only {when}" if when else "optional"


def rules(connector: type[Connector]) -> list[tuple[Rule, str]]:
    """Return what the connector's receiver asks of the rows, each with when it does."""
    return [(rule, conditions_in_words(rule.when)) for rule in connector.contract]


def conditions_in_words(when: dict) -> str:
    """Return the settings that a rule is for, or nothing where it always holds."""
    return " and ".join(
        f"{name} is {' or '.join(json.dumps(each) for each in several(wanted))}"
        for name, wanted in when.items()
    )


def example(connector: type[Connector]) -> str:
    """Return the shortest --result that is complete."""
    shown = {"type": connector.name}
    for form in (connector.Authentication, connector.Export):
        defaults = form.defaults() | connector.json_defaults
        for name, field in form().fields.items():
            if asked_for(field, need_of(field, defaults.get(name)), defaults | shown):
                shown[name] = placeholder(field)
    return json.dumps(shown, indent=2)


def asked_for(field, need, defaults):
    """Return whether a --result that is silent about the rest has to have the field."""
    return need is True or any(defaults.get(name) == value for name, value in need or ())


def placeholder(field):
    """Return a value that the field takes; nobody's secret is one."""
    if isinstance(field, SecretField):
        return MASK
    if isinstance(field, forms.ChoiceField):
        return next(value for value, _ in field.choices if value)
    return getattr(field, "sample", f"your {lower_first(field.label)}")
