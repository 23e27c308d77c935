"""A query that runs every hour, one slot after the other."""

from datetime import UTC, datetime, timedelta
from itertools import count

from console import jobs
from console.models import Database, Job, Query
from console.schedules import schedule_query, tick
from integrations.connectors import CONNECTORS
from integrations.models import Authentication

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def slots_of(query):
    """Return a function that runs the query's next slot after noon with this SQL: the job."""
    hours = count(1)

    def run(sql):
        Query.objects.filter(pk=query.pk).update(sql=sql, export=query.export)
        assert tick(NOON + timedelta(hours=next(hours))) == 1
        job = Job.objects.latest("pk")
        jobs.run(job.pk)
        job.refresh_from_db()
        return job

    return run


def buyers(owner, sql, **settings):
    """Return a query that sends its rows to a table of its owner each hour."""
    shop = Database.objects.create(name="shop", owner=owner)
    own = Authentication(name="Tables", type="treasure_data", owner=owner)
    own.settings = {}
    own.save()
    query = Query(name="Buyers", database=shop, sql=sql, owner=owner, authentication=own)
    query.export = to_a_table(**settings)
    query.save()
    schedule_query(query, "0 * * * *", "UTC", now=NOON)
    return query


def to_a_table(**settings):
    """Return the export of such a query."""
    form = CONNECTORS["treasure_data"].Export.from_json(
        {"database": "shop", "table": "sent"} | settings
    )
    assert form.is_valid(), form.errors
    return form.cleaned_data
