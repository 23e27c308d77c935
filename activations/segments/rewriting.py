"""The SQL of activations follows the segments that it is made of."""

from activations.models import Activation, Segment
from activations.rules import Audience, Problem, members, problems
from activations.segments.references import dependents
from activations.segments.usable import audience_for
from console.queries.saving import save

EVERY_COLUMN = "c.*"


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
    Raise CannotRewrite where one could not run any more; then nothing is to be saved.
    """
    keys = [segment.pk, *dependents(segment)]
    found = Activation.objects.filter(segment__in=keys).select_related(
        "segment__parent_segment", "query__owner", "query__database"
    )
    for activation in found:
        activation.query.sql = statement(activation)
        save(activation.query, by=by)
    return list(found)


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
    """Return the SELECT of the customers with all of their attributes."""
    segment = activation.segment
    return members(segment.rules, audience, EVERY_COLUMN, segment.pk)
