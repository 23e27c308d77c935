"""Test with 5 rows: the first real rows, sent with settings that need not be saved."""

from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from console import jobs
from console.jobs.testing import few_rows, new_test
from console.queries.access import visible_jobs
from console.views.exports import NotRight, entered, export_context, mark_of_test, refused
from console.views.queries import visible_query

ANOTHER = (
    "With what is entered and saved by now, a test does something else than was told. Read it "
    "first."
)


@require_POST
def export_test(request, pk):
    """Make a test of what was entered, where that does what the page has said."""
    query = visible_query(request, pk)
    try:
        given, _ = entered(request, query)
        if why := untested(request, query, given):
            raise NotRight(export_context(request, query) | {"untested": why})
    except NotRight as wrong:
        return refused(request, query, wrong.context)
    return begun(request, query, given)


def untested(request, query, given, *kept):
    """Return why there is no test, or not yet; nothing where it does what the page has said."""
    few = few_rows(given.authentication.connector({}, given.settings), given.changes)
    if not few.offered:
        return "There is no test with these settings."
    told = mark_of_test(query, given.authentication, few, *kept)
    return "" if request.POST.get("told") == told else ANOTHER


def begun(request, query, given):
    """Make the test, and show how far it is."""
    job, _ = jobs.submit_once(new_test(query, given), by=request.user)
    if not request.htmx:
        return redirect(job)
    # What is wrong comes in the place of the whole panel, as with Done; this in its own.
    response = retarget(reswap(outcome(request, job), "outerHTML show:bottom"), "#export-tested")
    # What asked for it can be gone by then, and nothing else would say that rows are sent.
    told = {"text": f"Test: job {job.pk} has started.", "kind": "ok", "target": "body"}
    return trigger_client_event(response, "toast", told)


@require_GET
def test_outcome(request, pk):
    """Show how far a test is; the panel stops asking once that has ended."""
    job = get_object_or_404(visible_jobs(request.user).filter(test__isnull=False), pk=pk)
    return outcome(request, job)


def outcome(request, job):
    job.waits = jobs.waiting([job]).get(job.pk)
    context = {"tested": job, "polled": True}
    return render(request, "console/_export_tested.html", context)
