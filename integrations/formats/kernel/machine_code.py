"""The kernel's machine code, kept in a file and loaded from it.

Loading takes a few milliseconds and no numba, which takes half a second to import and compiles
for fifteen. What is kept is good for one version of the sources and one kind of processor.
"""

import ctypes
import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path

import llvmlite.binding as llvm

logger = logging.getLogger(__name__)

LINES, HASHES, JOINS = "put_lines", "put_hashes", "put_joined"
SIGNATURE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
DIGEST_BYTES = 32  # in front of the code: a file that was cut short must not be run


@cache
def kernel(name: str = LINES) -> Callable[[int], int]:
    """Return a function of the kernel, which works outside of Python's lock."""
    return loaded(kept() or keep(made()), name)


def made() -> bytes:
    from integrations.formats.kernel.compilation import compiled

    return compiled()


def processor() -> llvm.TargetMachine:
    """Return a new target for code, which belongs to whoever loads code with it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features(), opt=3, codemodel="jitdefault", jit=True
    )


def features() -> str:
    """Return what this processor can do, nothing where that cannot be found out."""
    try:
        return llvm.get_host_cpu_features().flatten()
    except RuntimeError:
        return ""


def loaded(code: bytes, name: str = LINES) -> Callable[[int], int]:
    """Return a function in an object file. It stays in memory until the process ends."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), processor())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    function = SIGNATURE(engine.get_function_address(name))
    function.engine = engine
    return function


@cache
def file_name() -> str:
    """Return a name that changes with all that the machine code depends on."""
    folder = Path(__file__).parent
    parts = [source.read_bytes() for source in sorted(folder.glob("*.py"))]
    parts += [version("numba").encode(), version("llvmlite").encode()]
    parts += [llvm.get_host_cpu_name().encode(), features().encode()]
    return f"kernel-{hashlib.sha256(b'|'.join(parts)).hexdigest()[:32]}.o"


def folders() -> Iterator[Path]:
    """Yield where machine code may be kept: beside the sources, in the home, in the user's."""
    yield Path(cache_from_source(__file__)).parent
    if home := os.environ.get("CONSOLE_HOME"):
        yield Path(home) / "kernel"
    users = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    if users.is_absolute():  # not so where the user has no home
        yield users / "console"


def kept() -> bytes | None:
    """Return the machine code that some process has made for this one, None without any."""
    for folder in folders():
        try:
            content = (folder / file_name()).read_bytes()
        except OSError:
            continue
        digest, code = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if hashlib.sha256(code).digest() == digest:
            return code
    return None


def keep(code: bytes) -> bytes:
    """Keep the machine code in the first folder that takes it. Whoever comes last stays."""
    content = hashlib.sha256(code).digest() + code
    for folder in folders():
        try:
            write(folder / file_name(), content)
        except OSError:
            continue
        return code
    logger.warning(
        "No folder takes the machine code that writes large results, so it is made anew for the "
        "largest and Arrow writes the others, which is slower: make %s writable.",
        next(iter(folders())),
    )
    return code


def write(path: Path, content: bytes) -> None:
    """Write a file that is there as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.close()
            temporary.chmod(0o644)  # as Python's own compiled files
            temporary.replace(path)
        except OSError:
            temporary.unlink()
            raise
