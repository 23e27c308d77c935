"""What the tests of the kernel have in common: a column, and both ways to write it."""

import pyarrow as pa

from integrations.formats.kernel.writer import Writer
from tests.integrations.reference_format import field, text_of

POLICIES = ("MINIMAL", "ALL", "NONE")
DOUBLES = [
    *(0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1e-3, 0.00099999999, 0.0010000001, 9999999.0, 1e7),
    *(9999999.99999999, 9999999.999999999, 10000000.000000002, 9007199254740993.0, 1 / 3, 2 / 3),
    *(
        5e-324,
        1e-322,
        2.2250738585072014e-308,
        1.7976931348623157e308,
        1e21,
        1e22,
        1e23,
        0.30000000000000004,
    ),
    *(4.35, 0.285, 1.005, 123456.78901234, 1234567.12345678, 0.12345678, 0.123456789, 100.0),
    *(float("nan"), float("inf"), -float("inf"), 4503599627370497.5, 2.5, 1e-4, 1e-10),
]


def kernel(batch, dialect):
    return Writer(dialect).block(batch).decode()


def one_column(values, kind=None):
    return pa.record_batch({"value": pa.array(values, kind)})


def plainly(values, dialect):
    """Return what the slow reference makes of a column."""
    given = {
        "quote_policy": dialect.policy,
        "quote": dialect.quote,
        "escape": dialect.escape,
        "delimiter": dialect.delimiter,
        "null_string": dialect.null,
    }
    return "".join(field(text_of(value), given) + dialect.newline for value in values)
