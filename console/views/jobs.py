"""Jobs: the list, one job while it runs and after, its result as CSV."""

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from console import jobs, overview
from console.access import is_admin
from console.jobs.changes.approving import may_release
from console.jobs.changes.looking import looked_at, who_may
from console.jobs.failures import failure_column
from console.jobs.holding import NotReleased, compared, overtaken_by
from console.jobs.in_part import so_far
from console.jobs.mending import can_mend
from console.jobs.rejects import (
    broke_rules,
    first_rejects,
    may_be_there,
    reasons,
)
from console.jobs.resending import adds, can_resend, replaced, resent_by
from console.jobs.results import NoResult, csv_lines, grid
from console.models import Job
from console.queries.access import visible_jobs
from console.views.keys import key_of
from integrations import receipts

PAGE = 50
LINES = 500
FILTERS = {
    "running": (Job.Status.QUEUED, Job.Status.BOOTING, Job.Status.RUNNING),
    "success": (Job.Status.SUCCESS,),
    "failed": (Job.Status.ERROR,),
    "killed": (Job.Status.KILLED,),
    "skipped": (Job.Status.SKIPPED,),
}
HELD = "held"


@require_GET
def job_list(request):
    """Show the jobs, newest first. The table asks for itself again while something is running."""
    found = filtered(visible_jobs(request.user), request)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    params = request.GET.copy()
    params.pop("page", None)
    tell_waits(page)
    context = {
        "page": page,
        "filters": [*FILTERS, HELD],
        "live": any(not job.settled for job in page),
        "filtering": bool(request.GET.get("status") or request.GET.get("search")),
        "params": params.urlencode(),
        "admin": is_admin(request.user),
    }
    part = request.htmx and not request.htmx.boosted
    return render(request, f"console/{'_jobs' if part else 'jobs'}.html", context)


def filtered(found, request):
    """Narrow the jobs to a status, to the user's own, to an id or a part of the name."""
    statuses = FILTERS.get(request.GET.get("status"))
    if statuses:
        found = found.filter(status__in=statuses)
    elif request.GET.get("status") == HELD:
        found = overview.held(found).order_by("-pk")
    if "mine" in request.GET:
        found = found.filter(owner=request.user)
    found = matching(found, request.GET.get("search", "").strip())
    return found.select_related("owner", "authentication").defer("sql", "traceback")


def matching(found, words):
    """Narrow the jobs to the one of that number, or to those that are called like that."""
    words = words.removeprefix("#")
    if key := key_of(words):
        return found.filter(pk=key)
    return found.filter(name__icontains=words) if words else found


def tell_waits(page):
    """Give each job the sentence that says which exports it waits for."""
    told = jobs.waiting(page)
    for job in page:
        job.waits = told.get(job.pk)


def visible_job(request, pk):
    found = visible_jobs(request.user).select_related("owner", "query", "authentication")
    job = get_object_or_404(found, pk=pk)
    tell_waits([job])
    job.may_be_released = job.held and may_release(job, request.user)
    job.newer = overtaken_by(job) if job.may_be_released else None
    return job


@require_GET
def job_page(request, pk):
    job = visible_job(request, pk)
    lines = list(job.lines.order_by("-pk")[:LINES])[::-1]
    context = outcome(job) | {
        "job": job,
        "lines": lines,
        "last_line": lines[-1].pk if lines else 0,
        "sql_lines": job.text.splitlines(),
        "retries": job.retries.order_by("pk"),
        "shows_traceback": job.traceback and is_admin(request.user),
    }
    return render(request, "console/job.html", context)


@require_GET
def job_live(request, pk):
    """Answer what is new about a job; the page stops asking when the job is finished."""
    job = visible_job(request, pk)
    after = key_of(request.GET.get("after")) or 0
    lines = job.lines.filter(pk__gt=after)[:LINES]
    last = max((line.pk for line in lines), default=after)
    context = {"job": job, "lines": lines, "last_line": last, "polled": True}
    if job.settled:
        context |= outcome(job) | {"retries": job.retries.order_by("pk")}
    return render(request, "console/_job_news.html", context)


