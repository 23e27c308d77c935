"""An activation after it was made: run, copied, deleted."""

from django.db import transaction

from activations.activating import saving
from activations.activating.fields import settings_of
from activations.activating.refusals import NoCopy, Off, Unusable
from activations.models import Activation, Segment
from activations.segments.references import lock_segments
from console import jobs
from console.models import Job, Query
from console.queries.saving import delete as delete_query


class StillRunning(Exception):
    """An activation cannot be deleted while a run or a test is under way."""

    def __init__(self, job):
        super().__init__(f"Job {job.pk} is under way. Wait for its end, or stop it first.")
        self.job = job


def under_way(activation: Activation) -> Job | None:
    """Return the run that is not done yet, held ones included."""
    return unfinished(activation.query.jobs)


def unfinished(jobs):
    return jobs.exclude(status__in=Job.FINISHED).order_by("pk").first()


@transaction.atomic
def run_now(activation: Activation, by) -> tuple[Job, bool]:
    """Run an activation, unless a run is under way. Return the run, and whether it is new."""
    query = Query.objects.select_for_update().get(pk=activation.query_id)  # A second click waits.
    if going := under_way(activation):
        return going, False
    return jobs.submit_query(query, by=by), True


def free_name(segment: Segment, name: str) -> str:
    """Return the name, or the name with the first number that the segment has not used."""
    stem, number = name[:240], 1
    while segment.activations.filter(name=name).exists():
        number += 1
        name = f"{stem} ({number})"
    return name


@transaction.atomic
def duplicate(activation: Activation, *, name: str, segment: Segment, by) -> Activation:
    """Return a copy that belongs to the person, without schedule and webhook.

    Raise NotSaved where they may not use its authentication, or see what it exports.
    """
    of = activation.query
    copy = Activation(
        segment=segment,
        name=name,
        description=activation.description,
        mapping=activation.mapping,
        query=Query(owner=by, **settings_of(of)),
    )
    mail = saving.Mail(of.notify_failure, of.notify_success, list(of.notified.all()))
    given = {"authentication": of.authentication, "export": of.export, "mail": mail}
    # What the other one has delivered is not known of the copy: its first run sends all.
    changes = of.changes and of.changes | {"by": by.pk}
    try:
        return saving.save(copy, by=by, changes=changes, **given)
    except (Off, Unusable) as refused:
        raise NoCopy(refused) from None


@transaction.atomic
def delete(activation: Activation) -> None:
    """Delete an activation with its schedule. Its jobs stay. Raise StillRunning."""
    lock_segments()
    query = Query.objects.select_for_update().filter(pk=activation.query_id).first()
    if query is None:
        return  # A second click: the first one deleted it.
    tests = Job.objects.filter(test__of=query.get_absolute_url())
    if going := under_way(activation) or unfinished(tests):
        raise StillRunning(going)
    activation.delete()
    delete_query(query)
