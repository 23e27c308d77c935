"""A worker in a process of its own: runs one job in the test's home, and can stop at a step."""

import os
import sys
from pkgutil import resolve_name


def stop_before(name: str) -> None:
    """Let the function of that dotted name say "here" and wait until the input closes."""
    place, _, function = name.rpartition(".")
    owner = resolve_name(place)
    usual = getattr(owner, function)

    def late(*arguments, **named):
        sys.stdout.write("here\n")
        sys.stdout.flush()
        sys.stdin.read()
        return usual(*arguments, **named)

    setattr(owner, function, late)


def main(job_id, *steps):
    import django

    django.setup()
    from console import jobs

    for step in steps:
        stop_before(step)
    jobs.run(int(job_id))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    main(*sys.argv[1:])
