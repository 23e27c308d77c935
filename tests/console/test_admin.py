"""What administrators do in the Django admin, and what they cannot."""

from urllib.parse import unquote

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django_q.models import Failure, OrmQ, Schedule, Success

from console import jobs
from console.models import Query

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(client, keeper):
    client.force_login(keeper)
    return lambda path: client.get(f"/admin/{path}")


def test_a_marketer_is_kept_out(client, marketer):
    client.force_login(marketer)

    response = client.get("/admin/", follow=True)

    assert response.status_code == 403
    assert "You need staff status for the Django admin." in response.content.decode()


def test_a_stranger_signs_in_where_everybody_does(client):
    response = client.get("/admin/console/job/", follow=True)

    assert unquote(response.redirect_chain[-1][0]) == "/login/?next=/admin/console/job/"
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302


@pytest.mark.parametrize(
    "path",
    ["", *(f"console/{name}/" for name in ("database", "table", "query", "schedule", "job"))],
)
def test_an_admin_sees_every_list(read, people, path):
    assert read(path).status_code == 200


def test_queries_are_given_to_another_owner_and_their_sql_stays(client, read, people, colleague):
    page = f"/admin/console/query/{people.pk}/change/"
    fields = {"name": "People", "owner": colleague.pk, "priority": 0, "retry_limit": 2}

    client.post(page, fields | {"sql": "DROP TABLE people"})

    people.refresh_from_db()
    assert (people.owner, people.retry_limit) == (colleague, 2)
    assert people.sql.startswith("SELECT id")


def test_a_query_is_not_given_to_somebody_who_has_one_of_its_name(client, read, people, colleague):
    page = f"/admin/console/query/{people.pk}/change/"
    Query.objects.create(name="People", database=people.database, sql="SELECT 1", owner=colleague)
    fields = {"name": "People", "owner": colleague.pk, "priority": 0, "retry_limit": 2}

    refused = client.post(page, fields).content.decode()

    assert "otto has a query of that name already. Choose a different one." in refused
    assert client.post(page, fields | {"name": "People of Mia"}).status_code == 302
    people.refresh_from_db()
    assert (people.owner, people.name) == (colleague, "People of Mia")


@pytest.mark.parametrize("name", ["database", "table", "query", "schedule", "job"])
def test_nothing_of_the_workbench_is_added_or_deleted_there(read, people, name):
    job = jobs.submit_query(people)
    key = {"database": people.database.pk, "query": people.pk, "job": job.pk}.get(name, 1)

    assert read(f"console/{name}/add/").status_code == 403
    assert read(f"console/{name}/{key}/delete/").status_code in (302, 403)
    assert Query.objects.exists()


def test_jobs_are_found_by_number_name_and_owner(read, people):
    job = jobs.submit_query(people)

    for words in (job.pk, "people", "mia"):
        assert (
            f"/admin/console/job/{job.pk}/change/"
            in read(f"console/job/?q={words}").content.decode()
        )
    assert "0 jobs" in read("console/job/?q=nothing").content.decode()
    assert read(f"console/job/{job.pk}/change/").status_code == 200


def test_the_queue_is_not_in_the_admin():
    assert not {Failure, OrmQ, Schedule, Success} & set(admin.site._registry)


def test_an_admin_keeps_users_but_makes_no_superuser(client, read, marketer):
    marketers = Group.objects.get(name="marketer")
    fields = {
        "username": "mia",
        "first_name": "Mia",
        "is_active": "on",
        "is_superuser": "on",
        "user_permissions": ["1"],
        "groups": [marketers.pk],
        **{"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"},
    }

    client.post(f"/admin/auth/user/{marketer.pk}/change/", fields)

    marketer.refresh_from_db()
    assert marketer.first_name == "Mia"
    assert not marketer.is_superuser
    assert not marketer.user_permissions.exists()


def test_an_admin_does_not_change_a_superuser(client, read):
    root = User.objects.create_superuser("root", password="pass-word-1")

    for path in ("change/", "delete/", "password/"):
        client.post(f"/admin/auth/user/{root.pk}/{path}", {"username": "mine", "post": "yes"})

    root.refresh_from_db()
    assert root.username == "root" and root.check_password("pass-word-1")
