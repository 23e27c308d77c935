"""The web server: waitress, in as many processes as the settings say, which share the address.

    python -m console.web 127.0.0.1:8000

One thread of Python draws at a time, so that pages wait for each other in one process.
"""

import os
import socket
import sys
from pathlib import Path

from waitress import serve
from waitress.adjustments import Adjustments

from console import environment
from console.supervisor import Child, Supervisor

CONNECTION_SECONDS = 60
FORM_BYTES = 1 << 20  # what a form may hold beside the file that is uploaded with it
OTHERS_AFTER = 5  # seconds, in which the first has the processors to itself
DRAIN = 2  # seconds
BACKLOG = 1024
LAST_PORT = 65_535
WATCH = "watch"


def run(listen: str) -> None:
    """Answer requests at ADDRESS:PORT until told to stop."""
    sockets = bound(listen)
    number = environment.web_processes()
    if number == 1:
        answer(sockets, watch=True)
        return
    handles = [each.fileno() for each in sockets]
    # The code is found wherever the command was given; a relative home stays where it was.
    places = str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    command = [sys.executable, "-P", "-m", "console.web", "--", ",".join(map(str, handles))]
    first = Child("The web server", [*command, WATCH], inherits=handles)
    others = [
        Child(f"Process {each} of the web server", command, after=OTHERS_AFTER, inherits=handles)
        for each in range(2, number + 1)
    ]
    Supervisor([first, *others], drain=DRAIN).run()


def bound(listen: str) -> list[socket.socket]:
    """Return what listens at an address; a name can stand for several."""
    try:
        places = Adjustments(listen=checked(listen)).listen
        return [listening(family, address) for family, _, _, address in places]
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SystemExit(f"The web server cannot listen at {listen}: {why}.") from None


def checked(listen):
    port = listen.rpartition(":")[2]
    if port.isdigit() and int(port) > LAST_PORT:  # The system would take another one.
        raise ValueError(f"the last port is {LAST_PORT}")
    return listen


def listening(family, address):
    found = socket.create_server(address, family=family, backlog=BACKLOG)
    found.setblocking(False)  # Of processes that see a request, one has it.
    return found


def answer(sockets: list[socket.socket], *, watch: bool) -> None:
    """Answer requests in this process, and watch what runs beside it."""
    from django.conf import settings
    from django.db import connections

    from console import locks
    from console.wsgi import application

    # A thread keeps its connection: to open one takes longer than most questions.
    connections.settings["default"]["CONN_MAX_AGE"] = CONNECTION_SECONDS
    with locks.in_use():
        if watch:
            from console.watch import keep_watch  # needs what the application has set up

            keep_watch()
        serve(
            application,
            sockets=sockets,
            threads=settings.WEB_THREADS,
            max_request_body_size=settings.UPLOAD_MAX_MB * (1 << 20) + FORM_BYTES,
            ident=None,
            # A proxy tells by them of scheme and address. Without one nobody may say such things.
            clear_untrusted_proxy_headers=not settings.HTTPS,
        )


def inherited(handles: str) -> list[socket.socket]:
    return [socket.socket(fileno=int(handle)) for handle in handles.split(",")]


if __name__ == "__main__":
    if sys.argv[1] == "--":
        answer(inherited(sys.argv[2]), watch=sys.argv[3:] == [WATCH])
    else:
        run(sys.argv[1])
