"""One bzip2 stream, as every reader of bzip2 understands it, made of blocks in several threads.

A stream is a header, blocks of bits and a trailer of bits: a mark and a checksum of the blocks'
checksums. The blocks are compressed apart, as streams of one block each, and joined bit by bit.
"""

import bz2
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from integrations.encoders.parallel import blocks, in_order

# A block has room for 899,981 bytes, and before they are put there 4 can become 5.
BLOCK_BYTES = 899_981 * 4 // 5
HEADER = b"BZh9"
END_MARK = 0x177245385090
MARK_BITS, CHECKSUM_BITS = 48, 32
TRAILER_BITS = MARK_BITS + CHECKSUM_BITS
CHECKSUM_AT = slice(10, 14)  # of the only block, after the header and the mark of a block
ALL_ONES = 2**CHECKSUM_BITS - 1


@dataclass(frozen=True)
class Block:
    """The bits of one block, as a number, and the checksum of what it holds."""

    bits: int
    length: int
    checksum: int


def bzip2(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks as one bzip2 file."""
    yield HEADER
    checksum, bits, length = 0, 0, 0
    for block in in_order(compressed, blocks(chunks, BLOCK_BYTES)):
        checksum = combined(checksum, block.checksum)
        whole, length = divmod(length + block.length, 8)
        bits = bits << block.length | block.bits
        yield (bits >> length).to_bytes(whole, "big")
        bits &= 2**length - 1
    padding = -(length + TRAILER_BITS) % 8
    end = (bits << TRAILER_BITS | END_MARK << CHECKSUM_BITS | checksum) << padding
    yield end.to_bytes((length + TRAILER_BITS + padding) // 8, "big")


def combined(checksum: int, block: int) -> int:
    """Return the checksum of the stream, one block longer."""
    return ((checksum << 1) & ALL_ONES | checksum >> (CHECKSUM_BITS - 1)) ^ block


def compressed(data: bytes) -> Block:
    """Return the data as a block, taken out of a stream that has no other."""
    stream = bz2.compress(data)
    checksum = int.from_bytes(stream[CHECKSUM_AT], "big")
    cut = TRAILER_BITS + padding_of(stream, END_MARK << CHECKSUM_BITS | checksum)
    body = stream[len(HEADER) :]
    return Block(int.from_bytes(body, "big") >> cut, 8 * len(body) - cut, checksum)


def padding_of(stream: bytes, end: int) -> int:
    """Return how many bits follow the trailer, to fill the last byte."""
    tail = int.from_bytes(stream[-11:], "big")
    for bits in range(8):
        if (tail >> bits) % 2**TRAILER_BITS == end:
            return bits
    # The checksum of the stream is that of its first block only where it has no other.
    raise ValueError("bzip2 made something other than one block.")
