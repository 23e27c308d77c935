"""What is asked of an audience: rules as people click them, and the SQL one would write for them.

A question is asked again and again with another value in it, as after an edit. The SQL by hand
answers the same, in as many columns: all customers, and what each rule and rule set leaves.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bench.audience import DAY

AGO = 90  # days


@dataclass(frozen=True)
class Question:
    """Rules of a value, and how a person would count by hand."""

    name: str
    rules: Callable[[int], dict]
    hand: Callable[[int, int], "Hand"]  # of a value, and midnight of today


@dataclass(frozen=True)
class Hand:
    """SQL by hand: a flag for each rule, how they are joined to sets, and the tables of c."""

    flags: list[list[str]]  # of each rule set
    joints: list[str]  # AND or OR, of each rule set
    joined: str = ""
    between: str = "AND"  # the rule sets
    excluded: tuple[int, ...] = ()  # rule sets that customers must not be in


def leaf(name, type_, *, exclude=False, matching=None, **operator):
    found = {"type": "Value", "leftValue": {"name": name}, "operator": {"type": type_, **operator}}
    return found | {"exclude": exclude} | ({"arrayMatching": matching} if matching else {})


def did(behavior, kind, type_, *, column="", days=0, where=None, **operator):
    """Return a rule on what customers did, in the last days, in rows with a value of a column."""
    left = {"source": {"name": behavior}, "aggregation": {"type": kind, "column": column}}
    if days:
        left["window"] = {"type": "TimeWithinPast", "value": days, "unit": "day"}
    if where:
        column, value = where
        filtered = leaf(column, "Equal", rightValue=value)
        left["filter"] = {"type": "And", "conditions": [filtered]}
    return {"type": "Value", "leftValue": left, "operator": {"type": type_, **operator}}


def tree(*sets, joint="And", **more):
    return {"type": joint, "conditions": list(sets)} | more


def every(*rules):
    return {"type": "And", "conditions": list(rules)}


def any_of(*rules, exclude=False):
    return {"type": "Or", "conditions": list(rules), "exclude": exclude}


def attributes(n):
    return tree(
        every(
            leaf("country", "In", rightValues=["US", "JP"]),
            leaf("age", "Between", minValue=20 + n, maxValue=55),
            leaf("opt_in", "Equal", rightValue=True),
        ),
        any_of(leaf("tier", "Equal", rightValue="gold"), leaf("tier", "IsNull")),
    )


def attributes_by_hand(n, _):
    return Hand(
        [
            ["country IN ('US', 'JP')", f"age BETWEEN {20 + n} AND 55", "opt_in"],
            ["tier = 'gold'", "tier IS NULL"],
        ],
        ["AND", "OR"],
    )


def recent(n):
    return tree(
        every(
            leaf("country", "Equal", rightValue="US"),
            did("orders", "Count", "GreaterEqual", days=AGO + n, rightValue=2),
        )
    )


def recent_by_hand(n, today):
    return Hand(
        [["country = 'US'", "o.n >= 2"]],
        ["AND"],
        f"""
LEFT JOIN (
    SELECT cdp_customer_id, count(*) AS n FROM behavior_orders
    WHERE time >= {today - (AGO + n) * DAY} GROUP BY ALL
) AS o USING (cdp_customer_id)""",
    )


def spent(n):
    return tree(
        every(
            did("orders", "Sum", "Greater", column="amount", rightValue=300 + n),
            did("orders", "Count", "GreaterEqual", where=("status", "completed"), rightValue=3),
            did("orders", "Last", "Equal", column="category", rightValue="coffee"),
        ),
        every(did("pageviews", "Count", "GreaterEqual", where=("device", "mobile"), rightValue=5)),
    )


def spent_by_hand(n, _):
    return Hand(
        [
            [f"spent > {300 + n}", "kept >= 3", "latest = 'coffee'"],
            ["v.n >= 5"],
        ],
        ["AND", "AND"],
        """
