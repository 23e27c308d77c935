"""Chains of queries never close to a circle, whoever saves at the same time."""

import threading
from itertools import pairwise

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from console.models import Database, Query, Trigger
from console.schedules import ChainError, chains, follow_query, schedule_query, unschedule
from console.schedules.chains import MOST_FOLLOWERS, MOST_IN_A_ROW, above, below, upstreams


@pytest.fixture
def query(marketer):
    database = Database.objects.create(name="shop", owner=marketer)

    def query(name, owner=marketer):
        return Query.objects.create(name=name, database=database, sql="SELECT 1", owner=owner)

    return query


@pytest.fixture
def row(query):
    """Return a function that makes queries of which each runs after the one before."""

    def row(*names):
        found = [query(name) for name in names]
        for upstream, downstream in pairwise(found):
            follow_query(downstream, upstream)
        return found

    return row


def test_a_query_does_not_run_after_itself(query):
    alone = query("A")

    with pytest.raises(ChainError, match="A query cannot run after itself"):
        follow_query(alone, alone)

    alone.refresh_from_db()
    assert alone.schedule is None


def test_a_circle_is_refused_and_named_whole(row):
    a, b, c = row("A", "B", "C")

    with pytest.raises(ChainError) as refused:
        follow_query(a, c)

    assert str(refused.value) == (
        "“A” cannot run after “C”, which runs after “B”, which runs after “A”: "
        "in a circle nothing ever starts."
    )
    assert upstreams() == {b.pk: a.pk, c.pk: b.pk}


def test_who_reads_what_a_query_builds_may_run_after_it(query, colleague):
    refresh = query("Refresh")
    built = Database.objects.create(name="built", owner=refresh.owner, everyone_reads=False)
    refresh.builds = {"built": {}}
    refresh.save()
    theirs = query("Theirs", colleague)

    with pytest.raises(ChainError, match="may not see the query"):
        follow_query(theirs, refresh)

    group = Group.objects.create(name="analysts")
    built.readers.add(group)
    colleague.groups.add(group)
    follow_query(theirs, refresh)

    assert upstreams() == {theirs.pk: refresh.pk}


def test_the_name_of_a_query_that_its_owner_may_not_see_is_not_told(row, query, colleague):
    a, _, c = row("A", "B", "Secret")
    Query.objects.filter(pk=c.pk).update(owner=colleague)
    follow_query(d := query("D"), a)
    Trigger.objects.filter(schedule__query=d).update(query=c)

    with pytest.raises(ChainError) as refused:
        follow_query(a, d)

    assert "“D”, which runs after a query of otto, which runs after “B”" in str(refused.value)
    assert "Secret" not in str(refused.value)


def test_an_upstream_can_change_within_its_chain(row):
    a, b, c = row("A", "B", "C")

    follow_query(c, a)

    assert upstreams() == {b.pk: a.pk, c.pk: a.pk}


def test_a_query_whose_upstream_is_not_to_be_seen_is_refused(query, colleague):
    with pytest.raises(ChainError, match="otto, the owner of “Theirs”, may not see"):
        follow_query(query("Theirs", colleague), query("Mine"))


def test_a_query_that_is_gone_is_no_upstream(query):
    gone, mine = query("Gone"), query("Mine")
    Query.objects.filter(pk=gone.pk).delete()

    with pytest.raises(ChainError, match="was deleted meanwhile"):
        follow_query(mine, gone)


def test_a_chain_has_an_end(row, query):
    found = row(*(f"Q{number}" for number in range(MOST_IN_A_ROW)))

    with pytest.raises(ChainError, match=f"would have {MOST_IN_A_ROW + 1} queries"):
        follow_query(query("One more"), found[-1])
    with pytest.raises(ChainError, match=f"would have {MOST_IN_A_ROW + 1} queries"):
        follow_query(found[0], query("Before"))


def test_so_many_run_after_one_and_no_more(query):
    first = query("First")
    found = [query(f"Q{number}") for number in range(MOST_FOLLOWERS)]
    for each in found:
        follow_query(each, first)
    follow_query(found[0], first)  # again: it is not one more

    with pytest.raises(ChainError, match=f"{MOST_FOLLOWERS} queries run after “First” already"):
        follow_query(query("One more"), first)


def test_what_leads_to_a_query_and_from_it(row):
    a, b, c = row("A", "B", "C")
    edges = upstreams()

    assert above(c.pk, edges) == [b.pk, a.pk]
    assert below(a.pk, edges) == [[b.pk], [c.pk]]


def test_a_circle_that_is_there_in_spite_of_all_ends_every_walk(row):
    a, b = row("A", "B")
    schedule_query(a, "@daily")
    Trigger.objects.create(schedule=a.schedule, query=b)
    a.refresh_from_db()
    edges = upstreams()

    assert set(above(a.pk, edges)) == {a.pk, b.pk}
    assert below(a.pk, edges) == [[b.pk]]
    assert len(list(chains.line_above(a.schedule))) == 2


def save_at_once(pairs):
    """Save that one runs after the other, each pair in a thread. Return how many were refused."""
    ready, refused = threading.Barrier(len(pairs)), []

    def save(downstream, upstream):
        query, other = Query.objects.get(pk=downstream.pk), Query.objects.get(pk=upstream.pk)
        ready.wait()
        try:
            follow_query(query, other)
        except ChainError as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


@pytest.mark.django_db(transaction=True)
def test_two_who_save_each_others_opposite_at_once_make_no_circle(query):
    a, b = query("A"), query("B")
    for _ in range(15):
        refused = save_at_once([(a, b), (b, a)])

        assert len(refused) == 1 and "in a circle nothing ever starts" in refused[0]
        assert len(upstreams()) == 1
        for each in (a, b):
            unschedule(each)


@pytest.mark.django_db(transaction=True)
def test_two_who_close_a_circle_from_two_sides_at_once_make_none(row):
    a, b = row("A", "B")
    c, d = row("C", "D")
    for _ in range(15):
        refused = save_at_once([(a, d), (c, b)])

        assert len(refused) == 1
        assert len(upstreams()) == 3
        for each in (a, c):
            unschedule(each)
