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
from console.tables.imports import ImportFailed, import_file, kind_of, sniff


@require_http_methods(["GET", "POST"])
def upload(request):
    """Take a file, keep it for this user and look into it on the next page."""
    databases = tables.writable_databases(request.user)
    initial = {"database": request.GET.get("database")}
    form = FileForm(
        request.POST or None, request.FILES or None, databases=databases, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        kept = uploads.keep(request.user, form.cleaned_data["file"])
        database, table = form.cleaned_data["database"].name, request.GET.get("table", "")
        page = reverse("upload-table", args=[database, kept.token])
        page += f"?table={table}" if table.isidentifier() else ""
        return HttpResponseClientRedirect(page) if request.htmx else redirect(page)
    part = "_upload_file" if request.htmx else "upload"
    context = {"form": form, "databases": databases}
    status = 422 if form.is_bound else 200
    return render(request, f"console/{part}.html", context, status=status)


@require_http_methods(["GET", "POST"])
def upload_table(request, database, token):
    """Show what is in the file; import it as the person says."""
    target = tables.writable_databases(request.user).filter(name=database).first()
    kept = uploads.find(request.user, token)
    if target is None or kept is None:
        raise Http404
    try:
        found = sniff(kept.path, kind_of(kept.path.name), header=header(request))
    except ImportFailed as error:
        uploads.forget(kept)
        messages.error(request, f"{kept.path.name}: {error}")
        return redirect(f"{reverse('upload')}?database={database}")
    return table_page(request, target, kept, found)


def header(request):
    """Return whether the first line holds names; None: find out."""
    return {"yes": True, "no": False}.get(request.GET.get("header"))


def table_page(request, database, kept, found):
    table = request.GET.get("table") or name_from(kept.path.name)
    there = database.tables.filter(name=table).exists()
    initial = {"name": table, "mode": "append" if there else "create"}
    form = TableForm(request.POST or None, initial=initial)
    columns = ColumnForms(request.POST or None, initial=as_initial(found.columns))
    if form.is_valid() and columns.is_valid():
        imported = imported_table(request, database, kept, form, columns.columns(), found.header)
        if imported:
            return redirect(imported)
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


def imported_table(request, database: Database, kept, form, columns, first_line):
    """Import the file and return its table, or put the reason against it into the form."""
    name, mode = form.cleaned_data["name"], form.cleaned_data["mode"]
    kind = kind_of(kept.path.name)
    reading = {"columns": columns, "header": first_line}
    try:
        table = import_file(database, name, kept.path, kind=kind, mode=mode, **reading)
    except (tables.TableError, ImportFailed) as error:
        form.add_error(None, str(error))
        return None
    uploads.forget(kept)
    messages.success(request, f"{kept.path.name} is in {table}, which has {table.rows:,} rows.")
    return table
