"""Databases and tables: who may use them, their files, and the statements that change them."""

from console.tables.access import (
    can_read,
    can_write,
    readable,
    readable_databases,
    writable_databases,
)
from console.tables.building import build, written
from console.tables.files import collect_garbage, head, paths, rows
from console.tables.names import TableChanged, TableError, check_name
from console.tables.results import Run, check, put
from console.tables.statements import Outcome, execute, limits, plan
from console.tables.store import append, create_database, create_from, drop

__all__ = [
    "Outcome",
    "Run",
    "TableChanged",
    "TableError",
    "append",
    "build",
    "can_read",
    "can_write",
    "check",
    "check_name",
    "collect_garbage",
    "create_database",
    "create_from",
    "drop",
    "execute",
    "head",
    "limits",
    "paths",
    "plan",
    "put",
    "readable",
    "readable_databases",
    "rows",
    "writable_databases",
    "written",
]
