"""Pages for when something went wrong."""

import sys

from django.http import HttpResponse
from django.template import loader
from django.views import defaults

from console.outages import OUTAGES

AGAIN = 30  # seconds, after which a program may ask again


def server_error(request):
    """Tell an outage of the database from a fault of ours."""
    if not isinstance(sys.exception(), OUTAGES):
        return defaults.server_error(request)
    page = loader.get_template("503.html").render()
    return HttpResponse(page, status=503, headers={"Retry-After": str(AGAIN)})
