"""The cluster, whose slots come faster: the one clock that is told to the tick runs ahead.

Leases, waits and all else keep to the real time, in each of its processes and in the database.

    python -m tests.faults.hurried cluster START BEGAN SPEED
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta

MANAGE = "manage.py"


class Clock:
    """It said START at the second BEGAN of the real one, and goes SPEED times as fast."""

    def __init__(self, start: float, began: float, speed: float):
        self.start, self.began, self.speed = start, began, speed

    def now(self) -> datetime:
        passed = (time.time() - self.began) * self.speed
        return datetime.fromtimestamp(self.start, UTC) + timedelta(seconds=passed)

    def words(self) -> list[str]:
        return [str(each) for each in (self.start, self.began, self.speed)]


def cluster(clock):
    from console.supervisor import Child, Supervisor

    own = [sys.executable, "-m", "tests.faults.hurried", "dispatcher", *clock.words()]
    workers = Child("The queue of workers", [sys.executable, MANAGE, "workers"])
    Supervisor([workers, Child("The dispatcher", own, after=1)], drain=30).run()


def dispatcher(clock):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from console.management.commands import dispatcher

    def tick():
        dispatcher.tick(clock.now())

    assert dispatcher.ROUND[0][0] is dispatcher.tick
    dispatcher.ROUND = ((tick, 1), *dispatcher.ROUND[1:])
    call_command("dispatcher")


if __name__ == "__main__":
    which = {"cluster": cluster, "dispatcher": dispatcher}[sys.argv[1]]
    which(Clock(*map(float, sys.argv[2:])))
