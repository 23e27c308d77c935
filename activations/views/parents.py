"""Parent segments: the list, one of them, its definition, its refresh."""

from django.contrib import messages
from django.db.models import Count, OuterRef, Subquery
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from activations.forms.definition import DefinitionForms
from activations.models import ParentSegment
from activations.parents import demo, history, keeping
from activations.parents.access import editable_by, usable_by
from activations.parents.audience import CUSTOMERS
from activations.parents.problems import problems
from activations.parents.sources import left_out, sources
from activations.segments.losses import losses
from console import jobs
from console.models import Job, Table
from console.tables import TableError
from console.views.schedules import schedule_context


@require_GET
def parent_list(request):
    """Show the parent segments that the user may use."""
    last = Job.objects.filter(query=OuterRef("query")).order_by("-pk")
    found = usable_by(request.user).annotate(
        segment_count=Count("segments", distinct=True),
        last_job=Subquery(last.values("pk")[:1]),
        last_status=Subquery(last.values("status")[:1]),
        last_ended=Subquery(last.values("ended_at")[:1]),
    )
    found = found.select_related("owner", "query__schedule__trigger__query").order_by("name")
    context = {
        "parents": with_customers(found),
        "demo": not found and demo.can_make(request.user),
    }
    return render(request, "activations/parents.html", context)


def with_customers(parents):
    """Return the parent segments, each with how many customers it has."""
    names = [parent.database for parent in parents]
    tables = Table.objects.filter(name=CUSTOMERS, database__name__in=names)
    rows = dict(tables.values_list("database__name", "rows"))
    for parent in parents:
        parent.customers = rows.get(parent.database)
    return parents


@require_POST
def demo_parent(request):
    """Make the parent segment of the demo data."""
    if not demo.can_make(request.user):
        messages.error(request, "The demo data is not there, or has its parent segment already.")
        return redirect("parent-segments")
    made = demo.make(request.user)
    messages.success(request, f"{made.name} is there. Its first refresh is under way.")
    return redirect(made)


@require_http_methods(["GET", "POST"])
def new_parent(request):
    """Show the form of a definition, empty; save what it sends."""
    return define(request, ParentSegment(owner=request.user))


@require_http_methods(["GET", "POST"])
def edit_parent(request, pk):
    return define(request, editable(request, pk))


def define(request, parent):
    forms = DefinitionForms(parent, sources(parent.owner), request.POST or None)
    if request.method == "POST" and forms.is_valid() and (made := saved(request, parent, forms)):
        return redirect(made)
    context = {"forms": forms, "parent": parent, "left_out": left_out(parent.owner)}
    status = 422 if request.method == "POST" else 200
    return render(request, "activations/parent_edit.html", context, status=status)


def saved(request, parent, forms):
    """Save what was entered, and refresh where that is asked; None where it cannot be kept."""
    filled, groups = forms.fill(parent), forms.groups()
    if not forms.parent.accepts(losses(filled, forms.sources, groups["unmasked"])):
        return None
    try:
        made = keeping.save(filled, by=request.user, **groups)
    except TableError as error:
        forms.parent.add_error(None, str(error))
        return None
    outdated = keeping.stop_outdated(made, request.user)
    if outdated or "refresh" in request.POST:
        start_refresh(request, made)
    else:
        messages.success(request, f"{made.name} is saved. It is built at the next refresh.")
    return made


def editable(request, pk):
    return get_object_or_404(editable_by(request.user).select_related("query", "owner"), pk=pk)


def usable(request, pk):
    return get_object_or_404(usable_by(request.user).select_related("query", "owner"), pk=pk)


@require_GET
def parent(request, pk):
    """Show a parent segment: its data, its refreshes, its definition."""
    found = usable(request, pk)
    context = refresh_context(request, found) | {
        "problems": problems(found),
        "segment_count": found.segments.count(),
        "query": found.query,
    }
    if context["editable"] and request.GET.get("panel") == "schedule":
        context |= {"panel": "schedule", **schedule_context(request, found.query)}
    return render(request, "activations/parent.html", context)


def refresh_context(request, parent):
    return {
        "parent": parent,
        "editable": editable_by(request.user).filter(pk=parent.pk).exists(),
        "state": history.state(parent),
        "refreshes": history.refreshes(parent),
    }


@require_GET
def refreshes(request, pk):
    """Show how the data stands and what became of refreshes, while one is under way."""
    context = refresh_context(request, usable(request, pk))
    return render(request, "activations/_parent_data.html", context)


@require_POST
def refresh(request, pk):
    """Make the tables anew."""
    found = editable(request, pk)
    start_refresh(request, found)
    return redirect(found)


def start_refresh(request, parent):
    """Start a refresh, unless one is under way that makes the same."""
    under_way = parent.query.jobs.exclude(status__in=Job.FINISHED).first()
    if under_way and under_way.builds == parent.query.builds:
        messages.success(request, f"A refresh is under way already: job {under_way.pk}.")
        return
    job, _ = jobs.submit_once(jobs.new_job(parent.query), by=request.user)
    messages.success(request, f"The refresh is under way: job {job.pk}.")


@require_http_methods(["GET", "POST"])
def delete_parent(request, pk):
    """Ask, and delete the parent segment with its databases, unless something uses it."""
    found = editable(request, pk)
    if request.method == "POST":
        try:
            keeping.delete(found, request.user)
        except keeping.StillUsed as error:
            messages.error(request, str(error))
            return redirect("delete-parent-segment", pk)
        messages.success(request, f"{found.name} is deleted, with its databases.")
        return redirect("parent-segments")
    context = {"parent": found, "usage": keeping.usage(found, request.user)}
    return render(request, "activations/parent_delete.html", context)
