"""What the sandbox of a quickstart has received, to look at."""

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from console.access import is_admin
from console.demo.authentications import sandbox_keys, save_key
from console.demo.logins import logins
from console.forms.sandbox import FaultsForm, PublicKeyForm
from console.queries.legible import broken_inside, hexdump, lines
from console.quickstart import removed
from integrations.access import usable_by
from integrations.sandbox import HOST, faults
from integrations.sandbox.received import NotThere, ends_of, listing, whole
from integrations.sandbox.s3 import BUCKETS

SHOWN = 200
WRONG_NOW = "From now on the sandbox does that wrong. Export to it, and see what comes of it."
RIGHT_NOW = "The sandbox works as it should again."
HEX_BYTES = 512


@require_http_methods(["GET", "POST"])
def sandbox(request):
    """List the files, the newest first; tell administrators how to log in, and take their keys."""
    root, admin = folder(), is_admin(request.user)
    context = {"demo": admin and not removed.is_removed(), "faults": faults_told()}
    if admin:
        context |= {"logins": logins(), "buckets": BUCKETS}
        context["faults_form"] = FaultsForm(initial=faults.chosen(faults_file()))
        context["key_form"] = PublicKeyForm(request.POST or None)
    if request.method == "POST" and key_taken(request, context.get("key_form")):
        return redirect("sandbox")
    if not may_look(request.user):
        context["refused"] = True
        return render(request, "console/sandbox.html", context, status=403)
    context |= {"listing": listing(root, SHOWN), "root": root}
    status = 422 if request.method == "POST" else 200
    return render(request, "console/sandbox.html", context, status=status)


def key_taken(request, form):
    """Let the vendors of the sandbox know the public key that was entered, if it is one."""
    if form is None:
        raise PermissionDenied
    if not form.is_valid():
        return False
    save_key(form.cleaned_data["public_key"])
    messages.success(request, "The sandbox lets in whoever has the other half of that key.")
    return True


@require_POST
def sandbox_faults(request):
    """Let the servers do something wrong, or all as they should."""
    folder()
    if not is_admin(request.user):
        raise PermissionDenied
    form = FaultsForm(request.POST)
    if form.is_valid():
        faults.choose(faults_file(), form.cleaned_data)
        wrong = any(form.cleaned_data.values())
        messages.success(request, WRONG_NOW if wrong else RIGHT_NOW)
    else:
        messages.error(request, "Choose the faults from the lists.")
    return redirect("sandbox")


def faults_file():
    return sandbox_keys() / faults.FILE_NAME


def faults_told():
    """Return what servers do wrong because they were told to, each as (servers, fault)."""
    chosen = faults.chosen(faults_file()).items()
    return [(faults.KINDS[kind].label, faults.KINDS[kind].faults[name].label)
            for kind, name in chosen if name]  # fmt: skip


@require_GET
def sandbox_file(request):
    """Show the beginning and the end of a file, or send all of it."""
    root, path = folder(), request.GET.get("path", "")
    if not may_look(request.user):
        raise Http404
    try:
        if "download" in request.GET:
            return FileResponse(whole(root, path), as_attachment=True, filename=Path(path).name)
        start, end, size = ends_of(root, path)
    except NotThere:
        raise Http404 from None
    if len(start) + len(end) < size:
        end = end[end.find(b"\n") + 1 :]  # Whole lines only.
    context = {"path": path, "size": size, "start": start}
    if is_text(start) and is_text(end):
        left_out = size - len(start) - len(end)
        context |= {"lines": lines(start), "end_lines": end and lines(end), "left_out": left_out}
    else:
        context["hex"] = hexdump(start[:HEX_BYTES])
    return render(request, "console/sandbox_file.html", context)


def folder():
    if settings.SANDBOX_DIR is None:
        raise Http404
    return settings.SANDBOX_DIR


def may_look(user):
    """Return whether one of the authentications the user may choose leads to the sandbox."""
    return any(leads_here(each) for each in usable_by(user) if each.readable)


def leads_here(authentication):
    secrets = authentication.connector.Authentication.secrets()
    values = authentication.settings.items()
    return any(HOST in str(value) for name, value in values if name not in secrets)


def is_text(start):
    return b"\0" not in start and not broken_inside(start)
