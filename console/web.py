"""The web server: waitress, with the limits of the settings."""

import sys

from django.conf import settings
from django.db import connections
from waitress import serve

from console import locks
from console.wsgi import application

CONNECTION_SECONDS = 60
FORM_BYTES = 1 << 20  # what a form may hold beside the file that is uploaded with it


def run(listen: str) -> None:
    """Answer requests at ADDRESS:PORT until told to stop, and watch what runs beside it."""
    from console.watch import keep_watch  # needs what the application has set up

    # A thread keeps its connection: to open one takes longer than most questions.
    connections.settings["default"]["CONN_MAX_AGE"] = CONNECTION_SECONDS
    with locks.in_use():
        keep_watch()
        serve(
            application,
            listen=listen,
            threads=settings.WEB_THREADS,
            max_request_body_size=settings.UPLOAD_MAX_MB * (1 << 20) + FORM_BYTES,
            ident=None,
            # A proxy tells by them of scheme and address. Without one nobody may say such things.
            clear_untrusted_proxy_headers=not settings.HTTPS,
        )


if __name__ == "__main__":
    run(sys.argv[1])