def outcome(job):
    """Return the result of a job to show, when it has ended or is held, or why there is none."""
    if not job.result_path or not job.settled:
        return {}
    context = {"so_far": so_far(job)}
    context |= {"compared": compared(job), "who_may": who_may(job)} if job.held else {}
    context |= rejected(job) | {"looked": looked_at(job)}
    try:
        columns, rows = grid(job)
    except NoResult as gone:
        return context | {"no_result": str(gone)}
    return context | {"columns": columns, "rows": rows, "failure_column": failure_column(job)}


def rejected(job):
    """Return the rows of a job that were not delivered, as far as a page shows them."""
    if not job.rejects_path:
        return {}
    try:
        found = {"reasons": reasons(job), "rejects": first_rejects(job)}
    except NoResult as gone:
        return {"no_rejects": str(gone)}
    again = resent_by(job)
    return found | {
        "may_be_there": may_be_there(job),
        "can_resend": can_resend(job),
        "can_mend": can_mend(job),
        "replaces": not adds(job),
        "replaced": replaced(job),
        "resent_by": again,
        "resent_of": again and sent_of(job, again),
        "broke_rules": can_resend(job) and broke_rules(job),
    }


def sent_of(job, again):
    """Return whose rejects another job has sent, as a page says it."""
    if again.resend_of_id == job.pk:
        return "this job already"
    return f"job {again.resend_of_id} already, which can be among these"


@require_GET
def job_csv(request, pk):
    """Send the whole result, a batch at a time."""
    return as_csv(request, pk, csv_lines, "job")


def as_csv(request, pk, lines_of, name):
    job = visible_job(request, pk)
    try:
        lines = lines_of(job)
        first = next(lines)
    except NoResult as gone:
        messages.error(request, str(gone))
        return redirect(job)
    response = StreamingHttpResponse(chained(first, lines), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{job.pk}.csv"'
    return response


def chained(first, rest):
    yield first
    yield from rest


@require_GET
def job_receipt(request, pk):
    """Send the signed receipt, for `manage.py verify_receipt`."""
    job = visible_job(request, pk)
    if not (job.receipt and job.receipt.get("signature")):
        raise Http404
    response = HttpResponse(receipts.printed(job.receipt), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{job.pk}.json"'
    return response


@require_POST
def job_kill(request, pk):
    job = visible_job(request, pk)
    end(request, job, "killed")
    return redirect(job)


def end(request, job, word):
    """End a job, and say what becomes of it."""
    former = jobs.kill(job, request.user)
    if former == Job.Status.QUEUED:
        messages.success(request, f"Job {job.pk} is {word}.")
    elif not job.finished:
        messages.success(request, f"Job {job.pk} will be {word}.")
    else:
        messages.info(request, f"Job {job.pk} had ended before: {job.get_status_display()}.")


@require_POST
def job_release(request, pk):
    release = partial(jobs.release, known=key_of(request.POST.get("newer")))
    return decide(request, pk, release, "released: its result is sent")


@require_POST
def job_drop(request, pk):
    return decide(request, pk, jobs.drop, "dropped: its result is not sent")


def decide(request, pk, decision, outcome):
    """Let a person decide about a held job, once."""
    job = visible_job(request, pk)
    try:
        decided = decision(job, request.user)
    except NotReleased as why:
        messages.error(request, str(why))
        return redirect(job)
    if decided:
        messages.success(request, f"Job {job.pk} is {outcome}.")
    else:
        messages.error(request, f"Job {job.pk} is not held any more.")
    return redirect(job)


@require_POST
def job_retry(request, pk):
    job = visible_job(request, pk)
    if not job.finished:
        messages.error(request, f"Job {job.pk} has not ended yet.")
        return redirect(job)
    try:
        again, new = jobs.retry_once(job, request.user, once_more="once_more" in request.POST)
    except NoResult as gone:
        messages.error(request, str(gone))
        return redirect(job)
    if new:
        messages.success(request, f"Job {again.pk} does job {job.pk} again.")
    else:
        messages.info(request, told_of_retry(job, again))
    return redirect(again)


def told_of_retry(job, again):
    """Return why no other job does it again."""
    if not again.finished:
        return f"Job {again.pk} does job {job.pk} again already, and is not done."
    return f"Job {again.pk} has done job {job.pk} again. To do all of it once more, retry this one."
