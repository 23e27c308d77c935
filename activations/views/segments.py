"""A segment: its editor, saving, versions, and what the menu of its row does."""

import json
from uuid import uuid4

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from activations.forms.segments import MoveForm, SegmentForm
from activations.models import Folder, Segment
from activations.segments import saving
from activations.segments.beginnings import beginning
from activations.segments.declaration import declared
from activations.segments.folders import path_of
from activations.segments.lines import lines
from activations.segments.shape import EVERYBODY
from activations.segments.usable import audience_for
from activations.views.staleness import staleness
from activations.views.studio import address_of, form_or_page, gone_to, usable_parent
from console.queries.diffing import compare
from console.views.keys import key_of

HISTORY = 50


def segment_of(request, parent, pk) -> Segment:
    """Return the segment, or answer 404 where the user may not use its parent segment."""
    found = usable_parent(request, parent)
    rows = Segment.objects.select_related(
        "owner", "folder", "parent_segment__owner", "parent_segment__query__schedule"
    )
    return get_object_or_404(rows, parent_segment=found, pk=pk)


@require_http_methods(["GET", "POST"])
def new_segment(request, parent):
    """Show an editor without rules; save what it sends."""
    found = usable_parent(request, parent)
    within = Folder.objects.filter(parent_segment=found, pk=key_of(request.GET.get("folder")))
    segment = Segment(
        parent_segment=found, owner=request.user, rules=EVERYBODY, folder=within.first()
    )
    if begun := beginning(audience_for(found, request.user), request.GET.get("begin", "")):
        segment.name, segment.rules = begun.name, begun.rules
    return edited(request, segment)


@require_http_methods(["GET", "POST"])
def segment(request, parent, pk):
    """Show a segment in the editor; save what it sends."""
    return edited(request, segment_of(request, parent, pk))


def edited(request, segment):
    if request.method != "POST":
        form = SegmentForm(instance=segment, initial={"version": segment.version})
        return editor(request, segment, form)
    form = SegmentForm(request.POST, instance=segment)
    problems = []
    if form.is_valid():
        try:
            given = {"opened": form.cleaned_data["version"], "seen": form.cleaned_data["seen"]}
            saving.save(segment, by=request.user, **given)
        except saving.SavedMeanwhile as error:
            form.add_error(None, str(error))
            form.data = form.data.copy()
            form.data.update(error.told)
        except saving.NameTaken as error:
            form.add_error("name", str(error))
        except saving.Unsound as error:
            problems = error.problems
        else:
            messages.success(request, f"Saved. The rules are version {segment.version}.")
            return redirect(segment)
    return editor(request, segment, form, problems)


def editor(request, segment, form, problems=()):
    parent = segment.parent_segment
    kept = Segment.objects.filter(pk=segment.pk).first()
    context = {
        "parent": parent,
        "segment": kept,
        "form": form,
        "path": path_of(segment.folder),
        "rules": rules_text(form, segment),
        "problems": [each for each in problems if not each.path],
        "declaration": declared(parent, request.user, kept) | {"page": uuid4().hex},
        "tab": "rules",
        "changed": form.is_bound,
        **staleness(parent, request.user),
    }
    return render(
        request, "activations/segment.html", context, status=422 if form.is_bound else 200
    )


def rules_text(form, segment):
    if form.is_bound:
        return form.data.get("rules", "")
    return json.dumps(segment.rules or EVERYBODY)


@require_POST
def duplicate_segment(request, parent, pk):
    found = segment_of(request, parent, pk)
    try:
        copy = saving.duplicate(found, by=request.user)
    except (saving.Unsound, saving.NameTaken) as error:
        messages.error(request, f"“{found.name}” cannot be copied as it is. {error}")
        return redirect(found)
    messages.success(request, f"“{copy.name}” is a copy, without activations.")
    return redirect(copy)


@require_http_methods(["GET", "POST"])
def move_segment(request, parent, pk):
    """Ask for the folder, and move the segment there."""
    found = segment_of(request, parent, pk)
    initial = {"folder": found.folder_id}
    form = MoveForm(request.POST or None, parent=found.parent_segment, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saving.move(found, form.cleaned_data["folder"])
        except saving.NameTaken as error:
            form.add_error("folder", str(error))
        else:
            messages.success(request, f"“{found.name}” is moved.")
            return gone_to(request, address_of(found.folder or found.parent_segment))
    context = {
        "form": form,
        "parent": found.parent_segment,
        "title": f"Move “{found.name}”",
        "button": "Move",
        "address": request.get_full_path(),
    }
    return form_or_page(request, context, 422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def delete_segment(request, parent, pk):
    """Delete a segment that nothing refers to; else show what does."""
    found = segment_of(request, parent, pk)
    around, used = found.folder or found.parent_segment, saving.where_used(found)
    if request.method == "POST":
        try:
            saving.delete(found)
        except saving.InUse as error:
            used = error.users
        else:
            messages.success(request, f"Segment “{found.name}” is deleted.")
            return gone_to(request, address_of(around))
    context = {"thing": found, "parent": found.parent_segment, "what": "segment", "used": used}
    context["address"] = request.get_full_path()
    template = "activations/_delete.html" if request.htmx else "activations/delete.html"
    return render(request, template, context, status=422 if request.method == "POST" else 200)


def segment_versions(request, parent, pk):
    """Show the saved rules of a segment, the newest first, and one compared with the current."""
    found = segment_of(request, parent, pk)
    versions = found.versions.select_related("saved_by")[:HISTORY]
    context = {
        "parent": found.parent_segment,
        "segment": found,
        "path": path_of(found.folder),
        "versions": versions,
        "tab": "versions",
        **staleness(found.parent_segment, request.user),
    }
    if number := request.GET.get("compare", ""):
        context |= comparison(request, found, number)
    return render(request, "activations/segment_versions.html", context)


def comparison(request, segment, number):
    """Return a version beside the current rules, line by line, in plain words."""
    version = get_object_or_404(segment.versions, number=key_of(number) or 0)
    audience = audience_for(segment.parent_segment, request.user)
    names = dict(
        Segment.objects.filter(parent_segment=segment.parent_segment).values_list("pk", "name")
    )
    old, new = ("\n".join(lines(each.rules, audience, names)) for each in (version, segment))
    return {"version": version, "lines": compare(old, new), "same": version.rules == segment.rules}


@require_POST
def restore_segment(request, parent, pk, number):
    found = segment_of(request, parent, pk)
    get_object_or_404(found.versions, number=number)
    try:
        saving.restore(found, number, by=request.user)
    except saving.Unsound as error:
        messages.error(request, f"Version {number} cannot be taken back. {error}")
        return redirect(reverse("segment-versions", args=[parent, pk]))
    messages.success(request, f"Version {number} is current again, as version {found.version}.")
    return redirect(found)