LEFT JOIN (
    SELECT cdp_customer_id, sum(amount) AS spent, arg_max(category, time) AS latest,
        count(*) FILTER (WHERE status = 'completed') AS kept
    FROM behavior_orders GROUP BY ALL
) AS o USING (cdp_customer_id)
LEFT JOIN (
    SELECT cdp_customer_id, count(*) AS n FROM behavior_pageviews
    WHERE device = 'mobile' GROUP BY ALL
) AS v USING (cdp_customer_id)""",
    )


def nested(n):
    return tree(
        any_of(
            every(
                leaf("age", "Less", rightValue=25 + n),
                any_of(
                    leaf("tier", "Equal", rightValue="gold"),
                    did("orders", "Average", "Greater", column="amount", rightValue=80),
                ),
            ),
            every(
                leaf("lifetime_value", "GreaterEqual", rightValue=700),
                did("emails", "Count", "GreaterEqual", where=("event", "click"), rightValue=1),
            ),
        ),
        joint="And",
    )


def nested_by_hand(n, _):
    return Hand(
        [
            [
                f"age < {25 + n} AND (tier = 'gold' OR basket > 80)",
                "lifetime_value >= 700 AND e.n >= 1",
            ]
        ],
        ["OR"],
        """
LEFT JOIN (
    SELECT cdp_customer_id, avg(amount) AS basket FROM behavior_orders GROUP BY ALL
) AS o USING (cdp_customer_id)
LEFT JOIN (
    SELECT cdp_customer_id, count(*) AS n FROM behavior_emails
    WHERE event = 'click' GROUP BY ALL
) AS e USING (cdp_customer_id)""",
    )


def excluded(n):
    return tree(
        every(
            leaf("signup", "TimeWithinPast", value=300 + n, unit="day"),
            did("orders", "Count", "Greater", rightValue=0, days=180 + n) | {"exclude": True},
        ),
        any_of(
            leaf("country", "Equal", rightValue="BR"),
            did("emails", "Count", "Equal", rightValue=0, days=365),
            exclude=True,
        ),
    )


def excluded_by_hand(n, today):
    return Hand(
        [
            [f"signup >= {today - (300 + n) * DAY}", "o.cdp_customer_id IS NULL"],
            ["country = 'BR'", "e.cdp_customer_id IS NULL"],
        ],
        ["AND", "OR"],
        f"""
LEFT JOIN (
    SELECT DISTINCT cdp_customer_id FROM behavior_orders
    WHERE time >= {today - (180 + n) * DAY}
) AS o USING (cdp_customer_id)
LEFT JOIN (
    SELECT DISTINCT cdp_customer_id FROM behavior_emails WHERE time >= {today - 365 * DAY}
) AS e USING (cdp_customer_id)""",
        excluded=(1,),
    )


LOYAL_NUMBER = 1  # of the only segment


def referring(n):
    return tree(
        every(
            {"type": "Reference", "id": LOYAL_NUMBER},
            leaf("age", "GreaterEqual", rightValue=30 + n),
        )
    )


LOYAL = tree(
    every(
        leaf("opt_in", "Equal", rightValue=True),
        did("orders", "Count", "GreaterEqual", rightValue=4),
        did("pageviews", "Max", "Greater", column="seconds", rightValue=200),
    )
)


def referring_by_hand(n, _):
    return Hand(
        [["opt_in AND o.n >= 4 AND longest > 200", f"age >= {30 + n}"]],
        ["AND"],
        """
LEFT JOIN (
    SELECT cdp_customer_id, count(*) AS n FROM behavior_orders GROUP BY ALL
) AS o USING (cdp_customer_id)
LEFT JOIN (
    SELECT cdp_customer_id, max(seconds) AS longest FROM behavior_pageviews GROUP BY ALL
) AS v USING (cdp_customer_id)""",
    )


def best_tenth(n):
    columns = [{"column": "lifetime_value", "order": "descending"}]
    limit = {"type": "Percent", "number": 10, "orderColumns": columns}
    viewed = did("pageviews", "Count", "GreaterEqual", days=60 + n, rightValue=3)
    return tree(every(leaf("opt_in", "Equal", rightValue=True), viewed), limit=limit)


def best_tenth_by_hand(n, today):
    return Hand(
        [["opt_in", "v.n >= 3"]],
        ["AND"],
        f"""
