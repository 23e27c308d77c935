"""What ends a td command early: a sentence on stderr and an exit status."""


class Refused(Exception):
    """The command cannot be done as asked."""

    status = 1


class Waited(Refused):
    """The command ended before what it waited for."""
