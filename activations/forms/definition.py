"""All forms of a parent segment together, and what they say of it."""

import re

from django.forms import BaseFormSet, formset_factory

from activations.forms.columns import AttributeColumnForm, column_set
from activations.forms.parents import AttributeForm, BehaviorForm, JoinedForm, ParentForm
from activations.models import ParentSegment
from activations.parents.sources import Columns
from console.views.keys import key_of

MOST = 20  # tables of a kind
JOINED = {"attributes": AttributeForm, "behaviors": BehaviorForm}
MASTER = "master-columns"
CLEAR = "clear"
HIDDEN_KEY = (
    "“{}” is {}, but everybody who may use the parent segment sees the key as cdp_customer_id. "
    "Choose another key, or make the column clear."
)
PREFIX = re.compile(r"(attributes|behaviors)-(\d+)")


class JoinedSet(BaseFormSet):
    """The tables of a kind."""

    def shown(self) -> list[JoinedForm]:
        """Return the forms in the order that they were given, also where something is wrong."""
        return sorted(self.forms, key=place_of)


def place_of(form):
    place = key_of(form["ORDER"].value())
    return MOST if place is None else place


class DefinitionForms:
    """What a page asks for: the customers, and the tables that are joined with them."""

    def __init__(self, parent: ParentSegment, sources: dict[str, Columns], data=None):
        self.sources = sources
        self.parent = ParentForm(data, parent=parent, sources=sources)
        master = parent.attributes[0]["columns"] if parent.attributes else None
        types = self.parent.columns
        self.columns = column_set(AttributeColumnForm, data, MASTER, types, master)
        self.attributes = self.joined("attributes", data, parent.attributes[1:])
        self.behaviors = self.joined("behaviors", data, parent.behaviors)

    def joined(self, prefix, data, kept):
        made = formset_factory(
            JOINED[prefix],
            formset=JoinedSet,
            extra=0,
            can_order=True,
            can_delete=True,
            max_num=MOST,
            absolute_max=2 * MOST,
            validate_max=True,
        )
        given = {"sources": self.sources, "master": self.parent["master"].value() or ""}
        given["key"] = self.parent["key"].value() or ""
        return made(data, prefix=prefix, initial=kept, form_kwargs=given)

    @property
    def all(self):
        return (self.parent, self.columns, self.attributes, self.behaviors)

    def is_valid(self) -> bool:
        """Return whether all of it can be saved; names are told apart once the rest is right."""
        good = [form.is_valid() for form in self.all]
        return all(good) and all([self.names_differ(), self.key_is_clear()])

    def names_differ(self):
        attributes = (form.columns for form in self.kept("attributes"))
        columns = [*self.columns, *(each for found in attributes for each in found)]
        used = [(each, each.output, "name") for each in columns if each.used]
        named = [(form, form.cleaned_data["name"], "name") for form in self.kept("behaviors")]
        return all([tell_twins(used, "column"), tell_twins(named, "behavior")])

    def key_is_clear(self) -> bool:
        """Complain of a key that not all may see, where it was chosen or was hidden just now."""
        key = self.parent.cleaned_data["key"]
        for each in self.columns:
            seen = each.cleaned_data.get("visibility") or CLEAR
            if each.used and each.source == key and seen != CLEAR:
                chosen = key != self.parent.initial.get("key")
                place, field = (self.parent, "key") if chosen else (each, "visibility")
                place.add_error(field, HIDDEN_KEY.format(key, seen))
                return False
        return True

    def kept(self, prefix) -> list[JoinedForm]:
        """Return the forms of the tables that stay, in their order."""
        return list(getattr(self, prefix).ordered_forms)

    def fill(self, parent: ParentSegment) -> ParentSegment:
        """Write what was entered into the parent segment."""
        found = self.parent.cleaned_data
        for name in ("name", "master", "key", "timezone"):
            setattr(parent, name, found[name])
        columns = [each.entry() for each in self.columns if each.used]
        master = {"table": found["master"], "columns": columns}
        parent.attributes = [master, *(form.entry() for form in self.kept("attributes"))]
        parent.behaviors = [form.entry() for form in self.kept("behaviors")]
        return parent

    def groups(self) -> dict:
        return {name: list(self.parent.cleaned_data[name]) for name in ("readers", "unmasked")}


def tell_twins(named, what) -> bool:
    """Complain of each name that stands there a second time. Return whether there is none."""
    seen, good = set(), True
    for form, name, field in named:
        if name in seen:
            form.add_error(field, f"Another {what} is called so too.")
            good = False
        seen.add(name)
    return good


def joined_form(prefix: str, data, sources) -> JoinedForm | None:
    """Return the form of a joined table as it begins when its table has just been chosen."""
    match = PREFIX.fullmatch(prefix)
    if not match:
        return None
    table = data.get(f"{prefix}-table", "")
    initial = {"table": table} | guessed(table, data, sources)
    if match[1] == "behaviors":
        given = data.get(f"{prefix}-name", "")
        initial |= {"name": given or table.rpartition(".")[2]}
    return JOINED[match[1]](
        prefix=prefix,
        initial=initial,
        sources=sources,
        master=data.get("master", ""),
        key=data.get("key", ""),
    )


def guessed(table, data, sources):
    """Return the keys and the time that a table probably has."""
    columns, key = sources.get(table, {}), data.get("key", "")
    return {
        "parent_key": key,
        "foreign_key": key if key in columns else "",
        "time": "time" if "time" in columns else "",
    }
