"""How many customers a segment has, and how many each of its rules leaves."""

from dataclasses import dataclass

from django.utils import timezone

from activations.models import Segment, SegmentSize
from activations.rules import Audience, funnel, members
from activations.rules.statements import PERCENT
from activations.segments.running import Wait, ask
from console.models import Table


@dataclass(frozen=True)
class Count:
    """What a segment's rules leave of all customers."""

    customers: int
    total: int  # of the parent segment
    steps: list[dict]  # of the rule sets: {customers, left, rules: [{customers, left}]}
    members_sql: str
    count_sql: str


def count(rules: dict, audience: Audience, *, user, wait: Wait, segment: int | None = None):
    """Return the Count of rules that have no problems: one question to the engine for all of it."""
    sql = funnel(rules, audience, segment)
    [row] = ask(sql, user=user, database=audience.database, wait=wait)
    left = row[f"s{len(rules['conditions'])}_left"] if rules["conditions"] else row["total"]
    return Count(
        limited(left, rules.get("limit")),
        row["total"],
        [step(row, f"s{n}", each) for n, each in enumerate(rules["conditions"], 1)],
        members(rules, audience, segment=segment),
        sql,
    )


def step(row, name, node):
    """Return what a rule set leaves of those before it, and each of its rules within it."""
    inner = range(1, len(node.get("conditions") or []) + 1)
    rules = [{"customers": row[f"{name}_{m}"], "left": row[f"{name}_{m}_left"]} for m in inner]
    return {"customers": row[name], "left": row[f"{name}_left"], "rules": rules}


def limited(customers: int, limit: dict | None) -> int:
    """Return how many a limit leaves; a percentage is rounded up, as in the SQL of the members."""
    if not limit:
        return customers
    number = int(limit["number"])
    if limit["type"] == PERCENT:
        return -(-customers * number // 100)
    return min(customers, number)


def note_size(segment: Segment, customers: int) -> None:
    """Keep the size of a saved segment, and as a point of its growth where something is new."""
    now = timezone.now()
    Segment.objects.filter(pk=segment.pk).update(customers=customers, counted_at=now)
    last = segment.sizes.last()
    if last is None or last.customers != customers or last.at < refreshed_at(segment):
        SegmentSize.objects.create(segment=segment, customers=customers)


def refreshed_at(segment):
    """Return when the customers were last built."""
    table = Table.objects.filter(database__name=segment.parent_segment.database, name="customers")
    return table.values_list("updated_at", flat=True).first() or timezone.now()
