"""What a database and a table may be called."""

import re

NAME = re.compile(r"[a-z0-9_]{3,128}")
# What DuckDB has of its own by these names: no query could read a database called so.
ENGINE = {"memory", "system", "temp", "information_schema", "pg_catalog"}
AUDIENCE = "cdp_audience_"  # what the databases of parent segments begin with


class TableError(Exception):
    """A database or table cannot be used as asked; the message says why."""


def check_name(name, what="table"):
    """Raise TableError unless the name can be one of a database or table."""
    if not NAME.fullmatch(name):
        rule = "3 to 128 lower-case letters, digits and underscores"
        raise TableError(f"'{name}' cannot be the name of a {what}: use {rule}.")


class TableChanged(TableError):
    """Somebody changed the table meanwhile: the same can go well now."""
