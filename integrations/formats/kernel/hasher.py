"""Arrow's texts hashed by the kernel."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from integrations.formats.kernel.machine_code import HASHES, kernel

# As the kernel has them; importing it would import numba.
LONGEST, DIGEST, SCRATCH_BYTES = 55, 32, 1280


class Hasher:
    """Keyed hashes with one key. Any number of threads may share it."""

    def __init__(self, blocks: bytes):
        """Take the two blocks of 64 bytes that HMAC makes of a key."""
        self.kernel = kernel(HASHES)
        self.key = np.frombuffer(blocks, np.uint8)

    def fit(self, texts: pa.Array) -> pa.Array:
        """Return which of the strings can be hashed here."""
        return pc.less_equal(pc.binary_length(texts), LONGEST)

    def of_texts(self, texts: pa.Array) -> np.ndarray:
        """Return the hashes of strings without nulls, all of which fit."""
        texts = pa.concat_arrays([texts])  # whose buffers begin where it does
        _, starts, content = texts.buffers()
        starts = np.frombuffer(starts, np.int32)
        return self.hashes(len(texts), content, int(starts[len(texts)]), starts)

    def of_digests(self, digests: bytes) -> np.ndarray:
        """Return the hashes of SHA-256s, one behind the other."""
        return self.hashes(len(digests) // DIGEST, digests, len(digests))

    def hashes(self, count, content, size, starts=None):
        content = np.frombuffer(content or b"", np.uint8)
        scratch, found = np.empty(SCRATCH_BYTES, np.uint8), np.empty(count, np.uint64)
        begin, key = content.ctypes.data, self.key.ctypes.data
        places = 0 if starts is None else starts.ctypes.data, begin, count
        call = (*places, key, found.ctypes.data, begin + size, scratch.ctypes.data)
        self.kernel(np.array(call, np.int64).ctypes.data)
        return found
