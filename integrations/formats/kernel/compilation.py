"""The kernel's machine code, made by numba for the processor of this machine."""

import llvmlite.binding as llvm
from numba import cfunc, types

from integrations.formats.kernel.lines import put_lines
from integrations.formats.kernel.machine_code import NAME, processor


def compiled() -> bytes:
    """Return an object file that holds the kernel as a C function. It takes 15 seconds."""
    function = cfunc(types.int64(types.int64), error_model="numpy")(put_lines)
    module = llvm.parse_assembly(function.inspect_llvm())
    module.get_function(function.native_name).name = NAME
    module.verify()
    return processor().emit_object(module)
