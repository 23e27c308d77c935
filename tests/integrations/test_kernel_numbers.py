"""Numbers that the kernel writes: each length and edge."""

from decimal import Decimal

import pyarrow as pa
import pytest

from integrations.formats.blocks import block
from integrations.formats.dialect import Dialect
from tests.integrations.kernel_ways import kernel, one_column, plainly

INTEGERS = [0, 1, 9, 10, 99, 100, *(10**n + d for n in range(3, 20) for d in (-1, 0, 1))]


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_integers_of_every_width_and_length(bits, dialect):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    signed = {sign * value for value in INTEGERS for sign in (-1, 1)} | {low, low + 1, high}
    signed = sorted(value for value in signed if low <= value <= high)
    unsigned = [value for value in INTEGERS if value < 2**bits] + [2**bits - 1, 2 ** (bits - 1)]

    for values, kind in ((signed, f"int{bits}"), (unsigned, f"uint{bits}")):
        assert kernel(one_column(values, kind), dialect) == plainly(values, dialect)


def test_every_group_of_four_digits():
    values = list(range(0, 100_000_000, 9_973)) + list(range(20_000))

    assert kernel(one_column(values), Dialect()).split() == list(map(str, values))


@pytest.mark.parametrize("scale", [0, 1, 2, 9, 17, 18])
@pytest.mark.parametrize("precision", [18, 19, 38])
def test_decimals_have_all_their_places(precision, scale, dialect):
    high = 10**18 - 1
    whole = [0, 1, -1, 9, 10, -10, 99, 12345678, 123456789, -(10**16), 10**17, high, -high]
    values = [Decimal(value).scaleb(-scale) for value in whole] + [None]

    batch = one_column(values, pa.decimal128(precision, scale))
    assert kernel(batch, dialect) == block(batch, dialect).decode()
    assert kernel(batch, dialect) == plainly(values, dialect)
