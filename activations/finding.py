"""Everything that a person may see, found by its name or its number: the first few of each kind."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from activations.activating.access import visible_activations
from activations.activating.listing import listed as listed_activations
from activations.models import Segment
from activations.parents.access import usable_by as usable_parents
from console.queries.access import visible_jobs, visible_queries
from console.queries.listing import listed as listed_queries
from console.views.jobs import matching
from console.views.keys import key_of
from integrations.access import usable_by as usable_authentications
from integrations.connectors import CONNECTORS
from integrations.views.catalog import matches

MOST = 5  # of each kind
LONGEST = 100  # characters that are looked for


@dataclass(frozen=True)
class Group:
    """What was found of one kind, and where the rest of it is listed, if anywhere."""

    label: str
    items: list[dict]
    rest: str = ""


def find(user, words: str) -> list[Group]:
    """Return what the person may see and is called like that, by kind."""
    key = key_of(words.removeprefix("#"))
    kinds = (queries, activations, segments, parents, authentications, jobs)
    groups = [kind(user, words, key) for kind in kinds]
    return [group for group in (*groups, connectors(words)) if group.items]


def group(label, numbered, named, about, rest=""):
    """Return what has the number, and the first of what has the name."""
    found = list(dict.fromkeys([*numbered, *named[: MOST + 1]]))
    items = [{"title": each, "url": each.get_absolute_url()} | about(each) for each in found]
    return Group(label, items[:MOST], rest if len(found) > MOST else "")


def narrowed(name, **given):
    return f"{reverse(name)}?{urlencode(given)}"


def queries(user, words, key):
    return group(
        "Queries",
        visible_queries(user).filter(pk=key),
        listed_queries(user, search=words),
        lambda query: {"about": f"of {query.owner}"},
        narrowed("queries", q=words),
    )


def activations(user, words, key):
    return group(
        "Activations",
        visible_activations(user).filter(pk=key),
        listed_activations(user, search=words),
        lambda activation: {"about": f"of the segment {activation.segment}"},
        narrowed("activations", q=words),
    )


def segments(user, words, key):
    found = Segment.objects.filter(parent_segment__in=usable_parents(user))
    found = found.select_related("parent_segment")
    return group(
        "Segments",
        found.filter(pk=key),
        found.filter(Q(name__icontains=words) | Q(description__icontains=words)),
        lambda segment: {"about": f"in {segment.parent_segment}"},
    )


def parents(user, words, key):
    found = usable_parents(user)
    named = found.filter(name__icontains=words)
    return group("Parent segments", found.filter(pk=key), named, lambda parent: {})


def authentications(user, words, key):
    found = usable_authentications(user)
    kinds = [each.name for each in CONNECTORS.values() if words.lower() in each.label.lower()]
    return group(
        "Authentications",
        found.filter(pk=key),
        found.filter(Q(name__icontains=words) | Q(type__in=kinds)),
        lambda authentication: {"about": authentication.connector.label},
        reverse("authentications"),
    )


def jobs(user, words, key):
    found = visible_jobs(user).defer("sql", "traceback")
    return group(
        "Jobs",
        found.none(),
        matching(found, words),
        lambda job: {"about": job.name, "status": job.status},
        narrowed("jobs", search=words),
    )


def connectors(words):
    items = [
        {"title": each.label, "url": reverse("connector", args=[each.name]), "about": each.category}
        for each in CONNECTORS.values()
        if matches(each, words)
    ]
    return Group("Connectors", items[:MOST], narrowed("catalog", q=words) if items[MOST:] else "")
