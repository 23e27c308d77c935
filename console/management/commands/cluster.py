"""`manage.py cluster`: the workers and the dispatcher, supervised."""

import sys

from django.conf import settings
from django.core.management.base import BaseCommand

from console.supervisor import Child, Supervisor


class Command(BaseCommand):
    help = "Run the workers and the dispatcher, and keep them running."

    def add_arguments(self, parser):
        parser.add_argument(
            "--drain",
            type=float,
            default=30,
            metavar="SECONDS",
            help="how long running jobs may go on when it is told to stop (30)",
        )

    def handle(self, *args, drain, **options):
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        children = [
            Child("The queue of workers", [*manage, "qcluster"]),
            Child("The dispatcher", [*manage, "dispatcher"]),
        ]
        self.stdout.write("Workers and dispatcher are starting. Ctrl-C stops them.")
        Supervisor(children, drain=drain).run()
        self.stdout.write("Workers and dispatcher have stopped.")
