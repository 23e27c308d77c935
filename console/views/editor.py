"""The query editor: the page, saving, and what helps while writing."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from console.engines import ENGINES
from console.forms.queries import QueryForm
from console.models import Query, Table
from console.queries.access import visible_jobs
from console.queries.samples import DATABASE, sample
from console.queries.saving import SavedMeanwhile, adopt, is_of, save
from console.queries.schema import first_rows, names, tree, usual_database
from console.tables import readable, readable_databases
from console.views.exports import export_context
from console.views.keys import key_of
from console.views.queries import visible_query
from console.views.query_jobs import job_context
from console.views.schedules import schedule_context

PANELS = {"export": export_context, "schedule": schedule_context}
HISTORY = 50


@require_http_methods(["GET", "POST"])
def new_query(request):
    """Show an editor, empty or filled in from a table, a sample or a job; save what it sends."""
    query = Query(owner=request.user)
    if request.method == "POST":
        return save_query(request, query)
    job = shown_job(request)
    initial = text_of(job) if job else beginning(request)
    return editor(request, QueryForm(instance=query, initial=initial, user=request.user), job=job)


@require_http_methods(["GET", "POST"])
def query(request, pk):
    """Show a saved query in the editor; save what it sends."""
    found = visible_query(request, pk)
    if request.method == "POST":
        return save_query(request, found)
    job = shown_job(request)
    initial = text_of(job) if job else {}
    return editor(request, QueryForm(instance=found, initial=initial, user=request.user), job=job)


def save_query(request, query):
    new = query.pk is None
    form = QueryForm(sent(request, new=new), instance=query, user=request.user)
    if not form.is_valid():
        return refused(request, form)
    job = shown_job(request)
    try:
        given = {"opened": form.cleaned_data["version"], "seen": form.cleaned_data["seen"]}
        save(query, by=request.user, **given)
    except SavedMeanwhile as error:
        form.add_error(None, str(error))
        form.data = form.data.copy()
        form.data.update(error.told)
        return refused(request, form)
    if job and new:
        adopt(job, query)
    return saved(request, query, job, new=new)


def sent(request, *, new):
    """Return what the editor sent; "Save as" gives the new query a name of its own."""
    data = request.POST.copy()
    if new:
        data["name"] = data.get("copy_name") or data.get("name", "")
    return data


def saved(request, query, job, *, new):
    """Go to the new query; for a known one say that it is saved and keep the text as it is."""
    panel = request.POST.get("panel")
    if request.htmx and not new and panel not in PANELS:
        form = QueryForm(instance=query, user=request.user)
        context = {"query": query, "form": form, "versions": versions_of(query)}
        response = render(request, "console/_query_saved.html", context)
        text = f"Saved. The SQL is version {query.version}."
        return trigger_client_event(response, "toast", {"text": text, "kind": "ok"})
    messages.success(request, f"Query “{query.name}” is saved.")
    shown = job if job and is_of(job, query) else None  # The text of another would be shown.
    url = query.get_absolute_url() + address_of(panel, shown)
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def address_of(panel, job):
    """Return what leads to a panel, and to the job that was on show."""
    known = {"panel": panel if panel in PANELS else None, "job": job and job.pk}
    given = {name: value for name, value in known.items() if value}
    return f"?{urlencode(given)}" if given else ""


def refused(request, form):
    """Show what was sent again, with what is wrong about it."""
    if request.htmx and request.htmx.target == "copy-error":
        return render(request, "console/_query_errors.html", {"form": form}, status=422)
    if request.htmx:
        return render(request, "console/_query_fields.html", {"form": form}, status=422)
    return editor(request, form, job=shown_job(request), status=422)


def editor(request, form, *, job=None, status=200):
    query = Query.objects.filter(pk=form.instance.pk).first()
    panel = request.GET.get("panel")
    context = {
        "form": form,
        "query": query,
        "address": query.get_absolute_url() if query else reverse("new-query"),
        "changed": form.is_bound or bool(job and (query is None or job.text != query.sql)),
        "tables": tree(request.user),
        "history": query and history_of(request.user, query),
        "versions": query and versions_of(query),
        **job_context(job),
    }
    if query and panel in PANELS:
        context |= {"panel": panel, **PANELS[panel](request, query)}
    return render(request, "console/query.html", context, status=status)


def history_of(user, query):
    return visible_jobs(user).filter(query=query).select_related("owner")[:HISTORY]


def versions_of(query):
    return query.versions.select_related("saved_by")[:HISTORY]


def shown_job(request):
    """Return the job that the address asks for, or that is on the page that was sent, or None."""
    if request.method == "POST":
        return visible_jobs(request.user).filter(pk=key_of(request.POST.get("job"))).first()
    key = key_of(request.GET.get("job"))
    return get_object_or_404(visible_jobs(request.user), pk=key) if key else None


def text_of(job):
    return {"database": job.database, "engine": job.engine, "sql": job.text}


def beginning(request):
    """Return what a new query starts with: a sample, the rows of a table, or nothing."""
    chosen = sample(request.GET.get("sample"))
    if chosen:
        return {"name": chosen.name, "database": DATABASE, "sql": chosen.sql}
    databases = readable(request.user)
    name = request.GET.get("database") or usual_database(request.user)
    table = databases.get(name, {}).get(request.GET.get("table"))
    return {"database": name, "sql": first_rows(table) if table else ""}


def query_names(request):
    """Send the names that the editor completes."""
    return JsonResponse(names(request.user, request.GET.get("database", "")))


def query_columns(request, database, table):
    """Show the columns of one table of the tree."""
    databases = readable_databases(request.user).filter(name=database)
    found = get_object_or_404(Table, database__in=databases, name=table)
    return render(request, "console/_query_columns.html", {"table": found})


@require_POST
def format_query(request):
    """Send the text laid out, or why it was left alone."""
    # sqlglot takes a while to load, and no other page needs it.
    from console.queries.formatting import CannotFormat, format_sql

    engine = request.POST.get("engine")
    try:
        sql = format_sql(request.POST.get("sql", ""), engine if engine in ENGINES else "trino")
    except CannotFormat as error:
        answer = {"message": str(error), "line": error.line, "column": error.column}
        return JsonResponse(answer, status=422)
    return JsonResponse({"sql": sql})


def query_history(request, pk):
    found = visible_query(request, pk)
    context = {"query": found, "history": history_of(request.user, found)}
    return render(request, "console/_query_history.html", context)
