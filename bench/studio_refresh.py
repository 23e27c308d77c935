"""Do a job of a home, as a worker does: `studio_refresh.py HOME JOB`."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import manage

manage.settle()  # As all processes of the product.


def main(home, key):
    os.environ |= {"CONSOLE_HOME": home, "DJANGO_SETTINGS_MODULE": "console.settings"}
    import django

    django.setup()

    from console import jobs
    from console.models import Job

    jobs.run(int(key))
    job = Job.objects.get(pk=key)
    if job.status != Job.Status.SUCCESS:
        raise SystemExit(f"The refresh ended as {job.status}: {job.error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