LEFT JOIN (
    SELECT cdp_customer_id, count(*) AS n FROM behavior_pageviews
    WHERE time >= {today - (60 + n) * DAY} GROUP BY ALL
) AS v USING (cdp_customer_id)""",
    )


def lists(n):
    return tree(
        every(
            leaf("tags", "In", rightValues=["vip", "gift"], matching="any"),
            leaf("tags", "Equal", rightValue="sale", matching={"atMost": 0}),
            leaf("lifetime_value", "Greater", rightValue=100 + n),
        )
    )


def lists_by_hand(n, _):
    return Hand(
        [
            [
                "list_has_any(tags, ['vip', 'gift'])",
                "NOT list_contains(tags, 'sale')",
                f"lifetime_value > {100 + n}",
            ]
        ],
        ["AND"],
    )


def texts(n):
    return tree(
        any_of(
            leaf("email", "Contain", rightValues=[f"{n}7@", "99@"]),
            leaf("email", "EndWith", rightValues=["example.net"]),
            leaf("first_name", "StartWith", rightValues=["Ai", "Zo"]),
        ),
        every(did("pageviews", "Count", "GreaterEqual", where=("path", "/help/7"), rightValue=1)),
    )


def texts_by_hand(n, _):
    return Hand(
        [
            [
                f"contains(email, '{n}7@') OR contains(email, '99@')",
                "email LIKE '%example.net'",
                "first_name LIKE 'Ai%' OR first_name LIKE 'Zo%'",
            ],
            ["v.cdp_customer_id IS NOT NULL"],
        ],
        ["OR", "AND"],
        """
LEFT JOIN (
    SELECT DISTINCT cdp_customer_id FROM behavior_pageviews WHERE path = '/help/7'
) AS v USING (cdp_customer_id)""",
    )


def everything(n):
    return tree(
        every(
            did("orders", "Count", "GreaterEqual", rightValue=2),
            did("pageviews", "Count", "GreaterEqual", rightValue=8 + n),
            did("emails", "CountDistinct", "GreaterEqual", column="campaign", rightValue=2),
        ),
        every(did("pageviews", "Sum", "Greater", column="seconds", rightValue=900)),
    )


def everything_by_hand(n, _):
    return Hand(
        [
            ["o.n >= 2", f"v.n >= {8 + n}", "e.n >= 2"],
            ["v.seconds > 900"],
        ],
        ["AND", "AND"],
        """
LEFT JOIN (
    SELECT cdp_customer_id, count(*) AS n FROM behavior_orders GROUP BY ALL
) AS o USING (cdp_customer_id)
LEFT JOIN (
    SELECT cdp_customer_id, count(*) AS n, sum(seconds) AS seconds
    FROM behavior_pageviews GROUP BY ALL
) AS v USING (cdp_customer_id)
LEFT JOIN (
    SELECT cdp_customer_id, count(DISTINCT campaign) AS n FROM behavior_emails GROUP BY ALL
) AS e USING (cdp_customer_id)""",
    )


QUESTIONS = [
    Question("attributes alone", attributes, attributes_by_hand),
    Question("bought in the last days", recent, recent_by_hand),
    Question("four aggregates", spent, spent_by_hand),
    Question("any of all, nested", nested, nested_by_hand),
    Question("excluded", excluded, excluded_by_hand),
    Question("a segment of segments", referring, referring_by_hand),
    Question("the best tenth", best_tenth, best_tenth_by_hand),
    Question("lists", lists, lists_by_hand),
    Question("parts of texts", texts, texts_by_hand),
    Question("all 20 rows of each", everything, everything_by_hand),
]


def funnel_by_hand(hand: Hand) -> str:
    """Return the SELECT of one row: all customers, each rule, and what the rules leave."""
    flags, counts, sets = [], ["count(*)"], []
    for n, (rules, joint) in enumerate(zip(hand.flags, hand.joints, strict=True)):
        names = [f"s{n}_{m}" for m in range(len(rules))]
        flags += [f"{rule} AS {name}" for name, rule in zip(names, rules, strict=True)]
        sets.append(rule_set(hand, n, names))
        counts += [f"count_if({sets[-1]})", f"count_if({f' {hand.between} '.join(sets)})"]
        for m, name in enumerate(names, 1):
            counts += [f"count_if({name})", f"count_if({f' {joint} '.join(names[:m])})"]
    inner = f"SELECT {', '.join(flags)}\nFROM customers AS c{hand.joined}"
    return f"SELECT {', '.join(counts)}\nFROM (\n{inner}\n)"


def count_by_hand(hand: Hand) -> str:
    """Return the SELECT of how many customers there are."""
    sets = [rule_set(hand, n, map("({})".format, rules)) for n, rules in enumerate(hand.flags)]
    where = f" {hand.between} ".join(sets)
    return f"SELECT count(*)\nFROM customers AS c{hand.joined}\nWHERE {where}"


def rule_set(hand, n, rules):
    inner = f"({f' {hand.joints[n]} '.join(rules)})"
    return f"NOT {inner}" if n in hand.excluded else inner
