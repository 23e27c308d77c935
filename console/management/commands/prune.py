"""`manage.py prune`: delete what is past its time."""

from django.core.management.base import BaseCommand

from console import locks
from console.jobs import prune


class Command(BaseCommand):
    help = (
        "Delete results and logs older than CONSOLE_RESULT_DAYS, credentials of a --result that "
        "were not used for as long, sessions that ended, and what crashes left behind."
    )

    def handle(self, *args, **options):
        with locks.in_use():
            gone = prune()
        self.stdout.write(
            f"{gone['results']} results, {gone['lines']} lines of logs, "
            f"{gone['authentications']} unused credentials, {gone['sessions']} sessions "
            f"and {gone['leftovers']} leftovers deleted."
        )
