"""Lock a child process down before it meets SQL or files of strangers: limits, Landlock."""

import ctypes
import os
import resource
import signal
import struct
from pathlib import Path

from console.priority import give_way

MEGABYTE = 1 << 20
OVERHEAD_MB = 2048  # address space of the interpreter and of DuckDB beside its memory limit

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
ABI_VERSION = 1  # flag of landlock_create_ruleset
PATH_BENEATH = 1
PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_NO_NEW_PRIVS = 1, 15, 38
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
MAKE_CHAR, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = 1 << 6, 1 << 9, 1 << 10, 1 << 11, 1 << 12
TRUNCATE = 1 << 14
NO_TCP, NO_SIGNALS_OR_SOCKETS_OUT = 3, 3
ACCESS_BITS = {1: 13, 2: 14, 3: 15, 4: 15}  # by ABI; newer kernels know 16

# DuckDB reads the limits of its container here and aborts when it may not.
SYSTEM_FILES = ("/proc/self/cgroup", "/sys/fs/cgroup", "/sys/devices/system/cpu", "/proc/meminfo")

libc = ctypes.CDLL(None, use_errno=True)


def limit_resources(memory_mb, file_mb, cpu_seconds):
    """Bound memory, CPU time, file size and open files of this process; be nice to others."""
    bound(resource.RLIMIT_AS, (memory_mb + OVERHEAD_MB) * MEGABYTE)
    bound(resource.RLIMIT_CPU, int(cpu_seconds))
    bound(resource.RLIMIT_FSIZE, file_mb * MEGABYTE)
    bound(resource.RLIMIT_NOFILE, 4096)
    bound(resource.RLIMIT_CORE, 0)
    # A write past the limit then fails with an error that can be told, instead of a signal.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    give_way(5)


def bound(limit, value):
    """Set a soft and hard limit, never above the one that is there."""
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def die_with(parent):
    """Let the kernel kill this process when its parent ends."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def call_itself(name):
    """Give this process a name of up to 15 letters, by which the server's lists tell it apart."""
    libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


def landlock_version():
    """Return the kernel's Landlock ABI, 0 where there is none."""
    none = ctypes.c_void_p()
    version = libc.syscall(LANDLOCK_CREATE, none, ctypes.c_size_t(0), ctypes.c_uint32(ABI_VERSION))
    return max(version, 0)


def confine(read_only, read_write):
    """Leave only these paths, no TCP, no exec. Return the Landlock ABI used, 0 for none.

    It holds for this thread and those that it starts: there must be no others yet.
    """
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise RuntimeError("A process with several threads cannot be locked down.")
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    version = landlock_version()
    if not version:
        return 0
    access = (1 << ACCESS_BITS.get(version, 16)) - 1
    ruleset = create_ruleset(version, access)
    make = EXECUTE | MAKE_CHAR | MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM
    for path in [*read_only, *filter(os.path.exists, SYSTEM_FILES)]:
        allow(ruleset, path, access & (READ_FILE | READ_DIR))
    for path in read_write:
        allow(ruleset, path, access & ~make)
    check(libc.syscall(LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0)), "restrict")
    os.close(ruleset)
    return version


def create_ruleset(version, access):
    scope = NO_SIGNALS_OR_SOCKETS_OUT if version >= 6 else 0
    fields = struct.pack("QQQ", access, NO_TCP if version >= 4 else 0, scope)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(LANDLOCK_CREATE, fields, ctypes.c_size_t(size), ctypes.c_uint32(0))
    return check(ruleset, "create a ruleset")


def allow(ruleset, path, access):
    """Allow an access below a path; a file can only be read, written and cut."""
    if not Path(path).is_dir():
        access &= READ_FILE | WRITE_FILE | TRUNCATE
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", access, handle)
        answer = libc.syscall(LANDLOCK_ADD, ruleset, PATH_BENEATH, rule, ctypes.c_uint32(0))
        check(answer, f"allow {path}")
    finally:
        os.close(handle)


def check(answer, what):
    if answer < 0:
        raise OSError(ctypes.get_errno(), f"Landlock could not {what}")
    return answer
