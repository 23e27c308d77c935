"""Pages for when something went wrong."""

import sys

from django.http import HttpResponse
from django.shortcuts import render
from django.template import loader
from django.views import defaults

from console.access import admins
from console.outages import OUTAGES

AGAIN = 30  # seconds, after which a program may ask again
NAMED = 5  # administrators


def forbidden(request, exception):
    """Say what is missing, and to somebody who has signed in who can grant it."""
    people = list(admins()[: NAMED + 1]) if request.user.is_authenticated else []
    context = {"exception": str(exception), "admins": people[:NAMED], "more": people[NAMED:]}
    return render(request, "403.html", context, status=403)


def server_error(request):
    """Tell an outage of the database from a fault of ours."""
    if not isinstance(sys.exception(), OUTAGES):
        return defaults.server_error(request)
    page = loader.get_template("503.html").render()
    return HttpResponse(page, status=503, headers={"Retry-After": str(AGAIN)})
