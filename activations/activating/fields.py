"""What of an activation's query says how it runs, beside where to and when."""

from console.models import Query

# What is the query's own, or kept elsewhere: the rest is the same in a copy.
OWN = {"id", "name", "database", "sql", "builds", "place", "version", "owner", "authentication"}
OWN |= {"export", "schedule", "webhook", "created_at", "updated_at", "about"}


def settings_of(query: Query) -> dict:
    """Return the fields of a query that a copy of it has too."""
    fields = (field.name for field in Query._meta.concrete_fields)
    return {name: getattr(query, name) for name in fields if name not in OWN}
