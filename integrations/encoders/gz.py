"""One gzip member, as every reader of gzip understands it, made of blocks in several threads.

A block is raw deflate that refers to nothing before it and ends on a whole byte, so blocks made
apart can follow one another. Several members would be easier, but some readers stop after one.
"""

import zlib
from collections.abc import Iterable, Iterator
from functools import partial

from isal import isal_zlib

from integrations.encoders.parallel import blocks, in_order

LEVEL = 2  # 1 is hardly faster, 3 hardly smaller
LARGEST_OF_ISAL = 3
BLOCK_BYTES = 1 << 20  # larger ones make the file 0.1 % smaller
RAW = -15  # deflate without a header, with the largest window
# Neither a name nor a time, so the same rows give the same bytes; of an unknown system.
HEADER = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF])
LAST_BLOCK = b"\x03\x00"  # an empty one, marked as the last


def level_of(settings: dict) -> int:
    """Return the level that is set; exports of long ago have none."""
    return settings.get("gz_level", LEVEL)


def gzip(chunks: Iterable[bytes], level: int = LEVEL) -> Iterator[bytes]:
    """Yield the chunks as one gzip file; level 1 to 3 is made by ISA-L, 4 to 9 by zlib."""
    checksum, size = 0, 0

    def measured():
        nonlocal checksum, size
        for block in blocks(chunks, BLOCK_BYTES):
            checksum = isal_zlib.crc32(block, checksum)
            size += len(block)
            yield block

    yield HEADER
    yield from in_order(partial(deflated, level=level), measured())
    yield LAST_BLOCK + trailer(checksum, size)


def deflated(block: bytes, level: int) -> bytes:
    """Return the block compressed, ended on a whole byte, with more to follow."""
    library = isal_zlib if level <= LARGEST_OF_ISAL else zlib
    compressor = library.compressobj(level, wbits=RAW)
    return compressor.compress(block) + compressor.flush(library.Z_SYNC_FLUSH)


def trailer(checksum: int, size: int) -> bytes:
    """Return what ends a member; of the size of 4 GiB and more it has the lower 32 bits."""
    return checksum.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
