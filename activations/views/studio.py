"""The studio: the parent segments a person may use, the folders of one, and its segments."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from activations.activating.listing import tell_sending
from activations.forms.segments import FolderForm
from activations.models import Folder, ParentSegment, Segment
from activations.parents.access import usable_by
from activations.segments import folders
from activations.segments.beginnings import beginnings
from activations.segments.usable import audience_for
from activations.views.staleness import staleness
from console.views.keys import key_of

PER_PAGE = 50


def segments(request):
    """Show the parent segments in which the user may make segments."""
    found = usable_by(request.user).select_related("owner", "query")
    parents = found.annotate(made=Count("segments", distinct=True))
    return render(request, "activations/studio.html", {"parents": parents})


def usable_parent(request, pk) -> ParentSegment:
    """Return the parent segment, or answer 404 where the user may not use it."""
    found = usable_by(request.user).select_related("owner", "query__schedule")
    return get_object_or_404(found, pk=pk)


def folder_of(parent, pk) -> Folder:
    return get_object_or_404(Folder, parent_segment=parent, pk=pk)


def studio_parent(request, parent):
    """Show what is at the top of a parent segment."""
    return listing(request, usable_parent(request, parent), None)


def studio_folder(request, parent, folder):
    """Show what is in a folder."""
    found = usable_parent(request, parent)
    return listing(request, found, folder_of(found, folder))


def listing(request, parent, folder):
    search = request.GET.get("q", "").strip()
    found = Segment.objects.filter(parent_segment=parent).select_related("owner", "folder")
    if search:
        found = found.filter(Q(name__icontains=search) | Q(description__icontains=search))
    else:
        found = found.filter(folder=folder)
    inner = Folder.objects.filter(parent_segment=parent, within=folder)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    tell_sending(page.object_list)
    params = request.GET.copy()
    params.pop("page", None)
    audience = None if page.object_list else audience_for(parent, request.user)
    context = {
        "parent": parent,
        "folder": folder,
        "path": folders.path_of(folder),
        "tree": tree_of(parent, folder),
        "inner": [] if search else inner.annotate(made=Count("segments")),
        "page": page,
        "beginnings": [] if page.object_list else beginnings(audience),
        "unbuilt": not page.object_list and audience is None,
        "paths": folders.paths(parent),
        "params": params.urlencode(),
        "search": search,
        "panel": "segment",
        **staleness(parent, request.user),
    }
    return render(request, "activations/studio_parent.html", context)


def tree_of(parent, current):
    """Return the folders as a tree to be drawn, each with its depth and its number of segments."""
    counts = dict(
        Folder.objects.filter(parent_segment=parent).values_list("pk").annotate(Count("segments"))
    )
    return [
        {
            "folder": folder,
            "depth": min(depth, 5),
            "within": depth + 1,  # so many folders and the parent segment
            "made": counts[folder.pk],
            "current": folder == current,
        }
        for folder, depth in folders.tree(parent)
    ]


def new_folder(request, parent):
    """Ask for the name of a folder, and make it."""
    found = usable_parent(request, parent)
    within = Folder.objects.filter(parent_segment=found, pk=key_of(request.GET.get("within")))
    folder = Folder(parent_segment=found, within=within.first())
    return folder_form(request, folder, "New folder")


def edit_folder(request, parent, folder):
    """Rename a folder, or move it into another one."""
    found = folder_of(usable_parent(request, parent), folder)
    return folder_form(request, found, "Rename or move")


def folder_form(request, folder, title):
    form = FolderForm(request.POST or None, instance=folder)
    if form.is_valid():
        try:
            folders.save(form.save(commit=False))
        except folders.FolderError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Folder “{folder.name}” is saved.")
            return gone_to(request, folder)
    context = {
        "form": form,
        "parent": folder.parent_segment,
        "title": title,
        "button": "Save folder",
        "address": request.get_full_path(),
    }
    return form_or_page(request, context, 422 if form.is_bound else 200)


def gone_to(request, place):
    """Leave a small form, be it in a dialog or on a page of its own."""
    return HttpResponseClientRedirect(resolve_url(place)) if request.htmx else redirect(place)


def form_or_page(request, context, status):
    """Show a small form: in the dialog that asked for it, or as a page of its own."""
    template = "activations/_small_form.html" if request.htmx else "activations/small_form.html"
    return render(request, template, context, status=status)


def delete_folder(request, parent, folder):
    """Delete an empty folder."""
    found = folder_of(usable_parent(request, parent), folder)
    around = found.within or found.parent_segment
    error = ""
    if request.method == "POST":
        try:
            folders.delete(found)
        except folders.FolderError as refused:
            error = str(refused)
        else:
            messages.success(request, f"Folder “{found.name}” is deleted.")
            return gone_to(request, address_of(around))
    context = {"thing": found, "parent": found.parent_segment, "what": "folder", "error": error}
    context["address"] = request.get_full_path()
    template = "activations/_delete.html" if request.htmx else "activations/delete.html"
    return render(request, template, context, status=422 if error else 200)


def address_of(around):
    """Return where a folder, or the top of a parent segment, is shown."""
    if isinstance(around, Folder):
        return around.get_absolute_url()
    return reverse("studio-parent", args=[around.pk])
