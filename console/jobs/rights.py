"""What the owner of a job may do is checked when it runs, whatever was true before."""

import re

from console.jobs.ending import JobError
from console.models import Database, Job, Table
from console.tables import can_read, readable_databases
from integrations.access import usable_by

WORD = re.compile(r"\w+")


def check_rights(job: Job) -> None:
    """Raise JobError where the owner may not, or not any more, do what the job does."""
    if not job.owner.is_active:
        raise JobError(
            f"The owner of this job, {job.owner.username}, is not active any more.",
            remedy="Give the query to somebody who is, then run it again.",
        )
    check_database(job)
    if job.result_path:  # The engine, which checks each table, is not asked again.
        check_tables(job)
    if job.authentication and not may_use(job):
        raise JobError(
            f"{job.owner.username} may not use the authentication '{job.authentication}'.",
            remedy="Ask its owner to share it, or choose another one.",
        )


def check_database(job):
    database = Database.objects.filter(name=job.database).first()
    if database is None or not can_read(job.owner, database):
        raise JobError(
            f"There is no database '{job.database}' that {job.owner.username} may read.",
            remedy="Choose another database, or ask its owner for the right to read it.",
        )


def check_tables(job):
    """Raise JobError where the SQL names a table that the owner may not read any more."""
    words = {word.lower() for word in WORD.findall(job.text)}
    others = Table.objects.exclude(database__in=readable_databases(job.owner))
    for database, table in others.values_list("database__name", "name"):
        if {database, table} <= words:
            raise JobError(
                f"{job.owner.username} may not read {database}.{table}, which the query names.",
                remedy="Ask the owner of the database for the right to read it.",
            )


def may_use(job):
    authentication = job.authentication
    if authentication.inline:
        return authentication.owner_id == job.owner_id
    return usable_by(job.owner).filter(pk=authentication.pk).exists()
