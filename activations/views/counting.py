"""What the rule builder asks for while somebody builds: counts, samples, values of columns."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponseBadRequest, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from activations.models import Segment
from activations.parents.access import sees_masked
from activations.rules import problems
from activations.rules.insights import sample, top_values
from activations.segments import shape
from activations.segments.counting import count, note_size
from activations.segments.running import Dropped, Unanswered, Wait, ask, latest_of
from activations.segments.usable import audience_for, masked, shown
from activations.views.studio import usable_parent
from console.engines import QueryError
from console.jobs.results import text_of

PROFILES = 10
MOST_COLUMNS = 40  # of a profile
VALUES = 50


class Asked:
    """What a page sent: rules over the audience of a parent segment, and how long it waits."""

    def __init__(self, request, parent, purpose):
        body = json.loads(request.body)
        self.rules = shape.checked(body["rules"])
        self.key = body.get("segment") if isinstance(body.get("segment"), int) else None
        self.parent, self.user = parent, request.user
        self.audience = audience_for(parent, request.user)
        page = f"{purpose}-{str(body.get('page', ''))[:64]}"
        latest = latest_of(request.user, page, int(body.get("number", 0)))
        self.wait = Wait(latest, patient=bool(body.get("patient")))

    @property
    def problems(self):
        found = problems(self.rules, self.audience, self.key)
        return [{"path": each.path, "text": each.text} for each in found]


def asked(request, parent, purpose):
    """Return what was asked; None where it cannot be read."""
    try:
        return Asked(request, parent, purpose)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


@require_POST
def count_segment(request, parent):
    """Send how many customers rules leave, or what is wrong with which of them."""
    question = asked(request, usable_parent(request, parent), "count")
    if question is None:
        return HttpResponseBadRequest("The rules cannot be read.")
    if question.audience is None:
        return JsonResponse({"error": "The parent segment was not refreshed yet."})
    if found := question.problems:
        return JsonResponse({"problems": found})
    try:
        return JsonResponse(counted(question))
    except Dropped:
        return JsonResponse({"dropped": True})
    except (Unanswered, QueryError) as error:
        return JsonResponse({"error": str(error), "again": True})


def counted(question):
    found = count(
        question.rules,
        question.audience,
        user=question.user,
        wait=question.wait,
        segment=question.key,
    )
    kept = Segment.objects.filter(parent_segment=question.parent, pk=question.key).first()
    if kept and kept.rules == question.rules:
        note_size(kept, found.customers)
    return {
        "customers": found.customers,
        "total": found.total,
        "steps": found.steps,
        "sql": {"members": found.members_sql, "count": found.count_sql},
    }


@require_POST
def segment_profiles(request, parent):
    """Show the first customers of rules; what is masked for the user is dots."""
    question = asked(request, usable_parent(request, parent), "profiles")
    if question is None:
        return HttpResponseBadRequest("The rules cannot be read.")
    if question.audience is None or question.problems:
        return render(request, "activations/_profiles.html", {"unready": True})
    columns = list(shown(question.audience.attributes))[:MOST_COLUMNS]
    sql = sample(question.rules, question.audience, columns, PROFILES)
    try:
        rows = ask(sql, user=question.user, database=question.audience.database, wait=question.wait)
    except (Unanswered, QueryError, Dropped) as error:
        return render(request, "activations/_profiles.html", {"error": str(error)})
    context = {
        "columns": list(rows[0]) if rows else columns,
        "rows": [
            [written(value, name, question.audience) for name, value in row.items()] for row in rows
        ],
        "masked": masked_for(question.user, question.parent),
    }
    return render(request, "activations/_profiles.html", context)


def written(value, name, audience):
    """Return the text of a profile's value; seconds since 1970 as the time that they are."""
    column = audience.attributes.get(name)
    if value is None or column is None or not column.holds_epochs:
        return text_of(value)
    try:
        return (
            f"{datetime.fromtimestamp(int(value), ZoneInfo(audience.timezone)):%Y-%m-%d %H:%M:%S}"
        )
    except (ValueError, OverflowError, OSError):
        return text_of(value)  # No calendar has it.


def masked_for(user, parent):
    """Return the names of the attributes that the user may not see."""
    if sees_masked(user, parent):
        return []
    columns = (each for source in parent.attributes for each in source["columns"])
    return [each["name"] for each in columns if masked(each)]


@require_GET
def segment_values(request, parent):
    """Send the most frequent values of a column, for the one who picks a value."""
    found = usable_parent(request, parent)
    audience = audience_for(found, request.user)
    if audience is None:
        raise Http404
    database, table, columns = table_of(audience, request.GET.get("behavior", ""))
    column = shown(columns).get(request.GET.get("column", ""))
    if column is None:
        raise Http404
    sql = top_values(database, table, column, VALUES)
    try:
        rows = ask(sql, user=request.user, database=audience.database, wait=Wait())
    except (Unanswered, QueryError):
        return JsonResponse({"values": []})  # They only help: a value can be typed all the same.
    return JsonResponse({"values": [[text_of(row["v"]), row["n"]] for row in rows]})


def table_of(audience, behavior):
    """Return where the column is: database, table and its columns."""
    if not behavior:
        return audience.database, "customers", audience.attributes
    if behavior not in audience.behaviors:
        raise Http404
    found = audience.behaviors[behavior]
    return found.database or audience.database, found.table, found.columns
