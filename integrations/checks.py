"""Checks at the start: every connector is well declared."""

import re

from django.contrib.staticfiles import finders
from django.core.checks import Error, register

from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from integrations.settings_form import SettingsForm, conditions_of


@register
def check_connectors(app_configs, **_):
    """Say what is wrong with the declaration of each connector."""
    return [
        Error(f"{connector.__name__}: {problem}", id="integrations.E001")
        for connector in CONNECTORS.values()
        for problem in problems(connector)
    ]


TEXTS = ("label", "description", "category", "example_query", "tested")


def problems(connector):
    """Yield a sentence for each thing that is wrong with a connector."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", getattr(connector, "name", "")):
        yield "the name must be lower-case letters, digits and underscores."
    for text in TEXTS if getattr(connector, "goes_out", True) else TEXTS[:-1]:
        if not getattr(connector, text, ""):
            yield f"the {text.replace('_', ' ')} is missing."
    if not finders.find(f"connectors/{connector.name}.svg"):
        yield f"there is no logo static/connectors/{connector.name}.svg."
    forms = (connector.Authentication, connector.Export)
    if not all(isinstance(form, type) and issubclass(form, SettingsForm) for form in forms):
        yield "Authentication and Export must be settings forms."
        return
    for form in forms:
        yield from form_problems(form)
    if not set(getattr(connector, "key_pair", ())) <= connector.Authentication.secrets():
        yield "key_pair must name secrets of its authentication."
    yield from account_problems(connector)
    yield from spelling_problems(connector)


def account_problems(connector):
    form, names = connector.Authentication, getattr(connector, "whose", ())
    if getattr(connector, "goes_out", True) and not names:
        yield "whose does not tell one account from others."
    for name in set(names) - (form.base_fields.keys() - form.secrets()):
        yield f"whose leads to {name}, which is no setting of its authentication, or a secret."


def form_problems(form):
    taken = {"type"} | {field.name for field in Authentication._meta.get_fields()}
    for name, field in form.base_fields.items():
        if not field.label:
            yield f"{name} has no label."
        for other, _ in conditions_of(field):
            if other not in form.base_fields:
                yield f"{name} depends on {other}, which the form does not have."
        if name in taken or name.startswith("remove_"):
            yield f"{name} is a name that is taken."


def spelling_problems(connector):
    """Yield what is wrong with the ways a --result may be spelled."""
    own, exports = connector.Authentication.base_fields, connector.Export.base_fields
    for name in own.keys() & exports.keys():
        yield f"{name} is in both forms."
    known = own | exports
    for alias, name in connector.aliases.items():
        if name not in known:
            yield f"the alias {alias} leads to {name}, which is no setting."
        if alias in known:
            yield f"the alias {alias} is a setting itself."
    targets = {"json_defaults": connector.json_defaults}
    targets |= {f"the block {block}": names.values() for block, names in connector.blocks.items()}
    for place, names in targets.items():
        for name in set(names) - known.keys():
            yield f"{place} leads to {name}, which is no setting."
