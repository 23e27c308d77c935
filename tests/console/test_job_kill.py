"""A kill is obeyed within seconds by a job that talks to a server which never answers."""

import socket
import threading

import pytest
from django.db import connection

from console import jobs
from console.models import Job
from integrations.connectors import CONNECTORS
from tests.servers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def silent_port(settings):
    """A port of this machine where somebody listens and never says a word."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_job_whose_server_never_says_a_word_is_killed(people, sftp, silent_port, marketer):
    sftp.replace_settings(sftp.settings | {"host": "127.0.0.1", "port": silent_port})
    sftp.save()
    given = {"path_prefix": "/people.csv", "user_directory_is_root": True}
    export = CONNECTORS["sftp_v2"].Export.from_json(given)
    assert export.is_valid()
    people.authentication, people.export = sftp, export.cleaned_data
    people.save()
    job = jobs.submit_query(people)
    worker = threading.Thread(target=lambda: (jobs.run(job.pk), connection.close()))
    worker.start()
    wait_until(lambda: Job.objects.get(pk=job.pk).phase == "uploading")

    jobs.kill(job, marketer)

    worker.join(5)
    assert not worker.is_alive()
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("killed", 1)
