"""Bytes at an address, read and written from compiled code.

Nothing here knows where a buffer ends: every caller checks that first.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

WORD = 8  # bytes
BLOCK = 32
ONES = np.uint64(0x0101010101010101)
HIGHS = np.uint64(0x8080808080808080)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)

FLAGS = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
inlined = njit(forceinline=True, **FLAGS)
called = njit(forceinline=False, **FLAGS)


@intrinsic
def stay_apart(typing_context):
    """Keep LLVM from copying the function to where it is called: long ones take long to compile."""

    def generate(context, builder, signature, arguments):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate


def loader(kind: types.Type, stored: ir.Type):
    """Return the function that reads a value of the kind, which need not be aligned."""

    @intrinsic
    def load(typing_context, address):
        def generate(context, builder, signature, arguments):
            pointer = builder.inttoptr(arguments[0], stored.as_pointer())
            return builder.load(pointer, align=1)

        return kind(types.int64), generate

    return load


def storer(kind: types.Type, stored: ir.Type):
    """Return the function that writes a value of the kind, at any address."""

    @intrinsic
    def store(typing_context, address, value):
        def generate(context, builder, signature, arguments):
            pointer = builder.inttoptr(arguments[0], stored.as_pointer())
            builder.store(arguments[1], pointer, align=1)
            return context.get_dummy_value()

        return types.void(types.int64, kind), generate

    return store


int8_at = loader(types.int8, ir.IntType(8))
int16_at = loader(types.int16, ir.IntType(16))
int32_at = loader(types.int32, ir.IntType(32))
int64_at = loader(types.int64, ir.IntType(64))
uint8_at = loader(types.uint8, ir.IntType(8))
uint16_at = loader(types.uint16, ir.IntType(16))
uint32_at = loader(types.uint32, ir.IntType(32))
word_at = loader(types.uint64, ir.IntType(64))
double_at = loader(types.float64, ir.DoubleType())
put_byte = storer(types.uint8, ir.IntType(8))
put_uint32 = storer(types.uint32, ir.IntType(32))
put_word = storer(types.uint64, ir.IntType(64))
put_int64 = storer(types.int64, ir.IntType(64))


@intrinsic
def zeros_below(typing_context, word):
    """Return how many of the lowest bits are zero."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def zeros_above(typing_context, word):
    """Return how many of the highest bits are zero."""

    def generate(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generate


@intrinsic
def swapped(typing_context, word):
    """Return the bytes of a word in the other order."""

    def generate(context, builder, signature, arguments):
        return builder.bswap(arguments[0])

    return types.uint64(types.uint64), generate


@intrinsic
def high_product(typing_context, one, other):
    """Return the higher half of the product of two words."""

    def generate(context, builder, signature, arguments):
        wide = [builder.zext(argument, ir.IntType(128)) for argument in arguments]
        high = builder.lshr(builder.mul(*wide), ir.Constant(ir.IntType(128), 64))
        return builder.trunc(high, ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


@intrinsic
def bits_of(typing_context, number):
    """Return the bits of a double."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.uint64(types.float64), generate


BYTES = ir.VectorType(ir.IntType(8), BLOCK)


@intrinsic
def copied_block(typing_context, source, target):
    """Copy a whole block."""

    def generate(context, builder, signature, arguments):
        source, target = (builder.inttoptr(each, BYTES.as_pointer()) for each in arguments)
        builder.store(builder.load(source, align=1), target, align=1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate


@intrinsic
def searched_block(typing_context, source, target, characters):
    """Copy a whole block, return a bit for each byte of it that is one of four characters."""

    def generate(context, builder, signature, arguments):
        source, target = (builder.inttoptr(each, BYTES.as_pointer()) for each in arguments[:2])
        block = builder.load(source, align=1)
        builder.store(block, target, align=1)
        found = None
        for number in range(4):
            wanted = repeated(builder, builder.extract_value(arguments[2], number))
            same = builder.icmp_unsigned("==", block, wanted)
            found = same if found is None else builder.or_(found, same)
        bits = builder.bitcast(found, ir.IntType(BLOCK))
        return builder.zext(bits, ir.IntType(64))

    four = types.UniTuple(types.uint8, 4)
    return types.uint64(types.int64, types.int64, four), generate


def repeated(builder: ir.IRBuilder, byte):
    """Return a block in which every byte is the same."""
    nothing = ir.Constant(BYTES, ir.Undefined)
    first = builder.insert_element(nothing, byte, ir.Constant(ir.IntType(32), 0))
    every = ir.Constant(ir.VectorType(ir.IntType(32), BLOCK), [0] * BLOCK)
    return builder.shuffle_vector(first, nothing, every)


@inlined
def first_byte(word):
    """Return the place of the first byte that is not zero, 8 if all are."""
    return np.int64(zeros_below(word) >> np.uint64(3))


@inlined
def bytes_used(word):
    """Return how many bytes there are up to the last one that is not zero."""
    return WORD - np.int64(zeros_above(word) >> np.uint64(3))


@inlined
def bit_at(address, number):
    return (uint8_at(address + (number >> 3)) >> np.uint8(number & 7)) & np.uint8(1)


@inlined
def lowest(word, count):
    """Return the word with only its first bytes, at least one, kept."""
    return word & (ALL >> np.uint64(8 * (WORD - count)))


@inlined
def start_of(address, left, stop):
    """Return up to eight bytes of a text; nothing from stop on is read."""
    if address + WORD <= stop:
        return word_at(address)
    word = np.uint64(0)
    for number in range(min(left, WORD)):
        word |= np.uint64(uint8_at(address + number)) << np.uint64(8 * number)
    return word


@inlined
def holds(word, pattern):
    """Return a word that is not zero where a byte of both is the same, first of all at the first.

    Bytes behind the first one that is the same may be marked wrongly.
    """
    different = word ^ pattern
    return (different - ONES) & ~different & HIGHS
