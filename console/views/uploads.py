"""Upload a file: first the file, then what becomes of it."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from console import tables, uploads
from console.forms.uploads import ColumnForms, FileForm, TableForm, name_from
from console.models import Database
from console.tables.imports import ImportFailed, import_file, imported, kind_of
from integrations import threads


@require_http_methods(["GET", "POST"])
def upload(request):
    """Take a file, look into it, and keep it for this user and the next page."""
    databases = tables.writable_databases(request.user)
    initial = {"database": request.GET.get("database")}
    form = FileForm(
        request.POST or None, request.FILES or None, databases=databases, initial=initial
    )
    kept = readable(request, form) if form.is_valid() else None
    if kept:
        database, table = form.cleaned_data["database"].name, request.GET.get("table", "")
        page = reverse("upload-table", args=[database, kept.token])
        page += f"?table={table}" if table.isidentifier() else ""
        return HttpResponseClientRedirect(page) if request.htmx else redirect(page)
    return file_page(request, form)


def readable(request, form):
    """Return the file as it is kept, or put the reason why it cannot be read beside its field."""
    kept = uploads.keep(request.user, form.cleaned_data["file"])
    try:
        uploads.look(kept)
    except threads.Busy:
        return kept  # The next page looks into it.
    except ImportFailed as error:
        uploads.forget(kept)
        form.add_error("file", f"{kept.path.name}: {error}")
        return None
    return kept


def file_page(request, form):
    """Show the first step; where something is wrong, focus is on the first such field."""
    for name in list(form.errors)[:1]:
        form.fields[name].widget.attrs["autofocus"] = True
    context = {"form": form, "databases": form.fields["database"].queryset}
    part = "_upload_file" if request.htmx else "upload"
    status = 422 if form.is_bound else 200
    return render(request, f"console/{part}.html", context, status=status)


@require_http_methods(["GET", "POST"])
def upload_table(request, database, token):
    """Show what is in the file; import it as the person says."""
    databases = tables.writable_databases(request.user)
    target = databases.filter(name=database).first()
    if target is None:
        raise Http404
    if request.method == "GET":
        return columns_page(request, target, token, databases)
    try:
        with threads.place(), uploads.alone(request.user, token):
            if table := imported(target, request.POST.get("name", ""), run_of(token)):
                return done(request, table, "The file")
            return columns_page(request, target, token, databases)
    except threads.Busy as error:
        return columns_page(request, target, token, databases, busy=error)


def run_of(token):
    """Return the name of the import of an upload: a table has its rows once."""
    return f"upload-{token}"


def columns_page(request, target, token, databases, *, busy=None):
    kept = uploads.find(request.user, token)
    if kept is None:
        raise Http404
    try:
        found = uploads.look(kept, header(request))
    except threads.Busy as error:
        context = {"database": target, "file": kept.path.name, "busy": error}
        context["address"] = request.get_full_path()
        return render(request, "console/upload_busy.html", context, status=503)
    except ImportFailed as error:
        uploads.forget(kept)
        form = FileForm({"database": target.name}, databases=databases)
        form.errors["file"] = form.error_class([f"{kept.path.name}: {error}"])
        return file_page(request, form)
    return table_page(request, target, kept, found, busy=busy)


def header(request):
    """Return whether the first line holds names; None: find out."""
    return {"yes": True, "no": False}.get(request.GET.get("header"))


def table_page(request, database, kept, found, *, busy=None):
    table = request.GET.get("table") or name_from(kept.path.name)
    form = TableForm(request.POST or None, database=database, initial={"name": table})
    columns = ColumnForms(request.POST or None, initial=as_initial(found.columns))
    if busy and form.is_valid():
        form.add_error(None, f"{busy} Press Import again in a moment.")
    if form.is_valid() and columns.is_valid():
        reading = {"columns": columns.columns(), "header": found.header}
        if made := made_table(database, kept, form, reading):
            uploads.forget(kept)
            return done(request, made, kept.path.name)
    context = {
        "database": database,
        "file": kept.path.name,
        "bytes": kept.path.stat().st_size,
        "found": found,
        "headed": kind_of(kept.path.name) in ("csv", "tsv"),
        "form": form,
        "columns": columns,
    }
    status = 422 if form.is_bound else 200
    return render(request, "console/upload_table.html", context, status=status)


def as_initial(columns):
    return [{"name": name, "type": kind} for name, kind in columns]


def made_table(database: Database, kept, form, reading):
    """Import the file and return its table, or put the reason against it into the form."""
    name, mode = form.cleaned_data["name"], form.cleaned_data["mode"]
    reading |= {"kind": kind_of(kept.path.name), "run": run_of(kept.token)}
    try:
        return import_file(database, name, kept.path, mode=mode, **reading)
    except (tables.TableError, ImportFailed) as error:
        form.add_error(None, str(error))
        return None


def done(request, table, file):
    messages.success(request, f"{file} is in {table}, which has {table.rows:,} rows.")
    return redirect(table)
