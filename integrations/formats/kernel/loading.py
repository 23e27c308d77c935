"""The kernel loaded where it pays, and used only after it has proved itself."""

import hashlib
import hmac
import logging
import sys
from collections.abc import Callable
from functools import cache, partial

import pyarrow as pa

from integrations.formats.blocks import block
from integrations.formats.dialect import Dialect

logger = logging.getLogger(__name__)

# Values that Arrow takes as much longer to write as loading or making the machine code takes.
WORTH_LOADING = 1_000_000
WORTH_COMPILING = 200_000_000
WORTH_HASHING = 50_000  # rows with identifiers, hashed in as long as loading takes
WORTH_JOINING = 100_000  # rows of some pieces, put together in as long as loading takes
POLICIES = ("MINIMAL", "ALL", "NONE")


def writer_for(dialect: Dialect, values: int) -> Callable[[pa.RecordBatch], bytes]:
    """Return what writes batches: the kernel for many values, Arrow's functions for fewer."""
    if is_worth_it(values) and fits(dialect) and (writer := kernel_writer()):
        return writer(dialect).block
    return partial(block, dialect=dialect)


def is_worth_it(values: int) -> bool:
    """Return whether the kernel gains more than it takes to load it, or to compile it first."""
    return values >= WORTH_COMPILING or (values >= WORTH_LOADING and is_compiled())


def is_compiled() -> bool:
    try:
        from integrations.formats.kernel.machine_code import kept

        return kept() is not None
    except Exception:  # noqa: BLE001  whoever tries to load it tells what is missing
        return True


def fits(dialect: Dialect) -> bool:
    """Return whether the kernel can write the dialect: single bytes that differ."""
    marks = (dialect.delimiter, dialect.quote, dialect.escape)
    single = all(len(mark.encode()) == 1 and mark not in "\r\n" for mark in marks)
    return single and dialect.delimiter not in (dialect.quote, dialect.escape)


def tried(prove: Callable, without: str):
    """Return what has proved itself; else nothing, with a warning of what that means."""
    try:
        if sys.byteorder != "little":
            raise ImportError("the kernel is made for little-endian processors")
        return prove()
    except Exception as error:  # noqa: BLE001  whatever numba meets here, others do without
        logger.warning("%s: %s", without, error)
        return None


@cache
def kernel_writer() -> type | None:
    """Return the kernel's writer, or None where this machine cannot have it."""
    return tried(proved_writer, "Large results are written by Arrow alone, which is slower")


def warm() -> bool:
    """Compile and prove the kernel where nobody has, so that no export has to wait for it.

    Takes some fifteen seconds of a processor the first time, a tenth of one from then on.
    Return whether large results will be written by the kernel; where not, the log says why.
    """
    return kernel_writer() is not None


def make_ready() -> None:
    """Load the kernel where it is compiled, so that nobody waits for it later."""
    if is_compiled():
        for load in (kernel_writer, kernel_hasher, kernel_joiner):
            load()


def proved_writer() -> type:
    """Load the writer, compiled where nobody has yet, and let it write a sample."""
    from integrations.formats.kernel.sample import sample
    from integrations.formats.kernel.writer import Writer

    for dialect in (Dialect(policy=policy) for policy in POLICIES):
        if Writer(dialect).block(sample()) != block(sample(), dialect):
            raise ArithmeticError("the kernel does not write here what Arrow writes")
    return Writer


def hasher_for(blocks: bytes, rows: int):
    """Return what hashes texts with a key, given as HMAC's two blocks; None where it won't pay."""
    if rows >= WORTH_HASHING and is_compiled() and (hasher := kernel_hasher()):
        return hasher(blocks)
    return None


@cache
def kernel_hasher() -> type | None:
    """Return the kernel's hasher, or None where this machine cannot have it."""
    return tried(proved_hasher, "Identifiers are hashed one by one, which is slower")


def proved_hasher() -> type:
    """Load the hasher, and let it hash texts of each length."""
    from integrations.formats.kernel.hasher import LONGEST, Hasher

    texts = [b"a" * size for size in range(LONGEST + 1)]
    digests = [hashlib.sha256(text).digest() for text in texts]
    whole = [hmac.digest(b"", digest, "sha256") for digest in digests]
    expected = [int.from_bytes(each[:8], "big") for each in whole]
    hasher = Hasher(b"\x36" * 64 + b"\x5c" * 64)
    both = hasher.of_texts(pa.array(texts, "string")), hasher.of_digests(b"".join(digests))
    if any(found.tolist() != expected for found in both):
        raise ArithmeticError("the kernel does not hash here as Python does")
    return Hasher


def joiner_for(rows: int) -> Callable | None:
    """Return what puts the pieces of so many rows together; None where Arrow is to do it."""
    if rows >= WORTH_JOINING and is_compiled() and (joiner := kernel_joiner()):
        return joiner
    return None


@cache
def kernel_joiner() -> Callable | None:
    """Return the kernel's joiner, or None where this machine cannot have it."""
    return tried(proved_joiner, "Records are put together by Arrow, which is slower")


def proved_joiner() -> Callable:
    """Load the joiner, and let it put together texts of each length and nulls."""
    from integrations.formats.kernel.joiner import Piece, put_together

    texts = [None if size % 3 == 1 else "ü" * size for size in range(100)]
    column = pa.array(texts, pa.large_string())
    found = put_together([Piece("<"), Piece("a", column, "bc"), Piece(">")])
    if found.to_pylist() != [f"<{'' if text is None else f'a{text}bc'}>" for text in texts]:
        raise ArithmeticError("the kernel does not put together here what it should")
    return put_together
