"""Activations: all of them, those of a segment, and the pages of one."""

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from activations.activating import runs, standing, words
from activations.activating.access import may_change, visible_activations
from activations.activating.listing import ORDERS, STATES, listed, with_last_run
from activations.activating.templates import may_change as may_delete_template
from activations.models import ActivationTemplate
from activations.parents.access import usable_by
from activations.segments.folders import path_of
from activations.segments.rewriting import hindrance
from activations.segments.usable import audience_for
from activations.views.segments import segment_of
from activations.views.staleness import staleness
from console.access import is_admin
from console.queries.chain import followed_by
from console.queries.exporting import Draft
from console.views.exports import mark_of, told_of_test
from console.views.jobs import tell_waits
from console.views.keys import key_of
from integrations.models import Authentication
from integrations.views.authentications import told

PER_PAGE = 50
RUNS = 25


def activation_of(request, pk):
    """Return the activation, or answer 404 where the user may not use its parent segment."""
    found = visible_activations(request.user).select_related(
        "segment__folder",
        "segment__parent_segment__query__schedule__trigger",
        "query__schedule__trigger__query__schedule__trigger",
        "query__database",
    )
    return get_object_or_404(found, pk=pk)


def changeable(request, pk):
    """Return the activation, or answer 404 where it is not the user's to change."""
    found = activation_of(request, pk)
    if not may_change(request.user, found):
        raise Http404
    return found


@require_GET
def activation_list(request):
    """Show all activations that the user sees."""
    given = request.GET
    narrowed = {
        "search": given.get("q", "").strip(),
        "state": given.get("state", "") if given.get("state") in STATES else "",
        "destination": key_of(given.get("destination")),
        "parent": key_of(given.get("parent")),
    }
    sort = given.get("sort", "") if given.get("sort") in ORDERS else ""
    found = listed(request.user, **narrowed, sort=sort)
    context = {
        **page_of(request, found, PER_PAGE),
        **narrowed,
        "sort": sort,
        "states": STATES,
        "narrowed": any(narrowed.values()),
        "parents": usable_by(request.user).order_by("name"),
        "destinations": destinations(request.user),
    }
    return render(request, "activations/activations.html", context)


def destinations(user):
    """Return the authentications that the user's activations send to."""
    used = visible_activations(user).order_by().values("query__authentication")
    return Authentication.objects.filter(pk__in=used).order_by("name")


def page_of(request, activations, size):
    """Return a page of activations, each with its last run and how it stands."""
    page = Paginator(activations, size).get_page(request.GET.get("page"))
    page.object_list = with_last_run(page.object_list)
    for each in page.object_list:
        each.state = standing.WORDS[standing.state_of(each, each.last)]
    return {"page": page, "params": params_of(request)}


def params_of(request):
    params = request.GET.copy()
    params.pop("page", None)
    return params.urlencode()


@require_GET
def segment_activations(request, parent, pk):
    """Show the activations of a segment, and the templates that others can begin with."""
    segment = segment_of(request, parent, pk)
    found = listed(request.user).filter(segment=segment)
    context = {
        **page_of(request, found, PER_PAGE),
        "parent": segment.parent_segment,
        "segment": segment,
        "path": path_of(segment.folder),
        "tab": "activations",
        "templates": templates_of(segment.parent_segment, request.user),
        **staleness(segment.parent_segment, request.user),
    }
    return render(request, "activations/segment_activations.html", context)


def templates_of(parent, user):
    """Return the templates of a parent segment, each with whether the user may delete it."""
    found = ActivationTemplate.objects.filter(parent_segment=parent)
    templates = list(found.select_related("owner", "authentication", "parent_segment"))
    for each in templates:
        each.deletable = may_delete_template(user, each)
    return templates


def shared(request, activation, tab):
    """Return what all pages of an activation show."""
    segment = activation.segment
    return {
        "activation": activation,
        "segment": segment,
        "parent": segment.parent_segment,
        "path": path_of(segment.folder),
        "tab": tab,
        "changeable": may_change(request.user, activation),
        "sees_jobs": sees_jobs(request.user, activation),
    }


def sees_jobs(user, activation):
    """Return whether the user may look at the rows of its jobs: its owner and administrators."""
    return activation.query.owner_id == user.pk or is_admin(user)


@require_GET
def activation(request, pk):
    """Show how an activation stands; the page asks for that again while a run is under way."""
    found = activation_of(request, pk)
    context = shared(request, found, "overview") | overview_of(found, request.user)
    part = request.htmx and not request.htmx.boosted
    if not (part and context["live"]):
        context["chart"] = runs.chart(found)
    return shown(request, context, "_activation_news" if part else "activation")


def shown(request, context, name):
    """Show a page of an activation, or a part of one; a page also says what is wrong."""
    if not name.startswith("_"):
        context |= staleness(context["parent"], request.user)
    if not name.startswith("_") and context["tab"] != "runs":  # Each run says it there.
        context["hindrance"] = hindrance(context["activation"])
    return render(request, f"activations/{name}.html", context)


def overview_of(activation, user):
    last = runs.runs(activation).first()
    context = {
        "last": last,
        "state": standing.WORDS[standing.state_of(activation, last)],
        "coming": standing.coming(activation, user),
        "may_test": standing.may_test(activation),
        "live": bool(last and not last.settled),
    }
    if last:
        tell_waits([last])
        data = runs.data_of(last, activation.segment.parent_segment)
        context |= {"said": runs.said(last), "data": data}
    return context


@require_GET
def activation_runs(request, pk):
    """Show the runs of an activation. The table asks for itself again while one is under way."""
    found = activation_of(request, pk)
    page = Paginator(runs.runs(found), RUNS).get_page(request.GET.get("page"))
    tell_waits(page)
    for job in page:
        job.said = runs.said(job)
    context = shared(request, found, "runs") | {
        "page": page,
        "params": params_of(request),
        "live": any(not job.settled for job in page),
    }
    part = request.htmx and not request.htmx.boosted
    return shown(request, context, "_activation_runs" if part else "activation_runs")


@require_GET
def activation_settings(request, pk):
    """Show what an activation sends, where to, when, and who hears of it."""
    found = activation_of(request, pk)
    query = found.query
    audience = audience_for(found.segment.parent_segment, query.owner)
    export = query.authentication and query.authentication.connector.Export
    context = shared(request, found, "settings") | {
        "query": query,
        "outputs": words.outputs(found, audience),
        "export": list(told(export, query.export or {}, {})) if export else [],
        "people": query.notified.order_by("username"),
        "followers": followed_by(query, request.user),
    }
    if query.authentication and context["changeable"] and context["sees_jobs"]:
        draft = Draft(query, query.authentication)
        context |= told_of_test(draft, query.changes, mark_of(query))
    return shown(request, context, "activation_settings")
