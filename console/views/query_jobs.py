"""Jobs inside the editor: run what it holds, watch it, stop it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from console import jobs
from console.forms.queries import RunForm
from console.jobs.log import in_full
from console.jobs.results import NoResult, grid
from console.models import Job
from console.queries.access import visible_jobs
from console.views.queries import visible_query

GRID_ROWS = 200
LINES = 500


@require_POST
def run_query(request, pk=None):
    """Make a job of the editor's text. The saved query stays as it is."""
    query = visible_query(request, pk) if pk else None
    form = RunForm(request.POST, user=request.user)
    if not form.is_valid():
        return render(request, "console/_query_job.html", {"run_form": form}, status=422)
    job, _ = jobs.submit_once(asked(request, query, **form.cleaned_data), by=request.user)
    if request.htmx:
        response = render(request, "console/_query_job.html", job_context(job))
        return trigger_client_event(response, "job-started", {})
    page = query.get_absolute_url() if query else reverse("new-query")
    return redirect(f"{page}?job={job.pk}")


def asked(request, query, *, database, engine, sql):
    """Return the new job; with the query's export where the button asks for that."""
    deliver = query is not None and "deliver" in request.POST
    if deliver and (sql, database, engine) == (query.sql, query.database, query.engine):
        return jobs.new_job(query)
    return jobs.made(
        sql,
        database=database.name,
        owner=request.user,
        engine=engine,
        name=query.name if query else "",
        query=query,
        authentication=query.authentication if deliver else None,
        export=query.export if deliver else None,
        changes=query.changes if deliver else None,
        by=request.user,
    )


def query_job(request, pk):
    """Show the job as it is now. A page that sees it end stops asking."""
    job = get_object_or_404(visible_jobs(request.user), pk=pk)
    response = render(request, "console/_query_job.html", job_context(job))
    return trigger_client_event(response, "job-ended", {}) if job.settled else response


@require_POST
def stop_query_job(request, pk):
    job = get_object_or_404(visible_jobs(request.user), pk=pk)
    jobs.kill(job, request.user)
    job.refresh_from_db()
    if request.htmx:
        return render(request, "console/_query_job.html", job_context(job))
    return redirect(job)


def panel_done(request, query, text, job=None):
    """Close the panel over the editor, whose text stays; show what it changed and began."""
    if query.place or not request.htmx:
        messages.success(request, text)
        url = query.get_absolute_url() + (f"?job={job.pk}" if job else "")
        return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    context = {"query": query} | job_context(job)
    response = render(request, "console/_query_panel_done.html", context)
    trigger_client_event(response, "toast", {"text": text, "kind": "ok"})
    if job:
        trigger_client_event(response, "job-started", {}, after="settle")
    return trigger_client_event(response, "panel-done", {}, after="settle")


def job_context(job):
    """Return what the result and the log of the job show."""
    if job is None:
        return {"job": None}
    job.error = in_full(job)  # Who may see the job may see its values.
    job.waits = jobs.waiting([job]).get(job.pk)
    context = {"job": job, "lines": list(job.lines.order_by("-pk")[:LINES])[::-1]}
    if job.status == Job.Status.SUCCESS or job.rows is not None:
        context |= result_of(job)
    if job.error_line:
        context["excerpt"] = excerpt(job)
    return context


def result_of(job):
    try:
        columns, rows = grid(job, GRID_ROWS)
    except NoResult as reason:
        return {"no_result": str(reason)}
    return {"columns": columns, "rows": rows}


def excerpt(job):
    """Return the line of the SQL that the error names, and a caret under its column."""
    lines = job.text.splitlines()
    if job.error_line > len(lines):
        return None
    text = lines[job.error_line - 1]
    blank = "".join(char if char == "\t" else " " for char in text)
    caret = blank[: job.error_column - 1] + "^" if job.error_column else ""
    gutter = " " * len(str(job.error_line))
    return {"line": job.error_line, "gutter": gutter, "text": text, "caret": caret}
