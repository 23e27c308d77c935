"""The insight of a segment: an attribute's distribution, overlaps, growth."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from activations.rules import problems
from activations.segments import insight
from activations.segments.folders import path_of
from activations.segments.running import Dropped, Unanswered
from activations.segments.usable import audience_for, shown
from activations.views.segments import segment_of
from activations.views.staleness import staleness
from console.engines import QueryError
from console.views.keys import key_of


@require_GET
def segment_insight(request, parent, pk):
    """Show the growth of a segment, and on request a distribution and overlaps."""
    found = segment_of(request, parent, pk)
    audience = audience_for(found.parent_segment, request.user)
    context = {
        "parent": found.parent_segment,
        "segment": found,
        "path": path_of(found.folder),
        "tab": "insight",
        "growth": insight.growth(found),
        "attributes": list(shown(audience.attributes)) if audience else [],
        "attribute": request.GET.get("attribute", ""),
        **staleness(found.parent_segment, request.user),
    }
    if audience is None:
        context["trouble"] = "The parent segment was not refreshed yet."
    elif wrong := problems(found.rules, audience, found.pk):
        context["trouble"] = wrong[0].text
    else:
        context |= compared(request, found, audience)
    return render(request, "activations/segment_insight.html", context)


def compared(request, segment, audience):
    """Return the distribution and the overlaps that the address asks for."""
    others = insight.comparable(segment, audience)
    chosen = {key_of(each) for each in request.GET.getlist("with")}
    picked = [each for each in others if each.pk in chosen][: insight.MOST - 1]
    context = {"others": others, "picked": picked, "most": insight.MOST - 1}
    attribute = request.GET.get("attribute", "")
    try:
        if attribute in shown(audience.attributes):
            context["bars"] = insight.spread(segment, audience, attribute, user=request.user)
        if picked and not segment.rules.get("limit"):
            context["rows"] = insight.matrix([segment, *picked], audience, user=request.user)
    except (Unanswered, QueryError, Dropped) as error:
        context["trouble"] = str(error)
    return context
