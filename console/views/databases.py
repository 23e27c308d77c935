"""Databases and tables: what there is, and a look into it."""

from itertools import islice

from django.contrib import messages
from django.db.models import Count, Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console import tables
from console.forms.databases import DatabaseForm
from console.jobs.results import shown
from console.models import Database

FIRST_ROWS = 20


@require_http_methods(["GET", "POST"])
def database_list(request):
    """Show the databases that the user may read; make one."""
    form = DatabaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = created(request, form)
        if made:
            messages.success(request, f"Database {made.name} is there. Upload a file into it.")
            return redirect(made)
    found = Database.objects.filter(pk__in=tables.readable_databases(request.user).values("pk"))
    found = found.select_related("owner").annotate(
        table_count=Count("tables"), row_count=Sum("tables__rows"), size=Sum("tables__bytes")
    )
    status = 422 if form.is_bound else 200
    context = {"databases": found.order_by("name"), "form": form}
    return render(request, "console/databases.html", context, status=status)


def created(request, form):
    try:
        return tables.create_database(owner=request.user, **form.cleaned_data)
    except tables.TableError as error:
        form.add_error("name", str(error))
        return None


def readable_database(request, name):
    found = tables.readable_databases(request.user).select_related("owner")
    return get_object_or_404(found, name=name)


@require_GET
def database(request, name):
    found = readable_database(request, name)
    context = {
        "database": found,
        "tables": found.tables.all(),
        "writable": tables.can_write(request.user, found),
    }
    return render(request, "console/database.html", context)


@require_GET
def table(request, database, name):
    """Show a table's columns and its first rows."""
    found = readable_database(request, database)
    table = get_object_or_404(found.tables.select_related("database"), name=name)
    first = islice(tables.rows(table), FIRST_ROWS)
    context = {
        "database": found,
        "table": table,
        "rows": [[shown(value) for value in row] for row in first],
        "writable": tables.can_write(request.user, found),
    }
    return render(request, "console/table.html", context)


@require_POST
def drop_table(request, database, name):
    found = readable_database(request, database)
    if not tables.can_write(request.user, found):
        messages.error(request, f"You may not change the database {database}.")
        return redirect("table", database, name)
    try:
        tables.drop(found, name)
    except tables.TableError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Table {database}.{name} is dropped.")
    return redirect(found)
