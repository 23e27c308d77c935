"""What the page of an activation shows while somebody writes: settings, rows, file, next runs."""

from datetime import timedelta
from functools import partial

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone as clock
from django.views.decorators.http import require_POST

from activations.activating.sampling import in_mapping, sample
from activations.forms.activating import ActivationForms
from activations.forms.timing import slot_of
from activations.mapping import problems as mapping_problems
from activations.rules import Problem
from activations.rules import problems as rule_problems
from activations.segments.running import Dropped, Unanswered, Wait, latest_of
from activations.segments.usable import audience_for
from activations.views.activating import changeable, new_of, settings_context
from activations.views.segments import segment_of
from console.engines import QueryError
from console.queries.simulator import simulate
from console.schedules import ChainError
from console.schedules.chains import course_after, shown_to
from console.views.exports import file_of
from console.views.keys import key_of
from console.views.schedules import FIRINGS, firings
from console.views.triggers import rows_of


def sent(request, parent, pk) -> ActivationForms:
    """Return the forms as they were sent: of a new activation, or of one that is changed."""
    segment = segment_of(request, parent, pk)
    key = key_of(request.POST.get("activation"))
    activation = changeable(request, key) if key else new_of(request, segment)
    return ActivationForms(activation, request.POST, viewer=request.user)


@require_POST
def settings(request, parent, pk):
    """Show the settings of the authentication that was chosen, as they were or empty."""
    forms = sent(request, parent, pk)
    context = settings_context(forms)
    if forms.draft:
        context |= {"export_form": forms.draft.form(), "changes_form": forms.shown_changes()}
    return render(request, "activations/_activation_settings.html", context)


@require_POST
def preview(request, parent, pk):
    """Show the first rows, and the first bytes of the file; nothing where nobody waits any more."""
    forms = sent(request, parent, pk)
    number = key_of(request.POST.get("number")) or 0
    named = f"activation-{request.POST.get('page', '')[:64]}"
    wait = Wait(latest_of(request.user, named, number), patient="patient" in request.POST)
    try:
        return rendered(request, forms, wait)
    except Dropped:
        return HttpResponse(status=204)


def rendered(request, forms, wait):
    forms.is_valid()
    query = forms.activation.query = forms.as_planned()
    if forms.draft:
        forms.draft.query = query
    found = problems_of(forms)
    context = {"forms": forms, "draft": forms.draft, "problems": found}
    if found:
        return shown(request, context | {"unready": True} | unsampled(forms))
    try:
        with sample(
            forms.activation, slot_of(query.schedule), user=request.user, wait=wait
        ) as made:
            return shown(request, context | {"sample": made} | file_in(forms, made))
    except (Unanswered, QueryError) as error:
        trouble = {"unready": True, "trouble": str(error), "again": isinstance(error, Unanswered)}
        return shown(request, context | trouble | unsampled(forms))


def shown(request, context):
    return render(request, "activations/_activation_preview.html", context)


def unsampled(forms):
    """Return what can be said of the file without its rows."""
    return file_of(None, forms.draft, forms.viewer) if forms.draft else {}


def file_in(forms, made):
    """Return the file as it would be of the first rows."""
    if not forms.draft:
        return {}
    return in_mapping(file_of(made.rows, forms.draft, forms.viewer), made.count)


def problems_of(forms) -> list[dict]:
    """Return what keeps the rows from being shown: of the segment, and of which part of the
    mapping.
    """
    activation = forms.activation
    segment = activation.segment
    audience = audience_for(segment.parent_segment, activation.query.owner)
    if audience is None:
        found = [Problem((), f"{segment.parent_segment.name} was not refreshed yet.")]
    elif said := forms.details.errors.get("mapping"):
        found = [Problem((), text) for text in said]
    else:
        found = rule_problems(segment.rules, audience, segment.pk)
        found = [Problem((), f"The segment: {each.text}") for each in found]
        found = found or mapping_problems(activation.mapping, audience)
    return [{"path": list(each.path), "text": each.text} for each in found]


@require_POST
def runs(request, parent, pk):
    """Show when it would run, and which files it would write."""
    forms = sent(request, parent, pk)
    forms.timing.is_valid()
    query = forms.as_planned()
    context = after_refresh(forms, query) if forms.timing.follows else firings(forms.timing, query)
    return render(request, "console/_schedule_firings.html", context | {"what": "activation"})


def after_refresh(forms, query):
    """Return the next runs after those of the refresh of the parent segment."""
    if not forms.timing.is_valid():
        return {"wrong": forms.timing.errors}
    parent = forms.activation.segment.parent_segment
    delay = forms.timing.cleaned_data["delay"]
    try:
        course = course_after(parent.query, delay, partial(shown_to, forms.viewer))
    except ChainError as error:
        return {"wrong": {"when": [str(error)]}}
    found = simulate(course.times, course.delay, clock.now(), FIRINGS, query)
    return {
        "sentence": f"Each time that {parent.name} was refreshed.",
        "why_none": course.why_none,
        "zone": course.timezone,
        "delay": timedelta(seconds=delay),
        **rows_of(found),
    }
