"""The web server, as a command."""

from django.core.management import BaseCommand

from console import locks
from console.web import run


class Command(BaseCommand):
    help = "Answer requests until told to stop. Put a proxy that speaks HTTPS before it."

    def add_arguments(self, parser):
        parser.add_argument(
            "--listen", default="127.0.0.1:8000", metavar="ADDRESS:PORT", help="(127.0.0.1:8000)"
        )

    def handle(self, *, listen, **_):
        with locks.in_use():
            run(listen)
