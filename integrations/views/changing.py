"""Edit, share, duplicate and delete an authentication; forget the host key of its server."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from integrations import meanwhile
from integrations.access import may_forget_key, where_used
from integrations.forms import KeepingForm
from integrations.models import Authentication, SwitchedOff
from integrations.secrets import SecretUnreadable
from integrations.views.authentications import editable_or_404, host_key_of

REPLACED = ["sealed", "secrets_set", "fingerprint", "tested_at", "test_steps", "updated_at"]


@sensitive_post_parameters()
def edit(request, pk):
    """Change the credentials; secrets left blank stay as they are."""
    authentication = editable_or_404(request, pk)
    form = settings_form(authentication, request.POST or None)
    opened = request.POST.get("opened") or authentication.mark
    if form.is_valid():
        try:
            replace(authentication, form.cleaned_data, opened)
        except meanwhile.SavedMeanwhile as error:
            form.add_error(None, f"{error} {meanwhile.SECRETS_AGAIN}")
            opened = Authentication.objects.get(pk=pk).mark
        else:
            messages.success(request, f"{authentication.name} is changed.")
            return redirect(authentication)
    context = {"authentication": authentication, "connector": authentication.connector}
    context |= {"form": form, "opened": opened, "unreadable": not authentication.readable}
    status = 422 if form.is_bound else 200
    return render(request, "integrations/edit.html", context, status=status)


@transaction.atomic
def replace(authentication, settings, opened):
    """Save other credentials. Raise SavedMeanwhile where those shown are no longer kept."""
    kept = Authentication.objects.select_for_update().filter(pk=authentication.pk).first()
    if kept is None:
        raise Http404
    if kept.readable and kept.settings == settings:
        return  # It was saved by the first of two clicks.
    meanwhile.check(opened, kept.mark)
    kept.replace_settings(settings)
    kept.save(update_fields=REPLACED)


def settings_form(authentication, data):
    """Return the connector's form over what is stored; over nothing where no key opens it."""
    return authentication.connector.Authentication(
        data,
        stored=authentication.settings if authentication.readable else {},
        secrets_set=authentication.secrets_set,
    )


def sharing(request, pk):
    """Change the name, who may use it, and how many exports at a time."""
    authentication = editable_or_404(request, pk)
    form = KeepingForm(request.POST or None, instance=authentication)
    if form.is_valid():
        form.save()
        messages.success(request, f"{authentication.name} is changed.")
        return redirect(authentication)
    return render(
        request,
        "integrations/sharing.html",
        {"authentication": Authentication.objects.get(pk=pk), "form": form},
        status=422 if form.is_bound else 200,
    )


@require_POST
def duplicate(request, pk):
    """Make a copy that belongs to the user, shared with nobody."""
    original = editable_or_404(request, pk)
    if off := SwitchedOff.objects.filter(type=original.type).first():
        messages.error(request, f"{off.sentence} No authentication can be created.")
        return redirect(original)
    copy = Authentication(
        type=original.type, owner=request.user, exports_at_once=original.exports_at_once
    )
    try:
        copy.replace_settings(original.settings)
    except SecretUnreadable as error:
        messages.error(request, str(error))
        return redirect(original)
    copy.secrets_set = original.secrets_set
    copy.name = free_name(original.name)
    copy.save()
    messages.success(request, f"{copy.name} is a copy of {original.name}.")
    return redirect(copy)


def free_name(name):
    """Return a name for a copy that no authentication has."""
    taken = set(Authentication.objects.filter(inline=False).values_list("name", flat=True))
    candidates = (
        f"{name[:85]} (copy {n})" if n > 1 else f"{name[:85]} (copy)"
        for n in range(1, len(taken) + 2)
    )
    return next(candidate for candidate in candidates if candidate not in taken)


def delete(request, pk):
    """Delete it, unless something uses it."""
    authentication = editable_or_404(request, pk)
    used = where_used(authentication)
    if request.method == "POST" and not used:
        try:
            with transaction.atomic():
                authentication.delete()
        except (ProtectedError, IntegrityError):
            used = where_used(authentication)
        else:
            messages.success(request, f"{authentication.name} is deleted.")
            return redirect("authentications")
    return render(
        request,
        "integrations/delete.html",
        {"authentication": authentication, "used": used},
        status=409 if request.method == "POST" else 200,
    )


@require_POST
def forget_key(request, pk):
    """Forget the pinned key of the server: the next one it shows is pinned."""
    authentication = editable_or_404(request, pk)
    pinned = host_key_of(authentication.settings) if authentication.readable else None
    if pinned and not may_forget_key(request.user, authentication):
        messages.error(request, "Others export to this server too: an admin can forget its key.")
    elif pinned:
        pinned.delete()
        messages.success(
            request, f"The key of {pinned} is forgotten. The next one it shows will be pinned."
        )
    return redirect(authentication)
