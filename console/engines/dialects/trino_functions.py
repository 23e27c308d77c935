"""Where sqlglot's translation of Trino's functions differs in meaning, ours."""

from sqlglot import exp

from console.engines.dialects import trino_json, trino_texts, trino_times
from console.engines.dialects.calling import call, calls


def translate(tree):
    """Replace what DuckDB would understand otherwise, the innermost first."""
    tree = trino_times.put_moments(tree)
    for node in reversed(list(tree.walk())):
        change = CHANGES.get(type(node))
        new = change(node) if change else node
        if new is node:
            continue
        if node is tree:
            return new
        node.replace(new)
    return tree


WHOLE = ("bigint", "int", "smallint", "tinyint")


def whole(node):
    """Round halves away from zero, and take no text that is not a whole number."""
    if not node.this.is_int:
        node.set("this", once("trino_whole", node.this))
    return node


def once(name, value):
    """Call a function of ours that has its value in many places; what is long is worked out once.

    Else calls within calls would be longer than anybody can wait for.
    """
    return call(f"{name}_once" if value.find(exp.Anonymous, exp.Subquery) else name, value)


def convert(node):
    """Write numbers and times as text the way Trino does; make JSON of values."""
    kind = node.to
    if kind.is_type("json"):
        return call("to_json", node.this)
    if kind.is_type("timestamp"):
        kind.set("expressions", None)  # DuckDB would make other types of other precisions
    if kind.is_type(*WHOLE):
        return whole(node)
    if not kind.is_type(*exp.DataType.TEXT_TYPES):
        return node
    text = node.this.copy() if node.this.is_string else once("trino_text", node.this)
    length = kind.expressions
    return exp.Left(this=text, expression=length[0].this.copy()) if length else text


def random(node):
    bounds = [value for key in ("lower", "upper", "this") if (value := node.args.get(key))]
    return call("trino_random", *bounds) if bounds else node


def reduce(node):
    """Apply the last function of reduce() to the reduced value."""
    finish = node.args.get("finish")
    if finish is None:
        return node
    plain = node.copy()
    plain.set("finish", None)
    reduced = call("list_transform", exp.array(plain), finish)
    return exp.Anonymous(this="list_extract", expressions=[reduced, exp.Literal.number(1)])


def drop_accuracy(node):
    return exp.ApproxDistinct(this=node.this.copy())


def by(name):
    """Return a change for max_by() and min_by(), which look at rows without a value as well."""

    def change(node):
        if not (count := node.args.get("count")):
            return call(f"{name}_null", node.this, node.expression)
        boxed = call(name, call("row", node.this), node.expression, count)
        return boxed if goes_on(node) else call("trino_unboxed", boxed)

    return change


def count_from_zero(node):
    """Let count_if() be a bigint that is 0 where there are no rows; DuckDB has a null there."""
    number = exp.Coalesce(this=node.copy(), expressions=[exp.Literal.number(0)])
    return exp.cast(number, "bigint")


def is_boxed(node):
    """Return whether max_by() or min_by() makes a list, of values that `by` has put into rows."""
    return node.name in ("arg_max", "arg_min") and len(node.expressions) == 3


def goes_on(node):
    """Return whether an aggregate has a FILTER or OVER behind it, which belong to it."""
    return isinstance(node.parent, exp.Filter | exp.Window) and node.arg_key == "this"


def finish(node):
    """Change what comes of an aggregate, with its FILTER and OVER where it has them."""
    inner = node
    while isinstance(inner, exp.Filter | exp.Window):
        inner = inner.this
    if goes_on(node):
        return node
    if isinstance(inner, exp.CountIf):
        return count_from_zero(node)
    return call("trino_unboxed", node) if is_boxed(inner) else node


def formatted(node):
    return call("printf", node.this, *node.expressions)


def match(name, empty):
    """Return a change for any_match() and all_match()."""

    def change(node):
        tested = call("list_transform", *node.expressions)
        return exp.Coalesce(this=call(name, tested), expressions=[empty.copy()])

    return change


MATCHES = {
    "any_match": match("list_bool_or", exp.false()),
    "all_match": match("list_bool_and", exp.true()),
    "none_match": lambda node: exp.Not(this=exp.paren(MATCHES["any_match"](node))),
}


def ours(name):
    """Return a change to the function of ours for one that DuckDB has by the same name."""
    return lambda node: call(f"trino_{name}", *node.expressions)


OTHERS = ("json_array_length", "millisecond", "url_decode", "url_encode")
NAMED = MATCHES | {"json_exists": trino_json.exists} | {name: ours(name) for name in OTHERS}


def by_name(node):
    change = NAMED.get(node.name.lower())
    return change(node) if change else node


CHANGES = {
    exp.Add: trino_times.keep_type_of_sum,
    exp.Anonymous: by_name,
    exp.ApproxDistinct: drop_accuracy,
    exp.ArgMax: by("arg_max"),
    exp.ArgMin: by("arg_min"),
    exp.AtTimeZone: calls("at_timezone", "this", "zone"),
    exp.ArrayContains: calls("trino_contains", "this", "expression"),
    exp.ArrayDistinct: calls("trino_array_distinct", "this"),
    exp.ArrayMax: calls("trino_array_max", "this"),
    exp.ArrayMin: calls("trino_array_min", "this"),
    exp.ArrayPosition: calls("trino_array_position", "this", "expression"),
    exp.ArraySize: lambda node: exp.cast(call("cardinality", node.this), "bigint"),
    exp.ArraySlice: calls("trino_slice", "this", "start", "end"),
    exp.Cast: convert,
    exp.CountIf: finish,
    exp.DateAdd: trino_times.keep_type,
    exp.DateDiff: trino_times.whole_units,
    exp.DateTrunc: trino_times.truncate_time,
    exp.Extract: trino_times.iso_part,
    exp.Filter: finish,
    exp.Format: formatted,
    exp.JSONExtract: trino_json.extract,
    exp.JSONExtractScalar: calls("trino_json_scalar", "this", "expression"),
    exp.JSONValue: trino_json.value,
    exp.ParseDatetime: trino_times.parse_datetime,
    exp.Rand: random,
    exp.Reduce: reduce,
    exp.RegexpExtract: trino_texts.regexp_extract,
    exp.RegexpReplace: calls("trino_regexp_replace", "this", "expression", "replacement"),
    exp.Split: trino_texts.split,
    exp.SplitPart: calls("trino_split_part", "this", "delimiter", "part_index"),
    exp.Substring: trino_texts.substring,
    exp.Sub: trino_times.keep_type_of_sum,
    exp.TimestampTrunc: trino_times.truncate_time,
    exp.Trim: trino_texts.trim,
    exp.Upper: calls("trino_upper", "this"),
    exp.TryCast: convert,
    exp.Window: finish,
}
