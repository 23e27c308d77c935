"""Files compressed as stock gzip and bzip2 read them."""

import bz2
from collections.abc import Iterable, Iterator

from isal import isal_zlib

LEVEL = 2  # 1 is hardly faster, 3 hardly smaller
GZIP_FORMAT = 31  # its header has neither name nor time, so the same rows give the same bytes


def gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks as one gzip file."""
    return compressed(chunks, isal_zlib.compressobj(LEVEL, wbits=GZIP_FORMAT))


def bzip2(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks as one bzip2 file."""
    return compressed(chunks, bz2.BZ2Compressor())


def compressed(chunks, compressor):
    for chunk in chunks:
        if made := compressor.compress(chunk):
            yield made
    yield compressor.flush()
