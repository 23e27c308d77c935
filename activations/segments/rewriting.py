"""The SQL of activations follows the segments that it is made of, and the tables it reads."""

from activations import mapping
from activations.models import Activation, ParentSegment, Segment
from activations.rules import Audience, Problem, problems
from activations.rules.literals import text
from activations.segments.references import dependents, lock_segments
from activations.segments.usable import audience_for
from console.queries.saving import save

STOPPED = "SELECT fail("  # how the SQL of an activation begins that cannot run: with the reason


class CannotRewrite(Exception):
    """An activation could not go on with the changed segment: which, and why."""

    def __init__(self, activation: Activation, problem: Problem):
        self.problem = problem
        super().__init__(
            f"The activation “{activation.name}” of the segment “{activation.segment.name}” could "
            f"not go on: {problem.text} It runs as {activation.query.owner.get_username()}."
        )


def rewrite(segment: Segment, *, by) -> list[Activation]:
    """Write the SQL of all that is made of a segment anew. To be called in its transaction.

    These are its activations, and those of the segments that refer to it, be it over others.
    Raise CannotRewrite where one could not run any more; then nothing is to be saved. One that
    could not run before keeps nobody from saving.
    """
    found = activations(segment__in=[segment.pk, *dependents(segment)])
    for activation in found:
        try:
            write(activation, statement(activation), by)
        except CannotRewrite as error:
            if not activation.query.sql.startswith(STOPPED):
                raise
            write(activation, stopped(error), by)
    return found


def follow_build(databases: list[str]) -> None:
    """Write the SQL anew of activations whose tables were built. To be called in its transaction.

    So nobody runs the SQL of old columns over new tables. One that cannot run any more gets SQL
    that says why: its runs fail with that sentence, until a refresh or a change makes it right.
    """
    parents = [each for each in ParentSegment.objects.all() if each.database in databases]
    if not parents:
        return
    lock_segments()
    for parent in parents:
        for activation in activations(segment__parent_segment=parent):
            try:
                sql = statement(activation)
            except CannotRewrite as error:
                sql = stopped(error)
            write(activation, sql, editor(activation) or parent.owner)


def editor(activation):
    """Return who changed it last: a refresh changes no rules, and that person may not approve."""
    latest = activation.query.versions.select_related("saved_by").first()
    return latest and latest.saved_by


def activations(**which) -> list[Activation]:
    related = ("segment__parent_segment", "query__owner", "query__database", "query__schedule")
    return list(Activation.objects.filter(**which).select_related(*related))


def write(activation, sql, by):
    """Save the SQL, and the names in the log of deliveries, where they changed."""
    if activation.query.sql != sql:
        activation.query.sql = sql
        save(activation.query, by=by)
    keep_about(activation)


def keep_about(activation: Activation) -> None:
    """Let the log of deliveries tell whose runs those of the query are, by the names of now."""
    if activation.query.about != (told := about(activation)):
        activation.query.about = told
        activation.query.save(update_fields=["about"])


def stopped(error: CannotRewrite) -> str:
    return f"{STOPPED}{text(str(error))})"


def hindrance(activation: Activation) -> str:
    """Return why an activation cannot run as things are, in a sentence; "" where it can."""
    try:
        statement(activation)
    except CannotRewrite as error:
        return str(error)
    return ""


def about(activation: Activation) -> dict:
    """Return what the log of deliveries says of the runs of an activation."""
    segment = activation.segment
    audience = segment.parent_segment
    return {
        "activation_id": activation.pk,
        "activation_name": activation.name,
        "segment_id": segment.pk,
        "segment_name": segment.name,
        "audience_id": audience.pk,
        "audience_name": audience.name,
    }


def statement(activation: Activation) -> str:
    """Return the SELECT that an activation runs, with what its owner may use."""
    segment = activation.segment
    audience = audience_for(segment.parent_segment, activation.query.owner)
    if audience is None:
        raise CannotRewrite(activation, Problem((), "The parent segment was not refreshed yet."))
    if found := problems(segment.rules, audience, segment.pk):
        raise CannotRewrite(activation, found[0])
    return mapped(activation, audience)


def mapped(activation: Activation, audience: Audience) -> str:
    """Return the SELECT of the customers with the columns of the activation's mapping."""
    if found := mapping.problems(activation.mapping, audience):
        raise CannotRewrite(activation, found[0])
    segment = activation.segment
    return mapping.statement(segment, activation.mapping, audience, timezone_of(activation))


def timezone_of(activation: Activation) -> str:
    """Return the zone in which an activation writes times: that of its schedule, if it has one."""
    schedule = activation.query.schedule
    return schedule.timezone if schedule else activation.segment.parent_segment.timezone
