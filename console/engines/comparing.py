"""Inside the child: what differs between a result and what was delivered before.

`n` is the result. `p` is what its receiver has or may have: the rows that were delivered, and
those that were sent while nobody knows whether they came. `d` is what differs.
"""

from console.engines.sides import Side, copy, count, key_texts, same_key, side_of, unlike
from console.engines.types import literal, quote

NAMED = 5  # keys of those that are there twice
SAMPLES = 20  # rows of each operation
OPERATIONS = ("added", "changed", "removed")


def compare(connection, request):
    """Write the rows that differ in the order in which they are sent. Return how many of which."""
    new = Side(connection, request["new"], request["key"])
    connection.execute(f"CREATE VIEW n AS {new.select('n')}")
    if wrong := bad_keys(connection, len(new.key)):
        return {"bad": wrong}
    held, unsure = found = priors(connection, request)
    texts = key_texts([new, *filter(None, [held]), *(side for side, _ in unsure)])
    see_priors(connection, new, found, texts)
    reshaped = held is not None and held.types != new.types
    # All of a first result is added, in its order: it is not copied, nor sorted.
    kind = "TEMP TABLE" if has_priors(request) else "VIEW"
    connection.execute(f"CREATE {kind} d AS {differences(new, request, texts, reshaped)}")
    each = dict(connection.execute("SELECT op, count(*) FROM d GROUP BY op").fetchall())
    counts = {name: each.get(number, 0) for number, name in enumerate(OPERATIONS)}
    same = count(connection, "SELECT 1 FROM n") - counts["added"] - counts["changed"]
    write_samples(connection, new, request)
    if request["sent"]:
        write_sent(connection, new, request)
    return {"counts": counts | {"same": same}, "reshaped": reshaped, "bad": None}


def has_priors(request):
    return bool(request["before"] or request["unsure"])


def bad_keys(connection, width):
    """Return how many rows have no key, how many keys are there twice, and the first of those."""
    keys = ", ".join(f"nk{number}" for number in range(width))
    empty = " OR ".join(f"nk{number} IS NULL" for number in range(width))
    without = count(connection, f"SELECT 1 FROM n WHERE {empty}")
    twice = f"SELECT {keys}, min(nrow) AS row FROM n GROUP BY {keys} HAVING count(*) > 1"
    number = count(connection, twice)
    if not without and not number:
        return None
    texts = ", ".join(f"left(CAST(nk{number} AS VARCHAR), 100)" for number in range(width))
    first = f"SELECT {texts} FROM ({twice}) ORDER BY row LIMIT {NAMED}"
    return {"without": without, "twice": number, "first": connection.execute(first).fetchall()}


def priors(connection, request):
    """Return the sides of what was delivered, or None, and of what was sent, with what is gone."""
    before = request["before"]
    held = Side(connection, before["path"], before["key"]) if before else None
    return held, [(side_of(connection, each), each["gone_from"]) for each in request["unsure"]]


def see_priors(connection, like, found, texts):
    """Make the view p, if there is anything, in the columns of a side."""
    held, unsure = found
    sources = [source(held, like, texts, "true, false, false, 0")] if held else []
    sources += [
        source(side, like, texts, f"false, true, prow >= {int(gone)}, {age}")
        for age, (side, gone) in enumerate(unsure, start=1)
    ]
    if sources:
        connection.execute(f"CREATE VIEW sources AS {' UNION ALL '.join(sources)}")
        latest = newest(len(like.names), len(like.key)) if unsure else "SELECT * FROM sources"
        connection.execute(f"CREATE VIEW p AS {latest}")


def source(side, new, texts, flags):
    marks = zip(flags.split(", "), ("held", "unsure", "gone", "age"), strict=True)
    told = ", ".join(f"{value} AS {name}" for value, name in marks)
    whole = " AND ".join(f"pk{number} IS NOT NULL" for number in range(len(new.key)))
    rows = side.select("p", like=new, texts=texts)
    return f"(SELECT *, {told} FROM ({rows}) WHERE {whole})"


