"""`manage.py prune`: delete results past their time."""

from django.core.management.base import BaseCommand

from console.jobs import prune


class Command(BaseCommand):
    help = "Delete results older than CONSOLE_RESULT_DAYS, and what crashes left behind."

    def handle(self, *args, **options):
        gone = prune()
        self.stdout.write(f"{gone['results']} results and {gone['leftovers']} leftovers deleted.")
