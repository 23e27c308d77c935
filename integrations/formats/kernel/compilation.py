"""The kernel's machine code, made by numba for the processor of this machine."""

import llvmlite.binding as llvm
from numba import cfunc, types

from integrations.formats.kernel.hashes import put_hashes
from integrations.formats.kernel.joins import put_joined
from integrations.formats.kernel.lines import put_lines
from integrations.formats.kernel.machine_code import HASHES, JOINS, LINES, processor


def compiled() -> bytes:
    """Return an object file that holds the kernel as C functions. It takes 15 seconds."""
    module = assembled(put_lines, LINES)
    module.link_in(assembled(put_hashes, HASHES))
    module.link_in(assembled(put_joined, JOINS))
    module.verify()
    return processor().emit_object(module)


def assembled(function, name):
    """Return the function as LLVM's code, under the name."""
    made = cfunc(types.int64(types.int64), error_model="numpy")(function)
    module = llvm.parse_assembly(made.inspect_llvm())
    module.get_function(made.native_name).name = name
    return module
