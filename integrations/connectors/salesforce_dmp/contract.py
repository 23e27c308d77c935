"""What Salesforce DMP asks of a result, and of each of its rows."""

from functools import reduce

from integrations.contract import Broken, ColumnRule, RowRule

PAGE = "Treasure Data, Salesforce DMP Krux Export"
KRUX = "Salesforce Audience Studio, format of first-party data imports"
READING = "Our reading of the line format: not published"
FIRST, SECOND = "user_id", "td_segment"
LONGEST = 254  # characters of a value


def wrong_order(schema, settings):
    if [name.lower() for name in schema.names[:2]] != [FIRST, SECOND]:
        have = ", ".join(schema.names[:2]) or "none"
        yield f"The first two columns have to be {FIRST} and {SECOND}, and they are {have}."


def wrong_types(schema, settings):
    import pyarrow as pa

    for field in list(schema)[:2]:
        kind = field.type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
        if not any(fits(kind) for fits in texts):
            yield f"The column {field.name} has to be a string, and it is {kind}."


def wrong_names(schema, settings):
    from integrations.formats.krux import marks_of

    marks, seen = marks_of(settings), {marks_of(settings).segments}
    for name in schema.names[2:]:
        if not name.strip() or set(name) & set(marks.all):
            yield f"The name '{name}' is empty or holds a separator: give the column another one."
        elif name in seen:
            yield f"There are two attributes named '{name}': give one of the columns another name."
        seen.add(name)


def wrong_kinds(schema, settings):
    import pyarrow as pa

    from integrations.formats.lists import is_list

    for field in list(schema)[2:]:
        kind = field.type
        if pa.types.is_nested(kind.value_type if is_list(kind) else kind):
            yield f"The column {field.name} holds {kind}, which is no value and no list of values."


def without_user(batch, settings):
    yield Broken(blank(batch.column(0)), "user_id is empty")


def bad_user(batch, settings):
    from integrations.formats.krux import marks_of

    users = batch.column(0)
    yield Broken(holds(users, f"{marks_of(settings).field}\r\n"), "user_id holds a separator")


def says_nothing(batch, settings):
    import pyarrow.compute as pc

    from integrations.formats.krux import marks_of, nulls_for_empty, values

    marks = marks_of(settings)
    given = [nulls_for_empty(values(column, marks)).is_valid() for column in batch.columns[1:]]
    yield Broken(pc.invert(reduce(pc.or_, given)), "there is neither a segment nor an attribute")


def bad_segments(batch, settings):
    import pyarrow.compute as pc

    from integrations.formats.krux import marks_of, text_of
    from integrations.formats.lists import with_member

    texts = text_of(batch.column(1))
    marks = marks_of(settings).all.replace(",", "")
    yield Broken(holds(texts, marks), "td_segment holds a separator other than the comma")
    gaps = pc.match_substring_regex(texts, r"^\s*,|,\s*,|,\s*$")
    yield Broken(gaps, "td_segment has an empty name between its commas")
    names = pc.split_pattern(texts, ",")
    long = pc.greater(pc.utf8_length(pc.list_flatten(names)), LONGEST)
    yield Broken(with_member(names, long), too_long(SECOND))


def bad_values(batch, settings):
    """Look at each attribute by itself; in a list, at each of its values."""
    import pyarrow.compute as pc

    from integrations.formats.krux import marks_of, text_of, unwrapped
    from integrations.formats.lists import is_list, with_member

    marks = marks_of(settings).all
    for name, column in zip(batch.schema.names[2:], batch.columns[2:], strict=True):
        plain = unwrapped(column)
        several = is_list(plain.type)
        texts = text_of(pc.list_flatten(plain) if several else plain, name)
        long = pc.greater(pc.utf8_length(texts), LONGEST)
        for rows, reason in (
            (holds(texts, marks), f"{name} holds a separator or a line break"),
            (long, too_long(name)),
        ):
            yield Broken(with_member(plain, rows) if several else rows, reason)


def too_long(name):
    return f"{name} has a value of more than {LONGEST} characters"


def blank(column):
    import pyarrow.compute as pc

    from integrations.formats.krux import text_of

    return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(text_of(column)), ""), True)


def holds(texts, characters):
    """Return where a text has one of the characters."""
    import pyarrow.compute as pc

    from integrations.formats.krux import text_of

    escaped = "".join(f"\\x{ord(character):02x}" for character in characters)
    return pc.match_substring_regex(text_of(texts), f"[{escaped}]")


CONTRACT = (
    ColumnRule(
        name="first columns",
        sentence="The first column is named user_id, the second one td_segment.",
        source=PAGE,
        check=wrong_order,
    ),
    ColumnRule(
        name="string columns",
        sentence="user_id and td_segment are strings.",
        source=PAGE,
        check=wrong_types,
    ),
    ColumnRule(
        name="attribute names",
        sentence="Every other column is an attribute, whose name holds no separator and is not "
        "taken.",
        source=READING,
        check=wrong_names,
    ),
    ColumnRule(
        name="attribute types",
        sentence="An attribute is a single value, or a list of single values.",
        source=READING,
        check=wrong_kinds,
    ),
    RowRule(
        name="user",
        sentence="user_id is not empty.",
        source=READING,
        check=without_user,
    ),
    RowRule(
        name="characters of the user",
        sentence="user_id holds neither the separator behind it (^) nor a line break.",
        source=KRUX,
        check=bad_user,
    ),
    RowRule(
        name="something to say",
        sentence="A row has a segment or an attribute.",
        source=READING,
        check=says_nothing,
    ),
    RowRule(
        name="segments",
        sentence="td_segment is a list of names with commas between them, none of which is empty, "
        "holds another separator (^ ; :) or a line break, or has 255 characters or more.",
        source=KRUX,
        check=bad_segments,
    ),
    RowRule(
        name="values",
        sentence="The value of an attribute holds no separator (^ ; , :) and no line break, and "
        "has fewer than 255 characters.",
        source=KRUX,
        check=bad_values,
    ),
)
