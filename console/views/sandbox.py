"""What the sandbox of a quickstart has received, to look at."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from console.access import is_admin
from console.queries.legible import broken_inside, hexdump, lines
from console.quickstart import removed
from integrations.access import usable_by
from integrations.sandbox import HOST
from integrations.sandbox.received import NotThere, listing, start_of

SHOWN = 200
HEX_BYTES = 512


@require_GET
def sandbox(request):
    """List the files, the newest first."""
    root = folder()
    context = {"demo": is_admin(request.user) and not removed.is_removed()}
    if not may_look(request.user):
        context["refused"] = True
        return render(request, "console/sandbox.html", context, status=403)
    context |= {"listing": listing(root, SHOWN), "root": root}
    return render(request, "console/sandbox.html", context)


@require_GET
def sandbox_file(request):
    """Show the beginning of a file."""
    root, path = folder(), request.GET.get("path", "")
    if not may_look(request.user):
        raise Http404
    try:
        start, size = start_of(root, path)
    except NotThere:
        raise Http404 from None
    context = {"path": path, "size": size, "start": start}
    if is_text(start):
        context["lines"] = lines(start)
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
