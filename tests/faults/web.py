"""A web server in a process of its own, which can stop at a step of a request.

python -m tests.faults.web PORT STEP
"""

import os
import sys

from tests.faults.worker import stop_before


def main(port, *steps):
    import django

    django.setup()
    from console.web import run

    for step in steps:
        stop_before(step)
    run(f"127.0.0.1:{port}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    os.environ["CONSOLE_WEB_PROCESSES"] = "1"
    main(*sys.argv[1:])
