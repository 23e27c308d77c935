"""Activations as tests need them, without a destination."""

from activations.models import Activation
from activations.segments.rewriting import statement
from console import jobs
from console.models import Database, Job, Query


def activate(segment, owner, mapping, name="Weekly"):
    database = Database.objects.get(name=segment.parent_segment.database)
    query = Query.objects.create(name=name, database=database, sql="-", owner=owner, place="/a/")
    made = Activation.objects.create(segment=segment, name=name, query=query, mapping=mapping)
    query.sql = statement(made)
    query.save()
    return made


def run(activation):
    """Run the activation as it is saved, and return its job."""
    job = jobs.submit_query(Query.objects.get(pk=activation.query_id))
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)
