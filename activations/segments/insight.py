"""What can be seen of a segment beside its size: distributions, overlaps, growth."""

from activations.models import Segment
from activations.rules import Audience, problems
from activations.rules.audience import NUMBER
from activations.rules.insights import distribution, overlap
from activations.rules.tree import column_of
from activations.segments.running import Wait, ask

SHOWN = 12  # values of an attribute
MOST = 6  # segments that are compared
WIDTH, HEIGHT = 600, 150  # of the drawing of the growth
POINTS = 400
NOTHING = "empty"


def spread(segment: Segment, audience: Audience, name: str, *, user) -> list[dict]:
    """Return how an attribute is spread in a segment: {text, customers, share of the longest}."""
    column = column_of(audience.attributes, name, "attribute")
    sql = distribution(segment.rules, audience, column, SHOWN)
    rows = ask(sql, user=user, database=audience.database, wait=Wait(patient=True))
    texts = [range_of(row) if column.kind == NUMBER else value_of(row["v"]) for row in rows]
    return drawn([(text, row["n"]) for text, row in zip(texts, rows, strict=True)])


def range_of(row) -> str:
    """Return the numbers that a bar stands for."""
    if row["missing"]:
        return NOTHING
    low, high = row["low"], row["high"]
    if low == high:
        return f"{low:,.6g}"
    width = (high - low) / 10
    return f"{low + width * row['bar']:,.6g} to {low + width * (row['bar'] + 1):,.6g}"


def value_of(value) -> str:
    if value is None:
        return NOTHING
    return str(value).lower() if isinstance(value, bool) else str(value)


def drawn(found: list[tuple[str, int]]) -> list[dict]:
    longest = max((number for _, number in found), default=1)
    return [
        {"text": text, "customers": number, "width": round(100 * number / longest, 2)}
        for text, number in found
    ]


def matrix(segments: list[Segment], audience: Audience, *, user) -> list[dict]:
    """Return for each segment how many of its customers are in each of the others."""
    sql = overlap([each.rules for each in segments], audience)
    [row] = ask(sql, user=user, database=audience.database, wait=Wait(patient=True))
    size = len(segments)
    return [
        {
            "segment": segments[i],
            "cells": [cell(row, i, j) for j in range(size)],
        }
        for i in range(size)
    ]


def cell(row, i, j):
    both, own = row[f"n{min(i, j)}_{max(i, j)}"], row[f"n{i}_{i}"]
    return {"customers": both, "share": f"{100 * both / own:.0f} %" if own else "—", "same": i == j}


def comparable(segment: Segment, audience: Audience) -> list[Segment]:
    """Return the other segments that can be compared: without a limit, and usable by the person."""
    others = Segment.objects.filter(parent_segment=segment.parent_segment).exclude(pk=segment.pk)
    return [
        each
        for each in others
        if not each.rules.get("limit") and not problems(each.rules, audience, each.pk)
    ]


def growth(segment: Segment) -> dict | None:
    """Return the sizes of a segment over time, and the line to be drawn; None for one size."""
    sizes = list(segment.sizes.order_by("-at")[:POINTS])[::-1]
    if len(sizes) < 2:
        return None
    first, last = sizes[0].at, sizes[-1].at
    most = max(size.customers for size in sizes) or 1
    span = (last - first).total_seconds() or 1
    points = (
        f"{WIDTH * (size.at - first).total_seconds() / span:.1f},"
        f"{HEIGHT - (HEIGHT - 10) * size.customers / most:.1f}"
        for size in sizes
    )
    return {"sizes": sizes, "line": " ".join(points), "most": most, "first": first, "last": last}
