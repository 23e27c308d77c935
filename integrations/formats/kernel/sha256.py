"""The rounds of SHA-256 for several texts at once, as FIPS 180-4 has them.

A lane is the place of one text. State and words have a row for each of their numbers and a column
for each lane, so that one instruction of the processor does the same for all lanes.
"""

from decimal import Decimal, localcontext

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from integrations.formats.kernel.pointers import called

LANES = 8  # of 32 bits: what most processors work on at once
ROW = 4 * LANES  # bytes
STATE, WORDS, ROUNDS = 8, 16, 64  # numbers
DIGITS = 40  # of the roots below, more than enough for 32 bits


def primes(many: int) -> list[int]:
    found, number = [], 2
    while len(found) < many:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def fractions(root: int, many: int) -> list[int]:
    """Return the first 32 bits behind the point of that root of each of the first primes."""
    with localcontext() as context:
        context.prec = DIGITS
        return [int(Decimal(prime) ** (1 / Decimal(root)) % 1 * 2**32) for prime in primes(many)]


CONSTANTS = fractions(3, ROUNDS)
BEGIN = tuple(map(np.uint32, fractions(2, STATE)))

LANE = ir.IntType(32)
ALL_LANES = ir.VectorType(LANE, LANES)


def every(number):
    return ir.Constant(ALL_LANES, [ir.Constant(LANE, number)] * LANES)


class Rounds:
    """Writes the steps of SHA-256 down for all lanes."""

    def __init__(self, builder: ir.IRBuilder):
        self.builder = builder

    def row(self, address, number):
        pointer = self.builder.inttoptr(address, ALL_LANES.as_pointer())
        return self.builder.gep(pointer, [ir.Constant(ir.IntType(64), number)])

    def rows(self, address, many):
        return [self.builder.load(self.row(address, n), align=4) for n in range(many)]

    def sum(self, *terms):
        total, *others = terms
        for term in others:
            total = self.builder.add(total, term)
        return total

    def mixed(self, value, turns, shift=0):
        """Return the value turned right by several numbers of bits, and shifted, by XOR."""
        one = self.builder
        parts = [
            one.or_(one.lshr(value, every(bits)), one.shl(value, every(32 - bits)))
            for bits in turns
        ]
        if shift:
            parts.append(one.lshr(value, every(shift)))
        total, *others = parts
        for part in others:
            total = one.xor(total, part)
        return total

    def chosen(self, which, one, other):
        """Return the bits of one where a bit is set, and of the other where not."""
        return self.builder.xor(other, self.builder.and_(which, self.builder.xor(one, other)))

    def majority(self, a, b, c):
        one = self.builder
        return one.or_(one.and_(a, b), one.and_(c, one.or_(a, b)))

    def further(self, words, number):
        """Return a word that follows from the sixteen before it, which it replaces in turn."""
        before = [words[(number - back) % WORDS] for back in (16, 15, 7, 2)]
        return self.sum(
            before[0],
            self.mixed(before[1], (7, 18), 3),
            before[2],
            self.mixed(before[3], (17, 19), 10),
        )

    def after(self, state, words):
        """Return the state after all rounds."""
        a, b, c, d, e, f, g, h = state
        for number in range(ROUNDS):
            if number >= WORDS:
                words[number % WORDS] = self.further(words, number)
            into = self.sum(h, every(CONSTANTS[number]), words[number % WORDS])
            into = self.sum(into, self.mixed(e, (6, 11, 25)), self.chosen(e, f, g))
            fresh = self.sum(into, self.mixed(a, (2, 13, 22)), self.majority(a, b, c))
            a, b, c, d, e, f, g, h = fresh, a, b, c, self.sum(d, into), e, f, g
        return a, b, c, d, e, f, g, h


@intrinsic
def all_rounds(typing_context, state, words):
    """Take a block of each lane into its state."""

    def generate(context, builder, signature, arguments):
        builder.function.attributes.add("noinline")
        rounds, (state, words) = Rounds(builder), arguments
        before = rounds.rows(state, STATE)
        after = rounds.after(before, rounds.rows(words, WORDS))
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            builder.store(builder.add(old, new), rounds.row(state, number), align=4)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@called
def take_block(state, words):
    all_rounds(state, words)
