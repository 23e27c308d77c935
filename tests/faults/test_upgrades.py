"""A new version while the one before is at work: migrations under jobs, and rows of both."""

import pytest
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations import AddField, Migration
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from console.models import Database, Job
from tests.faults.deliveries import run

pytestmark = pytest.mark.django_db(transaction=True)
OLDEST = ("console", "0010_changes")  # versions from here on can work beside the next


@pytest.fixture
def to_the_next_version():
    """A function that migrates the tables as the next version may, until the test ends."""
    migration = Migration("later", "console")
    migration.operations = [
        AddField("job", "later", models.DateTimeField(null=True)),
        AddField("job", "colour", models.CharField(max_length=9, default="", db_default="")),
        AddField("jobline", "level", models.IntegerField(default=1, db_default=1)),
    ]
    now = MigrationLoader(connection).project_state()

    def migrate():
        with connection.schema_editor() as editor:
            migration.apply(now.clone(), editor)

    yield migrate
    with connection.schema_editor() as editor:
        migration.unapply(now, editor)


@pytest.fixture
def to_this_version():
    """A function that takes the last migration of the tables back, and migrates them."""

    def migrate():
        last = sorted(
            name for app, name in MigrationLoader(None).disk_migrations if app == "console"
        )
        call_command("migrate", "console", last[-2], verbosity=0)
        call_command("migrate", verbosity=0)

    yield migrate
    call_command("migrate", verbosity=0)


@pytest.mark.needs("sshd", "ssh-keygen")
def test_a_migration_under_a_running_job_neither_breaks_nor_loses_it(
    to_this_version, to_the_next_version, submit, start, drop, line
):
    drop.keep()
    job = submit()
    hold = line.hold(line.in_mid_upload)
    worker = start(job)
    hold.wait()

    to_this_version()
    to_the_next_version()
    hold.let_go()
    worker.wait()

    job.refresh_from_db()
    assert job.attempt == 1
    drop.has_once(job)
    line.mend()
    assert run(submit(path="/in/next.csv")).status == "success"


def test_the_versions_before_go_on_with_the_tables_of_this_one(marketer):
    shop = Database.objects.create(name="shop", owner=marketer)
    before = MigrationLoader(connection).project_state(OLDEST).apps.get_model
    common = {"owner_id": marketer.pk, "sql": "SELECT 1"}

    schedule = before("console", "Schedule").objects.create(cron="@daily")
    query = before("console", "Query").objects.create(
        name="Old", database_id=shop.pk, schedule=schedule, **common
    )
    job = before("console", "Job").objects.create(database="shop", query=query, **common)
    before("console", "JobLine").objects.create(job=job, text="The job started.")
    notice = {"kind": "failed", "subject": "It failed", "user_id": marketer.pk}
    before("console", "Notice").objects.create(**notice)
    pulse = {"name": "dispatcher", "at": timezone.now()}
    before("console", "Pulse").objects.create(**pulse)

    assert run(Job.objects.get(pk=job.pk)).status == "success"
