"""Workers that are killed while they put an object into a bucket."""

import pytest

from console import jobs
from console.models import Delivery
from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from integrations.receipts.content import check_file
from integrations.transports.s3 import doubt
from tests.faults.deliveries import run_after_the_lease, texts

pytestmark = pytest.mark.django_db(transaction=True)
# About 15 MB: more than what is made ahead of what is sent.
SQL = (
    "SELECT x AS n, lpad(cast(x AS varchar), 60, '.') AS text FROM UNNEST(sequence(1, 220000)) t(x)"
)


@pytest.fixture
def submitted(s3, database, marketer):
    """A job with an export into the bucket, in parts."""
    authentication = Authentication(name="Store", type="s3", owner=marketer)
    authentication.settings = CONNECTORS["s3"].Authentication.from_json(s3.settings).cleaned_data
    authentication.save()
    form = CONNECTORS["s3"].Export.from_json(
        {"bucket": "demo", "path_prefix": "people.csv", "part_size": 5}
    )
    assert form.is_valid(), form.errors
    more = {"owner": marketer, "authentication": authentication, "attempts": 1}
    return jobs.submit(f"{SQL} ORDER BY x", database="shop", export=form.cleaned_data, **more)


def test_a_worker_killed_when_its_object_is_there_is_followed_by_a_true_receipt(
    submitted, start, s3, tmp_path
):
    worker = start(submitted, "integrations.transports.s3.known.Known.done")
    worker.wait_at_step()

    worker.kill()

    assert s3.keys() == ["people.csv"]
    job = run_after_the_lease(submitted)
    assert (job.status, job.attempt, job.error) == ("success", 2, "")
    assert s3.asked.count("CompleteMultipartUpload") == 1
    assert any("had arrived" in text for text in texts(job))
    file = tmp_path / "people.csv"
    file.write_bytes(s3.read("people.csv"))
    assert "It is what was delivered" in check_file(file, job.receipt)
    assert job.sent_bytes == file.stat().st_size


def test_a_worker_killed_where_nobody_may_look_is_followed_by_one_that_does_not_send_it_twice(
    submitted, start, s3, monkeypatch
):
    monkeypatch.setattr(doubt, "SETTLING", 0)
    s3.switches.look = False
    worker = start(submitted, "integrations.transports.s3.known.Known.done")
    worker.wait_at_step()
    parts = s3.asked.count("UploadPart")

    worker.kill()

    job = run_after_the_lease(submitted)
    assert job.status == "error" and job.error.startswith("s3://demo/people.csv may be there")
    assert "Let somebody look in the bucket" in job.remedy
    assert s3.asked.count("UploadPart") == parts
    assert [each.status for each in Delivery.objects.all()] == ["unsure"]
