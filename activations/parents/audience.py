"""What rules over a parent segment can be about, for a person: the tables of the last refresh."""

from activations.models import ParentSegment, Segment
from activations.parents.access import sees_masked
from activations.rules import Audience, Behavior, Column
from activations.rules.audience import KEY, kind_of
from console.models import Database, Table

CUSTOMERS = "customers"
BEHAVIOR = "behavior_"


def audience_of(parent: ParentSegment, user) -> Audience | None:
    """Return the audience as the user may use it, or None before the first refresh."""
    tables = tables_of(parent, user)
    if CUSTOMERS not in tables:
        return None
    behaviors = {
        each["name"]: behavior(each, tables[BEHAVIOR + each["name"]])
        for each in parent.behaviors
        if BEHAVIOR + each["name"] in tables
    }
    said = {column["name"]: column for source in parent.attributes for column in source["columns"]}
    return Audience(
        tables[CUSTOMERS].database.name,
        columns(tables[CUSTOMERS], said),
        behaviors,
        parent.timezone,
        rules_in(parent),
    )


def tables_of(parent, user) -> dict[str, Table]:
    """Return the tables that were built, each with all columns that the user may see."""
    names = [parent.database]
    if sees_masked(user, parent):
        names.append(parent.unmasked_database)
    found = {}
    for name in names:
        database = Database.objects.filter(name=name).first()
        for table in database.tables.select_related("database") if database else ():
            found[table.name] = table
    return found


def behavior(said, table) -> Behavior:
    by_column = {column["column"]: column for column in said["columns"]}
    return Behavior(
        table.name, columns(table, by_column), said.get("time", ""), table.database.name
    )


def columns(table, said) -> dict[str, Column]:
    """Return the columns of a table that was built, as people said what they hold."""
    return {
        name: Column(
            name,
            type_,
            said.get(name, {}).get("kind") or kind_of(type_),
            said.get(name, {}).get("visibility", "clear"),
        )
        for name, type_ in table.columns
        if name != KEY and (said.get(name, {}).get("kind") or kind_of(type_))
    }


def rules_in(parent):
    """Return a function that gives the rules of a segment of the parent by its id."""
    kept = {}

    def rules(key):
        if key not in kept:
            found = Segment.objects.filter(parent_segment=parent, pk=key)
            kept[key] = found.values_list("rules", flat=True).first()
        return kept[key]

    return rules
