"""Databases and tables: what there is, and a look into it."""

from collections import defaultdict
from itertools import islice

from django.contrib import messages
from django.db.models import Count, Sum
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console import tables
from console.forms.databases import DatabaseForm
from console.jobs.results import shown
from console.models import Database, Table
from console.tables import remote

FIRST_ROWS = 20
MOST_LISTED = 1000  # tables; where there are more, the server looks for the word


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
    context = filtered(list(found.order_by("name")), word_of(request)) | {"form": form}
    return render(request, "console/databases.html", context, status=status)


def word_of(request):
    """Return what was typed into the filter."""
    return request.GET.get("q", "").strip()


def filtered(databases, word):
    """Return the databases, each with the tables that the filter can show in it."""
    found = Table.objects.filter(database__in=[each.pk for each in databases]).order_by("name")
    called = found.filter(name__icontains=word) if word else found.none()
    holding = set(called.order_by().values_list("database", flat=True).distinct())
    few = found.count() <= MOST_LISTED
    names = defaultdict(list)
    for database, name in (found if few else called[:MOST_LISTED]).values_list("database", "name"):
        names[database].append((name, has(name, word)))
    for each in databases:
        each.listed = names[each.pk]
        each.some = any(wanted for _, wanted in each.listed)
        each.shown = has(each.name, word) or each.pk in holding
    return {
        "databases": databases,
        "word": word,
        "few": few,
        "shown": any(each.shown for each in databases),
        "first": MOST_LISTED if not few and called.count() > MOST_LISTED else None,
    }


def has(name, word):
    return word.lower() in name.lower()


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
    """Show the tables of a database."""
    found = readable_database(request, name)
    context = listed(found.tables.all(), word_of(request)) | {
        "database": found,
        "writable": tables.can_write(request.user, found),
    }
    return render(request, "console/database.html", context)


def listed(found, word):
    """Return the tables that the filter can show; of very many, the first that it does show."""
    count, called = found.count(), found.filter(name__icontains=word)
    few = count <= MOST_LISTED
    tables = list(found if few else called[:MOST_LISTED])
    for each in tables:
        each.shown = has(each.name, word)
    return {
        "tables": tables,
        "word": word,
        "few": few,
        "shown": any(each.shown for each in tables),
        "first": MOST_LISTED if not few and called.count() > MOST_LISTED else None,
        "most": remote.MOST if count >= remote.MOST else None,
    }


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
