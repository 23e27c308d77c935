"""Errors that a person reads: what happened, and what to do about it. Never a secret."""


class ExportError(Exception):
    """An export did not succeed."""

    transient = False
    passing = False  # whether the next run can go well though nobody changes anything
    may_be_there = False  # whether all that was to be delivered may be there all the same

    def __init__(self, message, *, remedy=""):
        super().__init__(message)
        self.remedy = remedy


class TransientError(ExportError):
    """Trying the same again later can help: the network, a server that is busy or down."""

    transient = passing = True

    def __init__(self, message, *, remedy="", retries=None, after=None):
        super().__init__(message, remedy=remedy)
        self.retries = retries  # how often that is worth it, where fewer than the retry limit
        self.after = after  # seconds that the server asks to be left alone, where it does
        self.unanswered = False  # whether the server may have done all the same what it was asked


class PermanentError(ExportError):
    """Trying again does not help: a person has to change something, or the rows be others."""

    def __init__(self, message, *, remedy="", passing=False):
        super().__init__(message, remedy=remedy)
        self.passing = passing


class Stopped(Exception):
    """A person or a shutdown asked for the work to end."""

    may_be_there = False
