"""A worker process whose exports note when they begin and end. Arguments: database, home, notes."""

import json
import os
import sys
import threading
import time
from pathlib import Path

LOGGED_IN = 0.2  # seconds: long enough to meet others where a job takes a second or two
IDLE = 0.1  # seconds between looks for something to do


def setup(database, home):
    """Set Django up over the database of the test, whose settings are given as JSON."""
    import django
    from django.conf import settings

    os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
    settings.DATABASES["default"] |= json.loads(database)
    settings.RESULTS_DIR = Path(home, "results")
    django.setup()


def noting(notes):
    """Return a connector that delivers nothing and notes when."""
    from integrations.connectors.base import Connector
    from integrations.connectors.receipt import Receipt
    from integrations.settings_form import SettingsForm

    class Noting(Connector):
        name = label = "noting"
        Authentication = Export = SettingsForm

        def export(self, rows, delivery):
            began = time.monotonic_ns()
            threading.Event().wait(LOGGED_IN)
            note = self.settings["with"], began, time.monotonic_ns(), delivery.job
            notes.write(json.dumps(note) + "\n")
            return Receipt(rows=rows.count, bytes=1)

    return Noting


def work():
    """Take turns until every job has ended."""
    from console import jobs
    from console.models import Job

    while Job.objects.exclude(status__in=Job.FINISHED).exists():
        if not jobs.take_turn(0):
            threading.Event().wait(IDLE)


def main(database, home, notes):
    setup(database, home)
    from integrations.connectors import CONNECTORS

    with Path(notes).open("w", buffering=1) as file:
        CONNECTORS["noting"] = noting(file)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        work()


if __name__ == "__main__":
    main(*sys.argv[1:])
