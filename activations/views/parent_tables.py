"""The parts of a definition's form that depend on a table: its columns, and how keys fit."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from activations.forms.columns import AttributeColumnForm, column_set
from activations.forms.definition import MASTER, PREFIX, joined_form
from activations.forms.parents import ParentForm
from activations.models import ParentSegment
from activations.parents.checking import Found, Keys, check_join, check_master
from activations.parents.keys import family
from activations.parents.sources import sources


@require_GET
def parent_table(request):
    """Show the keys and the columns of a table that was chosen."""
    found = sources(request.user)
    prefix = request.GET.get("of", "")
    if prefix == "master":
        return master_table(request, found)
    form = joined_form(prefix, request.GET, found)
    if form is None:
        raise Http404
    context = {"form": form, "fresh": bool(form.types and form.initial.get("foreign_key"))}
    return render(request, "activations/_parent_joined_body.html", context)


def master_table(request, found):
    form = ParentForm(None, parent=ParentSegment(owner=request.user), sources=found)
    types = found.get(request.GET.get("master", ""), {})
    form.choose(types)
    columns = column_set(AttributeColumnForm, None, MASTER, types, None)
    context = {"form": form, "columns": columns, "fresh": bool(form["key"].value())}
    return render(request, "activations/_parent_master_body.html", context)


@require_POST
def check_keys(request):
    """Show how well the keys of a table fit, as they are chosen in the form."""
    context = {"found": checked(request), "asked": True}
    return render(request, "activations/_parent_keys.html", context)


def checked(request) -> Found | None:
    """Return what the check finds; None while something is not chosen yet."""
    prefix, found = request.POST.get("of", ""), sources(request.user)
    master, key = request.POST.get("master", ""), request.POST.get("key", "")
    if not family(found.get(master, {}).get(key, "")):
        return None
    if prefix == "master":
        return check_master(Keys(master, key), request.user)
    if not (match := PREFIX.fullmatch(prefix)):
        raise Http404
    names = ("table", "parent_key", "foreign_key")
    keys = Keys(master, key, **{name: request.POST.get(f"{prefix}-{name}", "") for name in names})
    left = found[master].get(keys.parent_key)
    right = found.get(keys.table, {}).get(keys.foreign_key)
    if not (left and right):
        return None
    one_each = match[1] == "attributes"
    return check_join(keys, (left, right), request.user, one_each=one_each)
