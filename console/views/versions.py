"""The versions of a query: compare one with the current text, take one back."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from console.queries.diffing import compare
from console.queries.saving import restore
from console.views.queries import visible_query


def query_version(request, pk, number):
    """Show what a version had that the current text does not, and the other way round."""
    query = visible_query(request, pk)
    version = get_object_or_404(query.versions.select_related("saved_by"), number=number)
    context = {
        "query": query,
        "version": version,
        "lines": compare(version.sql, query.sql),
        "same": version.sql == query.sql,
    }
    template = "console/_query_diff.html" if request.htmx else "console/versions.html"
    return render(request, template, context)


@require_POST
def restore_version(request, pk, number):
    query = visible_query(request, pk)
    get_object_or_404(query.versions, number=number)
    restore(query, number, by=request.user)
    messages.success(request, f"Version {number} is current again, as version {query.version}.")
    return redirect(query)
