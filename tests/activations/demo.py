"""The demo over fewer customers than the quickstart makes, with sandboxes that are there."""

import pytest

from activations.demo import making
from console import demo, jobs
from console.demo.data import load_demo
from console.models import Job
from console.quickstart.home import SIGN
from tests.conftest import person

CUSTOMERS = 3_000


@pytest.fixture
def studio_of_demo(db, home, sandbox, account, settings):
    """The parent segment of the demo, with segments and activations whose first runs are over."""
    (home / SIGN).touch()
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    load_demo(person("keeper"), CUSTOMERS)
    demo.make(demo.Sandbox(sandbox.port, "demo", "demo", clevertap=account.address))
    parent = making.begin()
    run_all()
    making.finish(parent)
    run_all()
    return parent


def run_all():
    """Run all jobs that wait, in this process."""
    for job in Job.objects.filter(status=Job.Status.QUEUED).order_by("pk"):
        jobs.run(job.pk)
