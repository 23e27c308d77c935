"""`td query`: submit SQL, wait for it, show its result."""

import sys
import time

from django.utils import timezone

from console import jobs
from console.models import Database, Job
from console.tables import can_read
from console.td import options, results, waiting
from console.td.destinations import destination
from console.td.errors import Refused

FOREVER = -1
USE_SHOW = "Use 'td job:show {}' to show the status."


def arguments(parser):
    add = parser.add_argument
    add("sql", nargs="?", help="the query; - reads it from stdin")
    options.query_options(parser)
    options.result_options(parser)
    add("-w", "--wait", type=int, metavar="SECONDS", help="wait for finishing the job")
    add("--here", action="store_true", help="run the job in this process, without workers")
    add("-O", "--pool-name", metavar="NAME", help="accepted, without effect here")
    add("--domain-key", metavar="KEY", help="not supported")
    add("--sampling", metavar="DENOMINATOR", help="obsolete")


def query(asked, owner, out):
    """Submit the query. Return the exit status: 0 where nothing failed."""
    results.check_formats(asked)
    if asked.domain_key:
        raise Refused("--domain-key is not supported here: a query given twice runs twice.")
    job_settings = {"sql": sql_of(asked), "database": database_named(asked.database, owner).name}
    authentication, export = destination(asked, owner)
    if asked.wait is not None and not asked.here:
        waiting.check_workers()
    job = jobs.submit(
        **job_settings,
        owner=owner,
        engine=asked.type,
        authentication=authentication,
        export=export,
        attempts=1 + asked.retry,
        priority=asked.priority,
    )
    out.write(f"Job {job.pk} is queued.\n{USE_SHOW.format(job.pk)}\n")
    out.flush()
    return follow(job, asked, out)


def follow(job, asked, out):
    if asked.here:
        run_here(job)
    elif asked.wait is None:
        warn(asked)
        return 0
    waiting.wait(job, out, None if asked.wait in (None, FOREVER) else asked.wait)
    out.write(f"Status      : {job.status}\n")
    if job.status != Job.Status.SUCCESS:
        raise Refused(failure(job))
    if not asked.exclude:
        out.write("Result      :\n")
        results.show(jobs.rows_of(job), asked, out)
    return 0


def run_here(job):
    """Run the job, and again when it is time for its next attempt: nobody else may be there to."""
    while jobs.run(job.pk):
        job.refresh_from_db()
        if job.not_before is None:
            return
        time.sleep(max(0, (job.not_before - timezone.now()).total_seconds()))


def warn(asked):
    if asked.output:
        sys.stderr.write(
            "The output file won't be generated without additional `-w` or `--wait` option.\n"
        )
    if not jobs.cluster_alive():
        sys.stderr.write("No worker is running yet: python3 manage.py cluster starts them.\n")


def failure(job):
    place = f" (line {job.error_line}, column {job.error_column})" if job.error_line else ""
    return (
        " ".join(filter(None, (f"{job.error}{place}", job.remedy))) or f"The job is {job.status}."
    )


def sql_of(asked):
    sql = sys.stdin.read() if asked.sql == "-" else asked.sql or asked.query
    if not sql:
        raise Refused("<sql> argument or -q / --query PATH option is required.")
    return sql


def database_named(name, owner):
    database = Database.objects.filter(name=name).first()
    if database is None or not can_read(owner, database):
        raise Refused(
            f"Couldn't find database '{name}'.\nUse 'td db:list' to show the list of databases."
        )
    return database
