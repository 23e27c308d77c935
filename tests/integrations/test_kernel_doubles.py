"""Doubles that the kernel writes: the shortest digits that mean them, in Java's form."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from integrations.formats.blocks import block
from integrations.formats.dialect import Dialect
from tests.integrations.kernel_ways import DOUBLES, kernel, one_column, plainly
from tests.integrations.reference_format import java_double


def test_doubles_at_every_edge(dialect):
    assert kernel(one_column(DOUBLES), dialect) == plainly(DOUBLES, dialect)
    for value in DOUBLES:
        assert kernel(one_column([value]), dialect) == plainly([value], dialect)


@settings(max_examples=300, deadline=None)
@given(some.integers(-(10**16), 10**16), some.integers(0, 12), some.integers(-3, 3))
def test_doubles_beside_short_decimals(whole, places, steps):
    value = whole / 10**places
    for _ in range(abs(steps)):
        value = float(np.nextafter(value, steps * np.inf))

    assert kernel(one_column([value]), Dialect()) == plainly([value], Dialect())


def test_short_decimals_are_never_longer_than_they_must_be():
    random = np.random.default_rng(7)
    places = random.integers(0, 9, 200_000)
    values = np.round(random.uniform(-2e7, 2e7, 200_000), places.max()) / 10.0**places
    values = np.concatenate([values, np.round(values, 2), np.round(values, 5)])
    batch = one_column(values)

    assert kernel(batch, Dialect()) == block(batch, Dialect()).decode()
    assert kernel(batch.slice(0, 5_000), Dialect()) == plainly(values[:5_000].tolist(), Dialect())


ROUNDS = 100 if os.environ.get("CONSOLE_TESTS_SOAK") else 1


def any_bits(random):
    return random.integers(0, 2**64, 20_000, np.uint64).view(np.float64)


def of_few_digits(random):
    exponents = random.integers(-300, 300, 20_000)
    return beside(10.0**exponents * random.integers(1, 1000, 20_000), random)


def beside(values, random):
    """Return the values, or a neighbour of theirs."""
    return (values.view(np.int64) + random.integers(-2, 3, len(values))).view(np.float64)


def subnormal(random):
    return random.integers(0, 2**52, 20_000).view(np.float64)


def around_the_change_of_form(random):
    return random.random(20_000) * 10.0 ** random.integers(-5, 9, 20_000)


def whole(random):
    return random.integers(-(2**63), 2**63 - 1, 20_000).astype(float)


@pytest.mark.parametrize(
    "kind", [any_bits, of_few_digits, subnormal, around_the_change_of_form, whole]
)
def test_random_doubles_have_the_digits_of_java(kind):
    random = np.random.default_rng(11)
    for _ in range(ROUNDS):
        values = kind(random)
        written = kernel(one_column(values), Dialect()).split()
        assert written == list(map(java_double, values.tolist()))


def test_powers_of_ten_and_of_two_and_their_neighbours():
    powers = [10.0**n for n in range(-323, 309)] + [2.0**n for n in range(-1074, 1024)]
    below, above = np.nextafter(powers, 0), np.nextafter(powers, np.inf)
    values = [*powers, *below.tolist(), *above.tolist()]

    assert kernel(one_column(values), Dialect()).split() == list(map(java_double, values))
