"""`manage.py td`: Treasure Data's command line over this console."""

import sys

from django.core.management.base import BaseCommand
from django.db import connections

from console.td.command import main


class Command(BaseCommand):
    help = "Queries, jobs, tables and schedules from the command line, as with Treasure Data's td."
    requires_system_checks = []

    def run_from_argv(self, argv):
        """Read the line as td does: Django's own options would get in the way of td's."""
        try:
            sys.exit(main(argv[2:]))
        finally:
            connections.close_all()

    def add_arguments(self, parser):
        parser.add_argument("line", nargs="*")

    def handle(self, *args, line, **options):
        return main(line, self.stdout) or None

    def print_help(self, prog_name, subcommand):
        main([], self.stdout)
