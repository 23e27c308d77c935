"""Counts, funnels, samples and values, through the addresses that the rule builder asks."""

import json

import pytest
from django.core.cache import cache
from django.urls import reverse

from activations.segments.counting import count
from activations.segments.running import THREADS, Busy, Dropped, TooSlow, Wait, ask, latest_of
from activations.segments.usable import audience_for
from tests.activations.studio import GOLD, all_of, bought, rule


@pytest.fixture
def ask_page(client, shoppers):
    """Post rules as a person's page does, and return the answer."""

    def send(user, rules, address="count-segment", **more):
        client.force_login(user)
        body = {"rules": rules, "page": "p", "number": 1, **more}
        url = reverse(address, args=[shoppers.pk])
        return client.post(url, json.dumps(body), content_type="application/json")

    return send


def test_the_count_and_the_funnel_come_of_one_question(ask_page, marketer):
    rules = all_of(rule("tier", "Equal", rightValue="gold"), bought(4))
    rules["conditions"].append({"type": "Or", "conditions": [rule("age", "Less", rightValue=30)]})

    found = ask_page(marketer, rules).json()

    assert found["total"] == 100
    first, second = found["steps"]
    assert [each["left"] for each in first["rules"]] == [25, 5]
    assert (first["customers"], first["left"]) == (5, 5)
    assert second["customers"] == 24
    assert found["customers"] == second["left"]
    assert 'FROM "cdp_audience_' in found["sql"]["members"]


@pytest.mark.parametrize(
    ("limit", "customers"),
    [
        ({"type": "Count", "number": 7}, 7),
        ({"type": "Count", "number": 900}, 25),
        ({"type": "Percent", "number": 10}, 3),
        ({"type": "Percent", "number": 100}, 25),
    ],
)
def test_a_limit_counts_as_its_sql_does(ask_page, marketer, shoppers, limit, customers):
    found = ask_page(marketer, GOLD | {"limit": limit}).json()

    rows = ask(
        found["sql"]["members"], user=marketer, database=f"cdp_audience_{shoppers.pk}", wait=Wait()
    )
    assert found["customers"] == customers == len(rows)


def test_no_rules_are_everybody(ask_page, marketer):
    found = ask_page(marketer, {"type": "And", "conditions": []}).json()

    assert (found["customers"], found["steps"]) == (100, [])


def test_problems_are_told_with_their_place(ask_page, marketer):
    rules = all_of(rule("tier", "Equal", rightValue="gold"), rule("age", "Less", rightValue="old"))

    found = ask_page(marketer, rules).json()

    assert found == {"problems": [{"path": [0, 1], "text": "'old' is not a number."}]}


@pytest.mark.parametrize(
    "rules",
    [
        [],
        {"type": "Value"},
        {"type": []},
        {"type": "And", "conditions": [{"type": {}}]},
        {"type": "And", "conditions": {"a": 1}},
        {"type": "And", "conditions": ["x"]},
        {"type": "And", "conditions": [], "limit": "all"},
        GOLD | {"limit": {"type": "Count", "number": 3, "orderColumns": [{"column": [1]}]}},
    ],
)
def test_what_is_no_tree_of_rules_is_refused(ask_page, marketer, rules):
    assert ask_page(marketer, rules).status_code == 400


def test_a_question_without_a_number_is_refused(ask_page, marketer):
    for number in (float("inf"), float("nan"), "x", [], None):
        assert ask_page(marketer, GOLD, number=number).status_code == 400


@pytest.mark.parametrize(
    "leaf",
    [
        {},
        {"type": "Value", "leftValue": 3, "operator": 5},
        {"type": "Reference", "id": {"a": []}},
        rule("tags", "Equal", rightValue="new") | {"arrayMatching": {"a": 1, "b": 2}},
    ],
)
def test_a_rule_that_makes_no_sense_is_a_problem_of_its_own(ask_page, marketer, leaf):
    [problem] = ask_page(marketer, all_of(leaf)).json()["problems"]

    assert problem["path"] == [0, 0]


def test_nobody_counts_in_a_parent_segment_that_they_may_not_use(ask_page, colleague):
    assert ask_page(colleague, GOLD).status_code == 404
    assert ask_page(colleague, GOLD, "segment-profiles").status_code == 404


