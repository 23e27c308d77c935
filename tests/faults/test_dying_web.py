"""A web server that is killed between two writes of a request: nothing is half saved."""

from contextlib import closing
from http.client import HTTPConnection, HTTPException
from threading import Thread
from urllib.parse import urlencode

import pytest
from django_q.models import OrmQ

from console.models import Job, Query, QueryVersion
from integrations.models import Authentication
from tests.faults.processes import Worker
from tests.servers import free_port

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "t" * 32
FORM = {"name": "People", "database": "shop", "engine": "trino", "sql": "SELECT 1 AS id"}
LOGIN = {"host": "127.0.0.1", "port": "22", "username": "mia", "auth_method": "password"}
LOGIN |= {"password": "secret-1", "max_connection_retry": "1", "timeout": "10"}


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


def sent(port, session, path, form):
    """Send the form as a browser does."""
    cookies = f"sessionid={session}; csrftoken={TOKEN}"
    kind = "application/x-www-form-urlencoded"
    headers = {"Cookie": cookies, "X-CSRFToken": TOKEN, "Content-Type": kind}
    return asked(port, "POST", path, urlencode(form), headers)


@pytest.fixture
def kill_while(start, client, marketer):
    """A function that kills a web server when it has come to a step with a form of Mia's."""
    client.force_login(marketer)

    def kill(step, path, form):
        port, answers = free_port(), []
        session = client.cookies["sessionid"].value
        site = start(port, step, program=Site)
        site.run_until(lambda: asked(port, "GET", "/login/"))
        sender = Thread(target=lambda: answers.append(sent(port, session, path, form)))
        sender.start()
        site.wait_at_step()
        site.kill()
        sender.join()
        assert answers == [None]

    return kill


# Where to, which step comes between two writes, and what there is of it in the database.
FORMS = {
    "a new query": ("/workbench/queries/new/", "console.models.QueryVersion.objects.create", Query),
    "a run": ("/workbench/queries/new/run/", "console.jobs.submission.wake_worker", Job),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_a_killed_web_server_was_saving_is_not_there_and_is_there_once_when_sent_again(
    form, kill_while, database, client
):
    path, step, rows = FORMS[form]

    kill_while(step, path, FORM)

    assert not rows.objects.exists()
    assert client.post(path, FORM).status_code == 302
    assert (rows.objects.count(), QueryVersion.objects.count() + OrmQ.objects.count()) == (1, 1)


def test_no_authentication_is_there_without_those_it_was_to_be_shared_with(
    kill_while, client, colleague
):
    path = "/integrations/catalog/sftp_v2/new/"
    assert client.post(path, LOGIN).status_code == 302
    form = {"name": "Drop", "shared_users": colleague.pk}

    kill_while("integrations.forms.NamingForm._save_m2m", f"{path}name/", form)

    assert not Authentication.objects.exists()
    assert client.post(f"{path}name/", form).status_code == 302
    assert list(Authentication.objects.get().shared_users.all()) == [colleague]
