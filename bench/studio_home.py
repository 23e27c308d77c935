"""A console of its own with an audience, as people make it: tables, parent segment, segment."""

import os
from pathlib import Path

from bench import audience, questions

BENCH = "bench"
KINDS = {"signup": "timestamp", "time": "timestamp", "tags": "string_array", "opt_in": "boolean"}
NUMBERS = ("age", "lifetime_value", "amount", "seconds", "order_id")
MASKED = ("email",)


def start_django(home: Path) -> None:
    import django
    from django.core.management import call_command

    for name in [name for name in os.environ if name.startswith("CONSOLE_")]:
        del os.environ[name]
    os.environ |= {"CONSOLE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "console.settings"}
    django.setup()
    call_command("migrate", verbosity=0)


def make_sources(customers: int, until: int):
    """Make the tables that the audience comes of, and return who owns them."""
    from django.conf import settings
    from django.contrib.auth.models import User

    from console import tables
    from console.tables.files import new_file

    owner = User.objects.create_user(BENCH)
    database = tables.create_database(audience.PLACE, owner)
    settings.TABLES_DIR.mkdir(parents=True, exist_ok=True)
    for name in audience.TABLES:
        path = new_file(audience.PLACE, name)
        tables.create_from(database, name, path, audience.make(name, path, customers, until))
    return owner


def make_parent(owner):
    """Save the parent segment; its e-mail addresses are masked, so customers are built twice."""
    from activations.models import ParentSegment
    from activations.parents.keeping import save
    from activations.parents.sources import sources

    found = sources(owner)
    parent = ParentSegment(
        name="Shoppers", owner=owner, master=f"{audience.PLACE}.customers", key="customer_id"
    )
    parent.attributes = [
        {"table": parent.master, "columns": described(found[parent.master], {"customer_id"})}
    ]
    parent.behaviors = [behavior(name, found) for name in audience.BEHAVIORS]
    return save(parent, readers=(), unmasked=(), by=owner)


def behavior(name, found):
    path = f"{audience.PLACE}.{name}"
    keys = {"parent_key": "customer_id", "foreign_key": "customer_id", "time": "time"}
    return {"name": name, "table": path, "columns": described(found[path], {"customer_id"})} | keys


def described(columns, without):
    return [
        {
            "column": name,
            "name": name,
            "group": "",
            "kind": KINDS.get(name, "number" if name in NUMBERS else "string"),
            "visibility": "masked" if name in MASKED else "clear",
        }
        for name in columns
        if name not in without
    ]


def make_segment(parent):
    """Save the segment that one of the questions refers to."""
    from activations.models import Segment
    from activations.segments.saving import save

    segment = Segment(
        parent_segment=parent, name="Loyal", rules=questions.LOYAL, owner=parent.owner
    )
    save(segment, by=parent.owner)
    if segment.pk != questions.LOYAL_NUMBER:
        raise SystemExit(f"The segment got the number {segment.pk}.")


def files_of(parent) -> dict[str, list[str]]:
    """Return the Parquet files of the audience's tables, as who may see all of them reads them."""
    from activations.parents.audience import tables_of
    from console import tables

    found = tables_of(parent, parent.owner)
    return {name: [str(path) for path in tables.paths(table)] for name, table in found.items()}