def newest(columns, width):
    """Return the SELECT of one row for each key: what was delivered, or else what was sent last."""
    latest = "ORDER BY held DESC, age DESC"
    values = [f"first(p{number} {latest}) AS p{number}" for number in range(columns)]
    keys = ", ".join(f"pk{number}" for number in range(width))
    row = f"CASE WHEN bool_or(held) THEN min(prow) FILTER (held) ELSE {1 << 52} + min(prow) END"
    flags = "bool_or(held) AS held, bool_or(unsure) AS unsure"
    flags += ", bool_or(gone) AS gone"  # Until it is known to be there again.
    picked = f"{', '.join(values)}, {keys}, {row} AS prow, {flags}"
    return f"SELECT {picked} FROM sources GROUP BY {keys}"


def differences(new, request, texts, reshaped):
    """Return the SELECT of the rows that differ: operation, place, values as they are sent."""
    columns = range(len(new.names))
    if not has_priors(request):
        values = ", ".join(f"n{number} AS v{number}" for number in columns)
        return f"SELECT 0 AS op, nrow AS row, {values} FROM n"
    values = ", ".join(
        f"CASE WHEN nrow IS NULL THEN p{number} ELSE n{number} END AS v{number}"
        for number in columns
    )
    what = f"{operation(new, request, reshaped)} AS op, coalesce(nrow, prow) AS row"
    rows = f"({new.select('n', texts=texts)})"
    on = same_key(len(new.key), "n", "p")
    joined = f"SELECT {what}, {values} FROM {rows} FULL OUTER JOIN p ON {on}"
    return f"SELECT * FROM ({joined}) WHERE op IS NOT NULL"


def operation(new, request, reshaped):
    """Return the number of what became of a row, or NULL.

    What may have been removed is added again. Who wants everything is sent all there is.
    """
    differs = [unlike(kind, f"n{at}", f"p{at}") for at, kind in enumerate(new.types)]
    again = 0 if request["send"]["added"] else 1
    return (
        "CASE WHEN prow IS NULL THEN 0 WHEN nrow IS NULL THEN 2 WHEN NOT held OR gone THEN 0 "
        f"WHEN {bool(request['everything'])} THEN {again} "
        f"WHEN unsure OR {reshaped} OR {' OR '.join(differs)} THEN 1 END"
    )


def write_sent(connection, new, request):
    """Write what is sent: all that is there in the order of the result, then what is gone."""
    columns = [f"v{number} AS {quote(name)}" for number, name in enumerate(new.names)]
    if request["column"]:
        words = (
            f"WHEN {number} THEN {literal(request['words'][name])}"
            for number, name in enumerate(OPERATIONS)
        )
        columns.append(f"CASE op {' '.join(words)} END AS {quote(request['column'])}")
    wanted = [str(number) for number, name in enumerate(OPERATIONS) if request["send"][name]]
    order = "op, row" if request["apart"] else "op = 2, row"
    sort = f" ORDER BY {order}" if has_priors(request) else ""
    rows = f"SELECT {', '.join(columns)} FROM d WHERE op IN ({', '.join(wanted)}){sort}"
    copy(connection, rows, f"{request['folder']}/output.parquet")


def write_samples(connection, new, request):
    """Write the first rows of each operation, with what was delivered of them before."""
    columns = range(len(new.names))
    now = ", ".join(f"f.v{number}" for number in columns)
    each = (
        f"(SELECT * FROM d WHERE op = {number} ORDER BY row LIMIT {SAMPLES})"
        for number in range(len(OPERATIONS))
    )
    first = f"({' UNION ALL '.join(each)}) AS f"
    if has_priors(request):
        before = ", ".join(f"p.p{number} AS b{number}" for number in columns)
        pairs = (f"CAST(f.v{at} AS VARCHAR) = CAST(pk{number} AS VARCHAR)"
                 for number, at in enumerate(new.key))  # fmt: skip
        first += f" LEFT JOIN p ON f.op = 1 AND {' AND '.join(pairs)}"
    else:
        before = ", ".join(f"NULL AS b{number}" for number in columns)
    rows = f"SELECT f.op, f.row, {now}, {before} FROM {first} ORDER BY f.op, f.row"
    copy(connection, rows, f"{request['folder']}/samples.parquet")
