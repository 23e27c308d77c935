"""Where creating an authentication leads back to, such as the export panel of a query."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def next_of(request):
    """Return the address of this server to go on at; nothing where none was asked for."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()})
    return address if safe else ""


def with_next(route, request, type):
    """Return the address of a further step, which remembers where to go on at."""
    address = next_of(request)
    return reverse(route, args=[type]) + (f"?{urlencode({'next': address})}" if address else "")


def after(request, authentication):
    """Return where Done leads: back to where it was asked for, or to the new page."""
    address = next_of(request)
    if not address:
        return authentication.get_absolute_url()
    return f"{address}{'&' if '?' in address else '?'}authentication={authentication.pk}"