def test_what_is_masked_cannot_be_a_rule_of_who_may_not_see_it(ask_page, analyst):
    masked = all_of(rule("email", "Contain", rightValues=["c1"]))

    [problem] = ask_page(analyst, masked).json()["problems"]

    assert "'email' is masked" in problem["text"]
    assert ask_page(analyst, GOLD).json()["customers"] == 25


def test_the_owner_counts_by_what_is_masked(ask_page, marketer):
    masked = all_of(rule("email", "StartWith", rightValues=["c1@", "c2@"]))

    assert ask_page(marketer, masked).json()["customers"] == 2


def test_a_segment_that_refers_to_what_is_masked_is_out_of_reach(ask_page, analyst, make):
    secret = make("By mail", all_of(rule("email", "Contain", rightValues=["c1"])))

    found = ask_page(analyst, all_of({"type": "Reference", "id": secret.pk})).json()

    assert "'email' is masked" in found["problems"][0]["text"]


def test_profiles_show_dots_for_what_is_masked(ask_page, analyst, marketer):
    own = ask_page(marketer, GOLD, "segment-profiles").content.decode()
    theirs = ask_page(analyst, GOLD, "segment-profiles").content.decode()

    assert "c0@example.com" in own and "•••" not in own
    assert "c000" in theirs and "@example.com" not in theirs
    assert theirs.count("•••") == 10
    assert "secret" not in own + theirs
    assert "2026-05-28 22:26:40" in own  # joined, in the zone of the parent segment


def values(client, shoppers, user, **asked):
    client.force_login(user)
    return client.get(reverse("segment-values", args=[shoppers.pk]), asked)


def test_values_come_from_the_data_the_most_frequent_first(client, shoppers, marketer):
    tiers = values(client, shoppers, marketer, column="tier").json()["values"]
    tags = values(client, shoppers, marketer, column="tags").json()["values"]
    products = values(client, shoppers, marketer, column="product", behavior="orders").json()

    assert sorted(tiers) == [["bronze", 25], ["gold", 25], ["silver", 25]]
    assert tags == [["new", 100], ["vip", 10]]
    assert products["values"] == [["tea", 120], ["coffee", 80]]


@pytest.mark.parametrize(
    "asked", [{"column": "email"}, {"column": "phone", "behavior": "orders"}, {"column": "secret"}]
)
def test_masked_and_blocked_values_are_shown_to_nobody_who_may_not_see_them(
    client, shoppers, analyst, asked
):
    assert values(client, shoppers, analyst, **asked).status_code == 404


def test_a_newer_question_of_the_page_drops_the_older_one(shoppers, marketer):
    cache.clear()
    older = latest_of(marketer, "page", 1)
    assert older()

    latest_of(marketer, "page", 2)

    assert not older()
    with pytest.raises(Dropped):
        count(GOLD, audience_for(shoppers, marketer), user=marketer, wait=Wait(older), segment=None)


def test_a_count_that_takes_too_long_can_be_asked_for_again(shoppers, marketer):
    wait = Wait()
    wait.deadline = 0

    with pytest.raises(TooSlow, match="Calculate again"):
        count(GOLD, audience_for(shoppers, marketer), user=marketer, wait=wait)


def test_before_the_first_refresh_nothing_is_counted(client, unbuilt, marketer):
    client.force_login(marketer)
    body = json.dumps({"rules": GOLD, "number": 1})
    url = reverse("count-segment", args=[unbuilt.pk])

    answer = client.post(url, body, content_type="application/json")

    assert "was not refreshed" in answer.json()["error"]


def test_the_count_of_saved_rules_is_kept_and_makes_the_growth(ask_page, make, marketer):
    segment = make()

    ask_page(marketer, all_of(bought(1)), segment=segment.pk)
    segment.refresh_from_db()
    assert segment.customers is None  # Those rules are not saved.

    ask_page(marketer, GOLD, segment=segment.pk)
    ask_page(marketer, GOLD, segment=segment.pk, number=2)

    segment.refresh_from_db()
    assert segment.customers == 25 and segment.counted_at
    assert [size.customers for size in segment.sizes.all()] == [25]


def test_half_of_the_threads_stay_free_for_pages(shoppers, marketer):
    taken = 0
    while THREADS.acquire(blocking=False):
        taken += 1
    try:
        with pytest.raises(Busy, match="in a moment"):
            ask("SELECT 1", user=marketer, database=shoppers.database, wait=Wait())
    finally:
        THREADS.release(taken)

    assert ask("SELECT 1 AS n", user=marketer, database=shoppers.database, wait=Wait()) == [
        {"n": 1}
    ]
