"""What Rokt asks of the rows. Files that do not hold to it are rejected there as a whole."""

from integrations.connectors.rokt.export import AUDIENCES, CONVERSIONS
from integrations.contract import Broken, ColumnRule, RowRule, WholeRule

AUDIENCE_PAGE = "Rokt, Import custom audiences: import via file transfer"
CONVERSION_PAGE = "Rokt, Import conversions via file transfer"
FIELDS_PAGE = "Rokt, Import conversions manually: other data fields"
VALUES = {"value", "amount", "conversionvalue", "ordervalue"}
CURRENCIES = {"currency", "currencycode"}
NUMBER = r"^[+-]?\d+(\.\d+)?$"
CURRENCY = r"^[A-Za-z]{3}$"

# Arrow takes a third of a second to load: only the checks themselves import it.


def one_column(schema, settings):
    if len(schema.names) != 1:
        yield (
            "A list of an audience is one column of e-mail addresses, and the result has "
            f"{len(schema.names)}."
        )


def email_column(schema, settings):
    from integrations.connectors.rokt import addresses

    found = addresses.email_columns(schema.names, settings)
    if not found:
        yield (
            "No column can be told to be that of the e-mail addresses: call one of them email, "
            "or name it in the export."
        )
    elif len(found) > 1:
        yield f"Both {found[0]} and {found[1]} can be the column of the e-mail addresses."
    elif not addresses.is_text(schema.field(found[0]).type):
        yield f"The column {found[0]} has to be of type varchar."


def currency_column(schema, settings):
    if named(schema, VALUES) and not named(schema, CURRENCIES):
        yield f"The column {named(schema, VALUES)} needs a column currency beside it."


def named(schema, names) -> str:
    """Return the first column with one of the names, however it is spelled; or nothing."""
    from integrations.connectors.rokt.addresses import plainly

    return next((name for name in schema.names if plainly(name) in names), "")


def is_missing(batch, settings):
    import pyarrow.compute as pc

    from integrations.connectors.rokt import addresses

    tidied = addresses.addresses_of(batch, settings)
    yield Broken(pc.or_kleene(pc.is_null(tidied), pc.equal(tidied, "")), "There is no address.")


def is_no_address(batch, settings):
    import pyarrow.compute as pc

    from integrations.connectors.rokt import addresses

    tidied = addresses.addresses_of(batch, settings)
    valid = pc.or_(addresses.is_address(tidied), addresses.is_hash(tidied))
    yield Broken(pc.invert(valid), "It is neither an e-mail address nor a SHA-256 of 64 digits.")


def is_no_value(batch, settings):
    yield from unlike(batch, VALUES, NUMBER, "{} is not a number such as 12.50.")


def is_no_currency(batch, settings):
    yield from unlike(batch, CURRENCIES, CURRENCY, "{} is not a code of three letters such as USD.")


def unlike(batch, names, pattern, reason):
    """Yield the rows whose value in such a column does not match; null says nothing."""
    import pyarrow.compute as pc

    from integrations.formats.text import text_of

    if name := named(batch.schema, names):
        texts = text_of(batch.column(batch.schema.names.index(name)), name)
        yield Broken(pc.invert(pc.match_substring_regex(texts, pattern)), reason.format(name))


def are_mixed(batches, settings):
    import pyarrow.compute as pc

    from integrations.connectors.rokt import addresses

    plain = hashed = 0
    for batch in batches:
        count = pc.sum(addresses.is_hash(addresses.addresses_of(batch, settings))).as_py() or 0
        hashed, plain = hashed + count, plain + batch.num_rows - count
    if plain and hashed:
        yield (
            f"{plain:,} addresses are plain and {hashed:,} are hashed, and Rokt takes the one or "
            "the other in a file. Choose 'Hash with SHA-256' to send all of them hashed."
        )


CONTRACT = (
    ColumnRule(
        name="one-column",
        sentence="A list of an audience is one column of e-mail addresses.",
        source=AUDIENCE_PAGE,
        when={"list_kind": tuple(AUDIENCES)},
        check=one_column,
        remedy="Keep the column of the addresses alone.",
    ),
    ColumnRule(
        name="email-column",
        sentence="One column, of type varchar, holds the e-mail addresses.",
        source=CONVERSION_PAGE,
        check=email_column,
    ),
    ColumnRule(
        name="currency-column",
        sentence="Where conversions have a value, they have its currency too.",
        source=FIELDS_PAGE,
        when={"list_kind": CONVERSIONS},
        check=currency_column,
    ),
    RowRule(
        name="address-missing",
        sentence="Each row has an address.",
        source=AUDIENCE_PAGE,
        check=is_missing,
    ),
    RowRule(
        name="address",
        sentence="An address is a valid one, or its SHA-256 in 64 hexadecimal digits.",
        source=AUDIENCE_PAGE,
        check=is_no_address,
    ),
    RowRule(
        name="value",
        sentence="The value of a conversion is a number.",
        source=FIELDS_PAGE,
        when={"list_kind": CONVERSIONS},
        check=is_no_value,
    ),
    RowRule(
        name="currency",
        sentence="A currency is a code of three letters.",
        source=FIELDS_PAGE,
        when={"list_kind": CONVERSIONS},
        check=is_no_currency,
    ),
    WholeRule(
        name="not-mixed",
        sentence="All addresses of a file are plain, or all are hashed.",
        source=AUDIENCE_PAGE,
        when={"email_format": "plain"},
        check=are_mixed,
    ),
)
