"""The list of queries, and what its menu does."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from console.queries.access import visible_queries, visible_work
from console.queries.listing import SHOWS, listed
from console.queries.samples import SAMPLES
from console.queries.saving import delete, duplicate, why_no_export

PER_PAGE = 25


def queries(request):
    """Show the queries that the user may see."""
    show, search = request.GET.get("show", ""), request.GET.get("q", "").strip()
    found = listed(request.user, show=show, search=search)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    params = request.GET.copy()
    params.pop("page", None)
    context = {
        "page": page,
        "params": params.urlencode(),
        "shows": SHOWS,
        "show": show,
        "search": search,
        "narrowed": bool(show or search),
        "samples": SAMPLES,
    }
    return render(request, "console/queries.html", context)


def visible_query(request, pk):
    """Return the query, or answer 404 where the user may not see it."""
    return get_object_or_404(visible_queries(request.user), pk=pk)


def visible_runner(request, pk):
    """Return what can be put on a schedule, be it a query or part of something else, or 404."""
    return get_object_or_404(visible_work(request.user), pk=pk)


@require_POST
def duplicate_query(request, pk):
    query = visible_query(request, pk)
    copy = duplicate(query, by=request.user)
    why = why_no_export(copy, query)
    lacks = f"no schedule, and no export: {why}" if why else "no schedule."
    messages.success(request, f"“{copy.name}” is yours. It has {lacks}")
    return redirect(copy)


def delete_query(request, pk):
    """Ask, and delete the query. Its jobs and their results stay."""
    query = visible_query(request, pk)
    if request.method != "POST":
        context = {"query": query, "jobs": query.jobs.count()}
        template = "console/_query_delete.html" if request.htmx else "console/query_delete.html"
        return render(request, template, context)
    delete(query)
    messages.success(request, f"Query “{query.name}” was deleted. Its jobs are kept.")
    return redirect("queries")
