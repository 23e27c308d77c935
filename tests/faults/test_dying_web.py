"""A web server that is killed between two writes of a request: nothing is half saved."""

from contextlib import closing
from http.client import HTTPConnection, HTTPException
from threading import Thread
from urllib.parse import urlencode

import pytest
from django_q.models import OrmQ

from console.models import Job, Query, QueryVersion
from tests.faults.processes import Worker
from tests.servers import free_port

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "t" * 32
FORM = {"name": "People", "database": "shop", "engine": "trino", "sql": "SELECT 1 AS id"}


class Site(Worker):
    program = "tests.faults.web"


def asked(port, *request):
    """Return the status of an answer of the server, or None where nothing comes."""
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request(*request)
            with connection.getresponse() as answer:
                return answer.status
    except (OSError, HTTPException):
        return None


def sent(port, session, path):
    """Send the form as a browser does."""
    cookies = f"sessionid={session}; csrftoken={TOKEN}"
    kind = "application/x-www-form-urlencoded"
    headers = {"Cookie": cookies, "X-CSRFToken": TOKEN, "Content-Type": kind}
    return asked(port, "POST", path, urlencode(FORM), headers)


# Where to, which step comes between two writes, and what there is of it in the database.
FORMS = {
    "a new query": ("/workbench/queries/new/", "console.models.QueryVersion.objects.create", Query),
    "a run": ("/workbench/queries/new/run/", "console.jobs.submission.wake_worker", Job),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_killed_web_server_was_saving_is_not_there_and_is_there_once_when_sent_again(
    form, start, marketer, database, client
):
    path, step, rows = FORMS[form]
    port = free_port()
    site = start(port, step, program=Site)
    client.force_login(marketer)
    session = client.cookies["sessionid"].value
    site.run_until(lambda: asked(port, "GET", "/login/"))
    answers = []
    sender = Thread(target=lambda: answers.append(sent(port, session, path)))
    sender.start()
    site.wait_at_step()

    site.kill()
    sender.join()

    assert answers == [None]
    assert not rows.objects.exists()
    assert client.post(path, FORM).status_code == 302
    assert (rows.objects.count(), QueryVersion.objects.count() + OrmQ.objects.count()) == (1, 1)
