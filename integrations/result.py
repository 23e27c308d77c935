"""The --result of the td command: a connector and its settings, as JSON."""

import json
from difflib import get_close_matches

from django.core.exceptions import ValidationError

from integrations.connectors import CONNECTORS
from integrations.settings_form import conditions_of
from integrations.settings_json import MASK, unknown


def parse_result(result):
    """Return the connector a --result names, its authentication settings, and its export's."""
    given = read(result)
    connector = named_connector(given.pop("type", None))
    known = connector.Authentication.base_fields | connector.Export.base_fields
    settings, spelled, errors = one_spelling(connector, given, known)
    for name in settings.keys() - known.keys():
        errors[spelled[name]] = [unknown(spelled[name], {*known, *connector.aliases})]
    checked = []
    for form_class in (connector.Authentication, connector.Export):
        mine = {name: settings[name] for name in form_class.base_fields if name in settings}
        form = form_class.from_json(mine, defaults=defaults_of(connector, form_class))
        errors |= {spelled.get(name, name): list(found) for name, found in form.errors.items()}
        checked.append(form.cleaned_data)
    if errors:
        raise ValidationError(errors)
    return connector, *checked


def sample(connector, authentication, export):
    """Return the --result that equals the settings, with *** in the place of secrets."""
    settings = {"type": connector.name}
    for form_class, values in (
        (connector.Authentication, authentication),
        (connector.Export, export),
    ):
        defaults = form_class.defaults() | defaults_of(connector, form_class)
        for name in names_to_say(form_class().fields, values, defaults):
            settings[name] = MASK if name in form_class.secrets() else values[name]
    return settings


def names_to_say(fields, values, defaults):
    """Return the settings that differ from their default, and those such a setting depends on."""
    told = [
        name for name in fields if name in values and worth_saying(values[name], defaults[name])
    ]
    depended_on = {
        other
        for name in told
        for other, value in conditions_of(fields[name])
        if values.get(other) == value
    }
    return [name for name in fields if name in told or name in depended_on]


def worth_saying(value, default):
    """Return whether leaving the setting out would mean something else."""
    return value != default and not (value == "" and default is None)


def defaults_of(connector, form_class):
    """Return the defaults that hold in JSON only."""
    defaults = connector.json_defaults
    return {name: defaults[name] for name in form_class.base_fields if name in defaults}


def read(result):
    """Return the JSON object, as a new dict."""
    if not isinstance(result, str):
        return dict(result)
    if result.strip().partition("://")[1] and not result.lstrip().startswith("{"):
        raise wrong("A URL is not understood here. Write the --result as JSON.")
    try:
        settings = json.loads(result, object_pairs_hook=without_repeats, parse_constant=not_a_value)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise wrong(f"The --result is not JSON: {error.msg} at {place}.") from None
    except (ValueError, RecursionError):
        raise wrong("The --result is not JSON that can be read.") from None
    if not isinstance(settings, dict):
        raise wrong('The --result must be a JSON object such as {"type": "sftp_v2", …}.')
    return settings


def wrong(message):
    return ValidationError({"result": [message]})


def without_repeats(pairs):
    settings = dict(pairs)
    if len(settings) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValidationError(
            {name: ["Is there twice."] for name in names if names.count(name) > 1}
        )
    return settings


def not_a_value(constant):
    raise wrong(f"The --result is not JSON: {constant} is not a value.")


def named_connector(name):
    """Return the connector of that type."""
    if name is None:
        raise ValidationError({"type": [f"This is required. There is: {', '.join(CONNECTORS)}."]})
    if not isinstance(name, str) or name not in CONNECTORS:
        [*similar] = get_close_matches(str(name), CONNECTORS, n=1)
        hint = "".join(f" Did you mean {word}?" for word in similar)
        raise ValidationError(
            {"type": [f"Unknown type: {name}.{hint} There is: {', '.join(CONNECTORS)}."]}
        )
    return CONNECTORS[name]


def one_spelling(connector, given, known):
    """Return the settings under their own names, how each was spelled, and what clashes."""
    settings, spelled, errors = {}, {}, {}
    for spelling, name, value in spellings(connector, given, errors):
        value = usual_value(known.get(name), value)
        if name in settings and settings[name] != value:
            errors[spelling] = [f"Contradicts {spelled[name]}: both are the same setting."]
        settings.setdefault(name, value)
        spelled.setdefault(name, spelling)
    return settings, spelled, errors


def spellings(connector, given, errors):
    """Yield (spelling, name, value) of each setting, blocks such as a formatter unfolded."""
    for key, value in given.items():
        if key not in connector.blocks:
            yield key, connector.aliases.get(key, key), value
        elif isinstance(value, dict):
            names = connector.aliases | connector.blocks[key]
            yield from (
                (f"{key}.{inner}", names.get(inner, inner), v) for inner, v in value.items()
            )
        elif value is not None:
            errors[key] = ["Must be an object."]


def usual_value(field, value):
    """Return the value as it is stored, whichever way it was spelled."""
    others = getattr(field, "spellings", {})
    return others.get(value, value) if isinstance(value, str) else value
