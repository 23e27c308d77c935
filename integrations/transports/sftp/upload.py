"""One file on its way to an SFTP server: whole under its name, or not at all."""

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError, Stopped, TransientError
from integrations.transports.arrival import Arrival
from integrations.transports.sftp import aside, lanes
from integrations.transports.sftp.connection import Account, Connection
from integrations.transports.sftp.files import Files
from integrations.transports.sftp.leftovers import Leftovers
from integrations.transports.sftp.publishing import Known, Manner, Try, arrival

CLEARING = 2.0  # seconds to come back after a stop, and remove what is left
LOOKING = 10.0  # seconds to come back and see whether the file has its name


class Upload:
    """The delivery of one file, over all of its tries."""

    def __init__(self, account: Account, delivery: Delivery, manner: Manner):
        self.account = account
        self.delivery = delivery
        self.manner = manner
        self.host_key = ""
        self.known = Known(Leftovers(delivery), straight=bool(manner.straight))

    def deliver(self, path: str, content: Any) -> Arrival:
        """Put the content at the path: bytes that can be read again, from an offset too."""

        def measured(connection):
            lanes.prepare(connection, content.waiting)

        with Connection(self.account, self.delivery, measured) as connection:
            self.host_key = connection.fingerprint
            files = Files(connection)
            path = files.full_path(path, from_login_directory=self.manner.from_login_directory)
            aside.settle(files)
            if arrival := self.arrived(files) or self.renamed(files):
                return arrival
            try:
                return Try(files, self.delivery, self.manner, self.known).put(path, content)
            except BaseException as error:
                self.keep_for_next(files, error)
                raise
            finally:
                kept = self.known.partial
                self.known.left.remove(files, but=kept.path if kept else "")

    def keep_for_next(self, files, error):
        """Keep what is on the server for the next try, where that can go on from there."""
        if not isinstance(error, TransientError):
            self.known.renaming = self.known.partial = None
        elif files.connection.is_open() and not self.known.renaming:
            self.known.partial = None  # The server refused to take the file as it is.

    def arrived(self, files):
        """Return what an earlier try did publish, where only the answer to it was lost."""
        asked = self.known.renaming
        if not asked or asked.refused or not self.is_published(files, asked):
            return None
        self.delivery.log(f"{asked.path} had arrived: only the server's last answer was lost.")
        return self.done(files, asked)

    def is_published(self, files, asked):
        if files.is_missing(asked.temporary):
            return is_the_same(asked, files.stat(asked.path))
        if files.stat(asked.temporary):
            return False
        self.delivery.fence()  # A server that shows nothing is asked again.
        return files.was_renamed(asked.temporary, asked.path)

    def renamed(self, files):
        """Rename the whole file of an earlier try, where it is still as that left it."""
        asked = self.known.renaming
        if not asked:
            return None
        now = arrival(asked.path, files.stat(asked.temporary))
        if (now.bytes, now.modified) != (asked.size, asked.arrival.modified):
            self.known.renaming = None
            return None
        self.delivery.log(f"{asked.temporary} is whole already: renaming it once more.")
        self.delivery.fence()
        try:
            self.known.publish(files)
        except PermanentError:
            self.known.renaming = None
            return None
        return self.done(files, asked)

    def done(self, files, asked):
        aside.discard(files, asked.path)
        self.known.left.published(asked.temporary)
        self.known.renaming = self.known.partial = None
        self.known.left.remove_stranger(files)
        return asked.arrival

    def found(self) -> Arrival | None:
        """Come back once more, for a short time, for the end of a rename without an answer."""
        if self.known.renaming:
            with suppress(ExportError, Stopped), self.errand(after_stop=0) as connection:
                files = Files(connection)
                aside.settle(files)
                return self.arrived(files) or self.renamed(files)
        return None

    def clear(self) -> None:
        """Come back once more, for a short time, to remove what must not stay."""
        if not (self.known.left or aside.asides(self.delivery.journal)):
            return
        with suppress(ExportError, Stopped), self.errand(after_stop=CLEARING) as connection:
            files = Files(connection)
            aside.settle(files)  # The temporary file tells whether the old one is missed.
            self.known.left.remove(files)
        aside.tell(self.delivery)

    def errand(self, *, after_stop):
        """Return a connection of its own that is given up soon, and sooner after a stop."""
        ends = time.monotonic() + LOOKING

        def over():
            nonlocal ends
            if self.delivery.stopped():
                ends = min(ends, time.monotonic() + after_stop)
            return time.monotonic() >= ends

        seconds = CLEARING if self.delivery.stopped() else LOOKING
        delivery = replace(self.delivery, stopped=over)
        return Connection(replace(self.account, timeout=seconds), delivery)


def is_the_same(asked, found):
    """Return whether what has the final name now can be what was renamed, once that is gone.

    Without a file of that name, somebody took it away already; an older one was there before.
    """
    if not found:
        return True
    now, before = arrival(asked.path, found), asked.arrival
    return now.bytes in (None, asked.size) and now.modified >= before.modified
