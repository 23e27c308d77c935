"""`manage.py tick`: one pass of the dispatcher, for cron or for a look."""

from django.core.management.base import BaseCommand

from console import locks
from console.jobs import reap
from console.schedules import tick


class Command(BaseCommand):
    help = "Start the jobs of all due slots, once, and give back jobs whose worker died."

    def handle(self, *args, **options):
        with locks.in_use():
            started, given_back = tick(), reap()
        self.stdout.write(f"{started} started, {given_back} sent again.")
