"""What is done with an activation: run, paused, copied, kept as a template, deleted."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from activations.activating import life, templates
from activations.activating.refusals import NotSaved
from activations.forms.copies import CopyForm, TemplateForm
from activations.views.activations import activation_of, changeable, sees_jobs
from activations.views.segments import segment_of
from activations.views.studio import form_or_page, gone_to
from console import jobs
from console.jobs.testing import Entered
from console.queries.chain import followed_by
from console.views.exports import mark_of
from console.views.few_rows import begun, untested
from console.views.jobs import end, told_of_retry
from console.views.schedules import paused_or_resumed


@require_POST
def run_activation(request, pk):
    """Start a run, unless one is under way."""
    found = changeable(request, pk)
    job, new = life.run_now(found, request.user)
    if new:
        messages.success(request, f"The run is under way: job {job.pk}.")
    else:
        messages.info(request, f"A run is under way already: job {job.pk}.")
    return redirect(found)


@require_POST
def test_activation(request, pk):
    """Send the first rows of an activation as it is saved, where that does what was said."""
    found = testable_or_404(request, pk)
    query = found.query
    given = Entered(query.authentication, query.export, query.changes)
    if not (why := untested(request, query, given, mark_of(query))):
        return begun(request, query, given)
    messages.error(request, why)
    page = reverse("activation-settings", args=[found.pk])
    return HttpResponseClientRedirect(page) if request.htmx else redirect(page)


def testable_or_404(request, pk):
    """Return an activation with a destination whose jobs the user sees."""
    found = changeable(request, pk)
    if not (sees_jobs(request.user, found) and found.query.authentication):
        raise Http404
    return found


@require_POST
def pause_activation(request, pk):
    """Pause the schedule, or go on with it."""
    found = changeable(request, pk)
    text, why = paused_or_resumed(request, found.query)
    if why:
        messages.error(request, f"It is paused still: it would fail again. {why}")
    else:
        messages.success(request, text)
    return redirect(found)


@require_POST
def retry_run(request, pk, job):
    """Do a run again."""
    found = changeable(request, pk)
    run = get_object_or_404(found.query.jobs, pk=job)
    if not run.finished:
        messages.error(request, f"Job {run.pk} has not ended yet.")
        return redirect(found)
    try:
        again, new = jobs.retry_once(run, request.user, once_more="once_more" in request.POST)
    except jobs.NoResult as gone:
        messages.error(request, str(gone))
        return redirect(found)
    if new:
        messages.success(request, f"Job {again.pk} does job {run.pk} again.")
    else:
        messages.info(request, told_of_retry(run, again))
    return redirect(found)


@require_POST
def stop_run(request, pk, job):
    """Stop a run that is under way."""
    found = changeable(request, pk)
    run = get_object_or_404(found.query.jobs, pk=job)
    end(request, run, "stopped")
    return redirect(found)


@require_http_methods(["GET", "POST"])
def duplicate_activation(request, pk):
    """Ask for a name and a segment, and make a copy that runs when somebody runs it."""
    found = activation_of(request, pk)
    parent = found.segment.parent_segment
    name = life.free_name(found.segment, f"Copy of {found.name}"[:255])
    initial = {"name": name, "segment": found.segment_id}
    form = CopyForm(request.POST or None, parent=parent, initial=initial)
    if form.is_valid():
        try:
            copy = life.duplicate(found, by=request.user, **form.cleaned_data)
        except NotSaved as refused:
            form.add_error("name" if refused.field == "name" else None, str(refused))
        else:
            messages.success(
                request, f"“{copy.name}” is yours. It has no schedule: it runs when you run it."
            )
            return gone_to(request, copy)
    text = "The copy belongs to you and has no schedule at first. It sends what this one sends, to "
    text += "the same place: change the path where both would write the same file."
    return small_form(request, form, found, f"Duplicate “{found.name}”", "Duplicate", text)


@require_http_methods(["GET", "POST"])
def keep_template(request, pk):
    """Ask for a name, and keep how the activation is set up as a template."""
    found = activation_of(request, pk)
    form = TemplateForm(request.POST or None, initial={"name": found.name})
    if form.is_valid():
        try:
            template = templates.keep(found, form.cleaned_data["name"], by=request.user)
        except templates.NameTaken as taken:
            form.add_error("name", str(taken))
        else:
            messages.success(request, f"Template “{template.name}” is kept.")
            return gone_to(request, found)
    text = "The template has the destination with its settings, the output mapping and the "
    text += "schedule. New activations of all segments of the parent segment can begin with it."
    return small_form(request, form, found, "Save as template", "Save template", text)


def small_form(request, form, activation, title, button, text):
    context = {
        "form": form,
        "parent": activation.segment.parent_segment,
        "title": title,
        "button": button,
        "text": text,
        "back": activation.get_absolute_url(),
        "address": request.get_full_path(),
    }
    return form_or_page(request, context, 422 if form.errors else 200)


@require_POST
def delete_template(request, parent, pk, template):
    """Delete a template. Activations that began with it stay as they are."""
    segment = segment_of(request, parent, pk)
    found = get_object_or_404(segment.parent_segment.templates, pk=template)
    if not templates.may_change(request.user, found):
        raise Http404
    found.delete()
    messages.success(request, f"Template “{found.name}” is deleted.")
    return redirect("segment-activations", parent, pk)


@require_http_methods(["GET", "POST"])
def delete_activation(request, pk):
    """Say what is lost, and delete the activation."""
    found = changeable(request, pk)
    segment, error = found.segment, ""
    if request.method == "POST":
        try:
            life.delete(found)
        except life.StillRunning as running:
            error = str(running)
        else:
            messages.success(request, f"Activation “{found.name}” is deleted. Its jobs are kept.")
            page = reverse("segment-activations", args=[segment.parent_segment_id, segment.pk])
            return gone_to(request, page)
    context = {
        "activation": found,
        "parent": segment.parent_segment,
        "runs": found.query.jobs.count(),
        "followers": followed_by(found.query, request.user),
        "error": error,
        "address": request.get_full_path(),
    }
    part = "_activation_delete" if request.htmx else "activation_delete"
    return render(request, f"activations/{part}.html", context, status=422 if error else 200)
