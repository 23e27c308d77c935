"""Many schedules due in the same minute, to several destinations, of which one is slow.

CONSOLE_TESTS_SOAK=1: a thousand of them.
"""

import os
from datetime import timedelta

import pytest
from django.utils import timezone

from console.models import Job, Query, Schedule
from console.schedules import schedule_query
from integrations.models import Authentication
from tests.faults.line import Slow, until

pytestmark = [
    pytest.mark.needs("sshd", "ssh-keygen"),
    pytest.mark.django_db(transaction=True),
]
SOAK = bool(os.environ.get("CONSOLE_TESTS_SOAK"))
COUNT, PATIENCE = (1_000, 1_800) if SOAK else (15, 120)
SLOW, NEAR, FAR = PLACES = ("slow", "near", "far")
SQL = "SELECT {} AS n"


@pytest.fixture
def places(server, line, marketer):
    """Who is logged in as at each of the destinations; the line to the slow one is."""
    made = {}
    for name in PLACES:
        made[name] = Authentication(name=name, type="sftp_v2", owner=marketer)
        port = line.port if name == SLOW else server.port
        made[name].settings = server.settings | {"port": port, "timeout": 600}
        made[name].save()
    return made


@pytest.fixture
def due(places, database, marketer, exports):
    """Queries that were all due in the last minute, the destinations in turn."""
    minute = timezone.now().replace(second=0, microsecond=0)
    yearly = f"{minute:%M %H %d %m} *"
    for number in range(COUNT):
        place = PLACES[number % len(PLACES)]
        query = Query.objects.create(
            name=f"{number}", database=database, sql=SQL.format(number), owner=marketer,
            authentication=places[place], export=exports(f"/{place}/{number}.csv"),
        )  # fmt: skip
        schedule_query(query, yearly, now=minute - timedelta(hours=1))
    return minute


def jobs_to(*places):
    return Job.objects.filter(authentication__name__in=places)


def unfinished(*places):
    return jobs_to(*places).exclude(status__in=Job.FINISHED).count()


def test_schedules_due_in_one_minute_all_run_and_none_waits_for_a_slow_destination(
    due, start_cluster, line, server, tell
):
    slow = line.always = Slow(latency=1)
    cluster = start_cluster()
    until(lambda: Job.objects.count() == COUNT, PATIENCE)

    until(lambda: not unfinished(NEAR, FAR), PATIENCE, 0.2)
    left = unfinished(SLOW)
    slow.over.set()
    line.mend()
    until(lambda: not unfinished(SLOW), PATIENCE, 0.2)

    assert cluster.stop() == 0
    assert left > COUNT / len(PLACES) / 2  # Else it was not slow, and nothing would be shown.
    assert set(Job.objects.values_list("status", "slot", "attempt")) == {("success", due, 1)}
    assert Schedule.objects.filter(jobs=None).count() == 0
    files = {path.name: path.read_text() for path in server.root.rglob("*.csv")}
    assert files == {f"{number}.csv": f"n\n{number}\n" for number in range(COUNT)}
    made = sorted(Job.objects.values_list("created_at", flat=True))
    assert made[-1] - made[0] < timedelta(seconds=5)
    tell(f"{COUNT:,} schedules queued in {(made[-1] - made[0]).total_seconds():.1f} s")
