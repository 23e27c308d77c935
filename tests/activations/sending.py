"""Activations of Mia's segments, and a real server that they can send to."""

import pytest

from activations.activating import saving
from activations.models import Activation
from console import jobs
from console.models import Job
from integrations.connectors.sftp_v2 import Export
from integrations.models import Authentication


@pytest.fixture
def drop(sandbox, marketer, settings):
    """Mia's authentication for a server on this machine."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    authentication = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    authentication.settings = sandbox.settings
    authentication.save()
    return authentication


def exported(path="/gold.csv"):
    form = Export.from_json({"path_prefix": path, "user_directory_is_root": True})
    assert form.is_valid(), form.errors
    return form.cleaned_data


@pytest.fixture
def send(make, sftp, marketer):
    """Save an activation of a segment of Mia's. Nothing connects, unless it sends to the drop."""

    def send(name="Weekly", segment=None, by=marketer, **more):
        mapping = more.pop("mapping", {})
        activation = Activation(segment=segment or make(), name=name, mapping=mapping)
        given = {"authentication": sftp, "export": exported(), **more}
        return saving.save(activation, by=by, **given)

    return send


def run(activation):
    """Run an activation in this process, and return its job."""
    job = jobs.submit_query(activation.query)
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)
