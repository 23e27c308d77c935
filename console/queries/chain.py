"""The chain that a query stands in: what it runs after, what runs after it, how they stand."""

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q

from console.models import DueSlot, Job, Query
from console.queries.listing import with_last_job
from console.schedules.chains import above, below, followers, may_follow, shown_to, upstreams

WAITS = "Once one has succeeded, this runs."
SAID = {
    Job.Status.ERROR: "failed",
    Job.Status.KILLED: "was killed",
    Job.Status.SKIPPED: "was skipped",
}


@dataclass
class Link:
    """A query of a chain, as one person may see it."""

    query: Query  # with its last job
    name: str
    url: str
    is_this: bool
    after: list["Line"] = field(default_factory=list)  # where several run after it


Line = list[Link]  # one after the other


def chain(query: Query, user: User) -> Line:
    """Return the line that a query stands in; its last link has the lines that branch off there.

    Empty where it stands alone.
    """
    edges = upstreams()
    before, levels = above(query.pk, edges), below(query.pk, edges)
    if not (before or levels):
        return []
    keys = [query.pk, *before, *(key for level in levels for key in level)]
    links = links_of(keys, query, user)
    return [links[key] for key in reversed(before)] + line_from(query.pk, edges, links)


def links_of(keys, query, user):
    found = with_last_job(Query.objects.filter(pk__in=keys)).select_related("owner", "schedule")
    return {
        each.pk: Link(
            each,
            each.name if may_follow(user, each) else shown_to(user, each),
            each.get_absolute_url() if may_follow(user, each) else "",
            each.pk == query.pk,
        )
        for each in found
    }


def followed_by(query: Query, user: User) -> list[Link]:
    """Return what runs directly after a query, in the order of the names."""
    keys = [each.pk for each in followers(query)]
    links = links_of(keys, query, user)
    return [links[key] for key in keys]


def line_from(key, edges, links):
    """Return the link of a query, and those after it until several run after one."""
    line = [links[key]]
    while after := sorted(low for low, high in edges.items() if high == key):
        if len(after) > 1:
            line[-1].after = [line_from(each, edges, links) for each in after]
            break
        [key] = after
        line.append(links[key])
    return line


@dataclass(frozen=True)
class Standing:
    """Whether a query has run after the last run of its upstream, and why not."""

    text: str
    job: Job | None = None  # of the upstream
    symbol: str = "◌"
    fault: bool = False
    since: datetime | None = None  # when the query itself ran last
    has_run: bool = True


def standing(query: Query, user: User) -> Standing | None:
    """Return how a query stands that runs after another one, as a person may see it."""
    trigger = query.schedule and query.schedule.follows
    if not trigger or not trigger.query:
        return None
    last = last_counted(trigger)
    name = shown_to(user, trigger.query)
    if last is None:
        return Standing(f"No run of {name} counts yet. {WAITS}")
    if not last.finished:
        doing = "waits for somebody to decide" if last.held else "is on its way"
        return Standing(
            f"The last run of {name} {doing}. This runs once it has succeeded.", last, "▶"
        )
    if last.status == Job.Status.SUCCESS:
        return after_success(query, name, last)
    mine = Job.objects.filter(query=query, status__in=Job.RAN).exclude(slot=None).first()
    text = f"The last run of {name} {SAID[last.status]}, so this has not run"
    return Standing(text, last, "▲", True, mine and mine.ended_at, mine is not None)


def last_counted(trigger):
    """Return the last run of the upstream that could start others, or that failed to."""
    counted = Q(slot__isnull=False)
    if trigger.by_hand:
        counted |= Q(query_version__isnull=False)
    runs = Job.objects.filter(counted, query=trigger.query, resend_of=None)
    return runs.order_by("-pk").first()


def after_success(query, name, last):
    slot = last.slot or last.created_at
    if Job.objects.filter(query=query, slot=slot).exists():
        return Standing(f"The last run of {name} succeeded, and started this one.", last, "●")
    due = DueSlot.objects.filter(schedule=query.schedule, slot=slot).first()
    if due:
        text = f"The last run of {name} succeeded. This starts at {due.starts_at:%H:%M:%S} UTC."
        return Standing(text, last, "▶")
    text = f"The last run of {name} succeeded while this was paused, or not set up to follow it."
    return Standing(text, last)
