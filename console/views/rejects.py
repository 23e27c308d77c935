"""The rows of a job that were not delivered: as CSV, sent again, sent mended, and handed back."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from console import jobs
from console.jobs.failures import LARGEST, BadFile, failure_column, mark
from console.jobs.mending import can_mend, send_mended
from console.jobs.rejects import rejects_csv
from console.jobs.resending import BrokeOff, can_resend
from console.jobs.results import NoResult
from console.views.jobs import as_csv, visible_job
from integrations import threads


@require_GET
def job_rejects(request, pk):
    """Send the rows that were not delivered, with what is wrong with each."""
    return as_csv(request, pk, rejects_csv, "rejects")


def file_in(request):
    """Return the file that is handed in; nothing, and a word of it, where there is none."""
    file = request.FILES.get("file")
    if file is None or file.size > LARGEST:
        messages.error(request, f"Choose a file of at most {LARGEST >> 20} MB.")
        return None
    return file


@require_POST
def job_mended(request, pk):
    """Send the rejected rows that are in a file, with the values that they have there."""
    job = visible_job(request, pk)
    if not can_mend(job):
        raise Http404
    if (file := file_in(request)) is None:
        return redirect(job)
    try:
        with threads.place():
            again, new = send_mended(job, file, request.user, once_more="once_more" in request.POST)
    except (BadFile, BrokeOff, NoResult, threads.Busy) as error:
        messages.error(request, f"{file.name}: {error} Nothing was sent.")
        return redirect(job)
    if new:
        messages.success(request, f"Job {again.pk} sends the mended rows of job {job.pk}.")
    else:
        done = "has sent" if again.finished else "is sending"
        messages.error(
            request,
            f"Job {again.pk} {done} rejected rows of job {again.resend_of_id} already. "
            "Nothing more was sent.",
        )
    return redirect(again)


@require_POST
def job_failures(request, pk):
    """Take the file in which a receiver hands back rows that it did not take."""
    job = visible_job(request, pk)
    if not failure_column(job):
        raise Http404
    if (file := file_in(request)) is None:
        return redirect(job)
    try:
        marked, others = mark(job, file, request.user.username)
    except (BadFile, NoResult) as error:
        messages.error(request, f"{file.name}: {error}")
        return redirect(job)
    left = f"; {others:,} are no rows of this job, or were marked before" if others else ""
    rows = "1 row is" if marked == 1 else f"{marked:,} rows are"
    messages.success(request, f"{rows} marked as not delivered{left}.")
    return redirect(job)


@require_POST
def job_resend(request, pk):
    """Send the rows again that were not delivered, and only those."""
    job = visible_job(request, pk)
    if not can_resend(job):
        messages.error(request, f"The rejected rows of job {job.pk} cannot be sent by themselves.")
        return redirect(job)
    try:
        again, new = jobs.resend_once(job, request.user, once_more="once_more" in request.POST)
    except NoResult as gone:
        messages.error(request, str(gone))
        return redirect(job)
    rows = f"the rejected rows of job {again.resend_of_id}"
    if new:
        messages.success(request, f"Job {again.pk} sends {rows} again.")
    else:
        done = "has sent" if again.finished else "is sending"
        messages.info(request, f"Job {again.pk} {done} {rows} already.")
    return redirect(again)
