"""No process goes on without the one that started it, however that one went."""

import ctypes
import os
import signal
import sys
from multiprocessing import parent_process

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before any fork


def end_with(parent: int, how: int = signal.SIGTERM) -> None:
    """Ask Linux to send this process a signal when its parent, a process ID, is gone."""
    if not LIBC:
        return
    LIBC.prctl(PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:  # It was gone before Linux was asked, which then says nothing.
        os._exit(1)


def die_with_parent(_) -> None:
    """Let this process, one of multiprocessing's, be killed when its parent is gone."""
    end_with(parent_process().pid, signal.SIGKILL)
