"""A worker or a dispatcher of a machine whose clock is set: by the seconds that a file says.

python -m tests.faults.moved JOB worker|dispatcher
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

FILE = "clock"  # in the home; while it is not there, nobody has set the clock
LOOKS = 0.2  # seconds between the looks of the dispatcher


def moved() -> timedelta:
    file = Path(os.environ["CONSOLE_HOME"], FILE)
    return timedelta(seconds=float(file.read_text()) if file.exists() else 0)


def move_clock():
    """Let this process, and what it asks of SQLite, see the clock of such a machine."""
    from django.db.backends.signals import connection_created
    from django.utils import timezone

    usual = time.time
    time.time = lambda: usual() + moved().total_seconds()
    timezone.now = lambda: datetime.fromtimestamp(time.time(), UTC)

    def told(_, __):
        return timezone.now().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]

    def take(connection, **_):
        connection.connection.create_function("strftime", 2, told)

    connection_created.connect(take, weak=False)


def look():
    """Give back jobs as the dispatcher does, and say when that is done."""
    from console.management.commands import dispatcher

    dispatcher.beat()
    dispatcher.give_back_jobs()
    sys.stderr.write("looked\n")
    sys.stderr.flush()


def main(job, what):
    import django

    django.setup()
    move_clock()
    from console import jobs
    from console.management.commands import dispatcher

    if what == "worker":
        jobs.run(int(job))
    else:
        dispatcher.ROUND = ((look, 0),)
        dispatcher.POLL = LOOKS
        dispatcher.Command().run_from_argv(["manage.py", "dispatcher"])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    main(*sys.argv[1:])
