"""A tick in a process of its own, which can stop at a step."""

import os
import sys

from tests.faults.worker import stop_before


def main(*steps):
    import django

    django.setup()
    from console.schedules import tick

    for step in steps:
        stop_before(step)
    tick()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    main(*sys.argv[2:])
