"""Inside the child: what a receiver has once something was delivered, but for what was rejected.

`n` is what it has if all went well: the whole result, or with `onto` what it had before. `s` is
what was sent, `t` what of it was taken, `r` what was rejected; `p` is what it had or may have had.
"""

from console.engines.comparing import priors, see_priors
from console.engines.sides import Side, copy, count, key_texts, same_key, side_of
from console.engines.types import literal, quote

NUMBER, RULE = quote("#row"), quote("#rule")  # of the file of rejects
NOTHING = "SELECT NULL AS number, NULL AS rule WHERE false"


def settle(connection, request):
    """Write what was delivered, and what nobody knows of. Return how many rows each has."""
    base = Side(connection, request["base"], request["key"])
    sent = side_of(connection, request["sent"])
    held, unsure = found = priors(connection, request)
    texts = key_texts([base, sent, *filter(None, [held]), *(side for side, _ in unsure)])
    see_priors(connection, base, found, texts)
    see_sent(connection, base, sent, texts, request["rejects"])
    connection.execute(f"CREATE VIEW n AS {base.select('n', texts=texts)}")
    known = bool(held or unsure)
    onto = request["onto"]
    rows = taken_onto(base, request["sent"], known) if onto else kept_back(base, bool(held))
    doubts = doubted(base, request, known=known, unsure=bool(unsure))
    return {
        "rows": written(connection, rows, f"{request['folder']}/output.parquet"),
        "unsure": written(connection, doubts, f"{request['folder']}/unsure.parquet"),
    }


def written(connection, rows, path):
    copy(connection, rows, path)
    return count(connection, f"SELECT 1 FROM read_parquet({literal(path)})")


def see_sent(connection, base, sent, texts, rejects):
    """Make the views s, t and r. What was rejected has the rule that it broke."""
    refused = NOTHING
    if rejects:
        picked = f"{NUMBER} AS number, any_value({RULE}) AS rule"
        refused = f"SELECT {picked} FROM read_parquet({literal(rejects)}) GROUP BY 1"
    connection.execute(f"CREATE VIEW refused AS {refused}")
    connection.execute(f"CREATE VIEW s AS {sent.select('s', like=base, texts=texts)}")
    connection.execute("CREATE VIEW r AS SELECT * FROM s JOIN refused ON srow = number")
    connection.execute("CREATE VIEW t AS SELECT * FROM s ANTI JOIN refused ON srow = number")


def kept_back(base, held):
    """Return the result, with what was delivered before in the place of what was rejected."""
    width = len(base.key)
    rows = f"{named(base, 'n')} FROM n ANTI JOIN r ON {same_key(width, 'n', 's')}"
    if not held:
        return rows
    before = f"SELECT * FROM p SEMI JOIN r ON {same_key(width, 'p', 's')} WHERE held AND NOT gone"
    return f"{rows} UNION ALL {named(base, 'p')} FROM ({before})"


def taken_onto(base, sent, known):
    """Return what was delivered before, changed by what was taken now."""
    width = len(base.key)
    there = f"{named(base, 's')} FROM t WHERE srow < {int(sent['gone_from'])}"
    before = f"n ANTI JOIN t ON {same_key(width, 'n', 's')}"
    if known:
        lost = "(SELECT * FROM p WHERE gone) AS lost"
        before += f" ANTI JOIN {lost} ON {same_key(width, 'n', 'p')}"
    return f"{named(base, 'n')} FROM {before} UNION ALL {there}"


def doubted(base, request, *, known, unsure):
    """Return the rows of which nobody knows what the receiver has."""
    width = len(base.key)
    maybe = f"rule = {literal(request['no_answer'])}"
    if known:
        maybe = f"{maybe} OR EXISTS (SELECT 1 FROM p WHERE {same_key(width, 'p', 's')})"
    rows = f"{named(base, 's')} FROM r WHERE {maybe}"
    if not (request["onto"] and unsure):
        return rows
    on = same_key(width, "p", "s")
    before = f"SELECT * FROM p ANTI JOIN s ON {on} WHERE unsure"
    return f"{rows} UNION ALL {named(base, 'p')} FROM ({before})"


def named(base, letter):
    columns = (f"{letter}{number} AS {quote(name)}" for number, name in enumerate(base.names))
    return f"SELECT {', '.join(columns)}"
