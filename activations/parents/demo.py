"""The parent segment of the demo data."""

from activations.models import ParentSegment
from activations.parents.keeping import save
from activations.parents.sources import sources, suggested_kind, suggested_name
from console.jobs import submit_query

NAME = "Demo customers"
MASTER, KEY = "demo.customers", "customer_id"
PROFILE = "demo.customer_profile"
PROFILED = ("order_count", "lifetime_value", "last_order_time", "loyalty_tier", "lifecycle")
PROFILED += ("favourite_category",)
BEHAVIORS = ("orders", "pageviews", "email_events")
MASKED = ("email", "phone")
GROUPS = {
    "email": "Contact",
    "phone": "Contact",
    "email_opt_in": "Consent",
    "sms_opt_in": "Consent",
}


def can_make(user) -> bool:
    """Return whether the demo data is there, and nobody has made its parent segment yet."""
    needed = {MASTER, PROFILE, *(f"demo.{name}" for name in BEHAVIORS)}
    return needed <= set(sources(user)) and not ParentSegment.objects.filter(name=NAME).exists()


def make(user, readers=()) -> ParentSegment:
    """Make the parent segment of the demo data, and refresh it."""
    found = sources(user)
    parent = ParentSegment(name=NAME, owner=user, master=MASTER, key=KEY)
    parent.attributes = [
        {"table": MASTER, "columns": attributes(found[MASTER], "Customer")},
        joined(PROFILE) | {"columns": attributes(only(found[PROFILE], PROFILED), "Orders")},
    ]
    parent.behaviors = [
        joined(f"demo.{name}")
        | {"name": name, "time": "time", "columns": events(found[f"demo.{name}"])}
        for name in BEHAVIORS
    ]
    save(parent, readers=readers, unmasked=(), by=user)
    submit_query(parent.query, by=user)
    return parent


def only(columns, names):
    return {name: columns[name] for name in names}


def joined(table):
    return {"table": table, "parent_key": KEY, "foreign_key": KEY}


def attributes(columns, group):
    return [
        {
            "column": column,
            "name": suggested_name(column),
            "kind": suggested_kind(column, type_),
            "group": GROUPS.get(column, group),
            "visibility": "masked" if column in MASKED else "clear",
        }
        for column, type_ in columns.items()
    ]


def events(columns):
    return [
        {"column": column, "kind": suggested_kind(column, type_), "visibility": "clear"}
        for column, type_ in columns.items()
    ]
