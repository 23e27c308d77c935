"""Whether workers were told to end: none of them begins another job then."""

import mmap

# Memory that the leader of the workers shares with its forks. A lock could be held by what the
# signal interrupts, for ever.
TOLD = mmap.mmap(-1, 1)


def begin_no_more() -> None:
    """Let no worker that was forked from this process begin another job."""
    TOLD[0] = 1


def is_stopping() -> bool:
    return bool(TOLD[0])
