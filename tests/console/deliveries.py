"""Deliveries over a real line, and what the log says of them."""

import pytest

from console import jobs
from console.deliveries.asking import asked
from console.deliveries.searching import every
from console.models import Database, Job
from integrations.connectors import CONNECTORS
from integrations.models import Authentication

SFTP = CONNECTORS["sftp_v2"]
PEOPLE = """SELECT * FROM (VALUES
  ('c-1', 'ann@example.com', '+49 170 1234567', 'Oslo'),
  ('c-2', 'Bob@Example.com ', NULL, 'Rome'),
  ('C-3', NULL, NULL, 'dan@example.com')
) AS t(cdp_customer_id, email, phone, note) ORDER BY 1"""


@pytest.fixture
def send(sshd, marketer, settings):
    """Run SQL as Mia, with an export to a real server."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    Database.objects.create(name="shop", owner=marketer)
    authentication = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    authentication.settings = sshd.settings
    authentication.save()

    def send(sql=PEOPLE, *, export=None, **more):
        given = {"owner": marketer, "authentication": authentication} | more
        return ran(jobs.submit(sql, database="shop", export=export or export_to(), **given))

    return send


def export_to(path="/in/{job}.csv", **more):
    given = {"path_prefix": path, "user_directory_is_root": True, "newline": "LF"}
    return SFTP.Export.from_json(given).cleaned_data | more


def ran(job):
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)


def found(text):
    """Return which jobs carried an identifier, the latest first, and in which columns."""
    return [(match.delivery.job_id, match.columns) for match in matches(text)]


def matches(text):
    return list(every(asked(text).tokens))
