"""`manage.py cluster`: the workers and the dispatcher, supervised."""

from django.core.management.base import BaseCommand

from console.supervisor import supervise


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
        supervise(drain)
