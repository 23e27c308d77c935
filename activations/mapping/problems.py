"""What is wrong with a mapping, said of the place where it is."""

from collections.abc import Callable, Iterator

from activations.mapping import behaviors, columns
from activations.mapping.shape import BadMapping, checked
from activations.rules import Audience, Problem
from activations.rules.literals import BadValue

LONGEST_NAME = 128
TWICE = "Another column is called “{}” already: choose a different name."


def problems(mapping: dict, audience: Audience) -> list[Problem]:
    """Return what keeps a mapping from being exported; nothing where it can be.

    A path is that of the value: ("columns", 2, "name"); () is the whole mapping.
    """
    try:
        mapping = checked(mapping)
    except BadMapping as error:
        return [Problem((), str(error))]
    found = [*of_all(mapping, audience)]
    for place, item in enumerate(mapping["columns"]):
        found += KINDS[item["kind"]](item, audience, ("columns", place), mapping["all_columns"])
    return [*found, *twins(mapping, audience)]


def of_all(mapping, audience) -> Iterator[Problem]:
    """Say what is wrong with the mapping as a whole."""
    if mapping["all_columns"] and not columns.every(audience):
        yield Problem((), "There is no column that may be exported.")
    if not mapping["all_columns"] and not mapping["columns"]:
        yield Problem((), "Add at least one column, or choose Export All Columns.")
    found = [
        (place, item) for place, item in enumerate(mapping["columns"]) if item["kind"] == "behavior"
    ]
    for place, _ in found[behaviors.MOST :]:
        text = f"An activation can have {behaviors.MOST} behaviors at most."
        yield Problem(("columns", place), text)
    several = [place for place, item in found if multiplies(item)]
    for place in several[1:]:
        text = "Only one behavior can have several rows for each customer."
        yield Problem(("columns", place, "strategy"), text)


def multiplies(item):
    if item["strategy"] == "top":
        return item["format"] == behaviors.ROWS and item["rows"] != 1
    return item["strategy"] == "all"


def tried(path, check: Callable, *given) -> Iterator[Problem]:
    """Say of a place what a check says."""
    try:
        check(*given)
    except BadValue as error:
        yield Problem(path, str(error))


def check_name(name):
    if not name.strip():
        raise BadValue("Enter a name.")
    if len(name) > LONGEST_NAME:
        raise BadValue(f"A name can have {LONGEST_NAME} characters at most.")
    if name != name.strip() or not name.isprintable():
        raise BadValue("A name cannot have line breaks, nor spaces at its ends.")


def of_attribute(item, audience, path, all_columns) -> Iterator[Problem]:
    if all_columns:
        text = "Export All Columns has the attributes already: remove it."
        yield Problem(path, text)
        return
    yield from of_picked(item, path, columns.attribute_of, audience)


def of_picked(item, path, find, *given) -> Iterator[Problem]:
    """Say what is wrong with a column of a table: its source, hash and name."""
    try:
        column = find(*given, item["source"])
    except BadValue as error:
        yield Problem((*path, "source"), str(error))
    else:
        if item["hash"]:
            yield from tried((*path, "hash"), columns.check_hash, column)
    yield from tried((*path, "name"), check_name, item["name"])


def of_string(item, _audience, path, _all_columns) -> Iterator[Problem]:
    yield from tried((*path, "name"), check_name, item["name"])
    if not item["parts"]:
        yield Problem((*path, "parts"), "Add at least one part.")
    for place, part in enumerate(item["parts"]):
        field = "format" if part["type"] == "timestamp" else "value"
        yield from tried((*path, "parts", place, field), columns.check_part, part)


def of_behavior(item, audience, path, _all_columns) -> Iterator[Problem]:
    try:
        behavior = behaviors.behavior_of(item, audience)
    except BadValue as error:
        yield Problem((*path, "behavior"), str(error))
        return
    yield from of_strategy(item, path)
    yield from tried((*path, "order_by"), behaviors.ordered_by, item, behavior)
    if not item["columns"]:
        yield Problem((*path, "columns"), "Choose at least one column.")
    for place, each in enumerate(item["columns"]):
        where = (*path, "columns", place)
        yield from of_picked(each, where, behaviors.column_of, item, behavior)


def of_strategy(item, path) -> Iterator[Problem]:
    if item["strategy"] not in behaviors.STRATEGIES:
        text = f"Choose one of: {', '.join(behaviors.STRATEGIES.values())}."
        yield Problem((*path, "strategy"), text)
    formats = (behaviors.ROWS, behaviors.BESIDE)
    if item["format"] not in formats:
        yield Problem((*path, "format"), "Choose rows or columns.")
    elif item["strategy"] == "top":
        yield from tried((*path, "rows"), behaviors.rows_of, item)
    elif item["strategy"] == "all" and item["format"] == behaviors.BESIDE:
        text = "All of a behavior can only be rows: choose Top N for columns."
        yield Problem((*path, "format"), text)


KINDS = {"attribute": of_attribute, "string": of_string, "behavior": of_behavior}


def twins(mapping, audience) -> Iterator[Problem]:
    """Say of names that an earlier column has, without regard to case."""
    seen = set()
    if mapping["all_columns"]:
        seen = {each.name.lower() for each in columns.every(audience)}
    for place, item in enumerate(mapping["columns"]):
        if mapping["all_columns"] and item["kind"] == "attribute":
            continue  # It has to go, which is said of it.
        for path, given in named(item, ("columns", place)):
            if given.lower() in seen:
                yield Problem(path, TWICE.format(given))
            seen.add(given.lower())


def named(item, path) -> Iterator[tuple[tuple, str]]:
    """Yield the names in the output that an item makes, each with its place."""
    if item["kind"] != "behavior":
        if item["name"]:
            yield (*path, "name"), item["name"]
        return
    for place, each in enumerate(item["columns"]):
        for given in names_in(item, each["name"]):
            yield (*path, "columns", place, "name"), given


def names_in(item, name):
    try:
        return behaviors.names_of(item, name) if name else []
    except BadValue:
        return []  # The number of rows is wrong, which is said of it.
