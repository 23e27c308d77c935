"""Memory that ends where nothing may be read or written: one byte too far ends the process."""

import ctypes
import mmap

import numpy as np
import pyarrow as pa

libc = ctypes.CDLL(None, use_errno=True)
NO_ACCESS = 0


class Guarded:
    """Room for some bytes, right before a page that nobody may touch."""

    def __init__(self, size):
        self.size = size
        used = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        self.memory = mmap.mmap(-1, used + mmap.PAGESIZE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        if libc.mprotect(ctypes.c_void_p(start + used), mmap.PAGESIZE, NO_ACCESS):
            raise OSError(ctypes.get_errno(), "mprotect")
        self.address = start + used - size

    def array(self):
        given = (ctypes.c_uint8 * self.size).from_address(self.address)
        given.memory = self.memory
        return np.frombuffer(given, np.uint8)


def guarded(buffer):
    """Return a copy of an Arrow buffer that ends at the guard."""
    if buffer is None:
        return None
    memory = Guarded(buffer.size)
    ctypes.memmove(memory.address, buffer.address, buffer.size)
    return pa.foreign_buffer(memory.address, buffer.size, base=memory)


def cut(column):
    """Return the column with buffers no longer than its values need."""
    count, (valid, *buffers) = len(column), column.buffers()
    bits = -(-count // 8)
    if len(buffers) == 2:
        width = 8 if pa.types.is_large_string(column.type) else 4
        starts = buffers[0].slice(0, width * (count + 1))
        end = int.from_bytes(starts[width * count :].to_pybytes(), "little")
        buffers = [starts, buffers[1] and buffers[1].slice(0, end)]
    else:
        width = column.type.bit_width
        buffers = [buffers[0].slice(0, -(-count * width // 8))]
    return [valid and valid.slice(0, bits), *buffers]


def behind_guards(column):
    """Return the same column, each of whose buffers ends at a guard of its own."""
    if pa.types.is_dictionary(column.type):
        return pa.DictionaryArray.from_arrays(
            behind_guards(column.indices), behind_guards(column.dictionary)
        )
    buffers = [guarded(buffer) for buffer in cut(column)]
    return pa.Array.from_buffers(column.type, len(column), buffers)
