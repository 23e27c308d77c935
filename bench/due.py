"""How long it takes until many schedules that are due at once have their jobs.

    python bench/due.py --schedules 10000

A home of its own is made, with as many queries on a schedule; one tick starts them all. With
`--database ADDRESS` that is in a PostgreSQL database, which should be empty.
"""

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench import figures, goals  # noqa: E402

SLOT = datetime(2026, 3, 2, 12, tzinfo=UTC)


def main() -> None:
    given = asked()
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        start_django(home, given.database)
        make(given.schedules)
        seconds = measured(given.schedules)
    found = {"schedules": given.schedules, "seconds": seconds}
    kind = "PostgreSQL" if given.database else "SQLite"
    for each in goals.judged_due(kind, found):
        print(f"{each.number}  {each.what}: {each.value}, goal {each.goal}: {each.word}")
    if given.json:
        figures.keep(given.json, f"due-{kind}", figures.circumstances() | found)


def start_django(home, database):
    import django
    from django.core.management import call_command

    os.environ |= {"CONSOLE_HOME": home, "DJANGO_SETTINGS_MODULE": "console.settings"}
    if database:
        os.environ["CONSOLE_DATABASE_URL"] = database
    django.setup()
    call_command("migrate", verbosity=0)


def make(number):
    """Make queries that are due at the same minute."""
    from django.contrib.auth.models import User

    from console.models import Database, Query, Schedule

    owner = User.objects.create_user("bench")
    database = Database.objects.create(name="bench", owner=owner)
    schedules = Schedule.objects.bulk_create(
        Schedule(cron="0 12 * * *", next_slot=SLOT) for _ in range(number)
    )
    Query.objects.bulk_create(
        Query(name=f"{n}", database=database, sql="SELECT 1", owner=owner, schedule=schedule)
        for n, schedule in enumerate(schedules)
    )


def measured(number: int) -> list[float]:
    """Return after how many seconds each job was there."""
    from console.models import Job
    from console.schedules import tick

    began, clock = time.time(), time.perf_counter()
    started = tick(SLOT + timedelta(seconds=1))
    whole = time.perf_counter() - clock
    if started != number or Job.objects.filter(slot=SLOT).count() != number:
        raise SystemExit(f"{started} of {number} schedules were started.")
    times = Job.objects.order_by("pk").values_list("created_at", flat=True)
    return [*(at.timestamp() - began for at in times[: number - 1]), whole]


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--database", metavar="ADDRESS", help="postgresql://…; default: SQLite")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
