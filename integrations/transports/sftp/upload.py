"""One file on its way to an SFTP server: whole under its name, or not at all."""

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError, Stopped, TransientError
from integrations.transports.arrival import Arrival, Sent
from integrations.transports.sftp import aside, lanes
from integrations.transports.sftp.asked import DONE, REFUSED, Asked
from integrations.transports.sftp.connection import Account, Connection
from integrations.transports.sftp.files import Files
from integrations.transports.sftp.leftovers import Leftovers, removed
from integrations.transports.sftp.notes import Notes
from integrations.transports.sftp.publishing import Known, Manner, Try, arrival

CLEARING = 2.0  # seconds to come back after a stop, and remove what is left
LOOKING = 10.0  # seconds to come back and see whether the file has its name
LOOKS = "The next attempt, or Retry, looks and does not send it twice."
MAYBE = "{} may be there: the server was asked to rename it and did not answer. " + LOOKS
THERE = "{} is there: the server had renamed it. " + LOOKS


class Upload:
    """The delivery of one file, over all of its tries."""

    def __init__(self, account: Account, delivery: Delivery, manner: Manner):
        self.account = account
        self.delivery = delivery
        self.manner = manner
        self.host_key = ""
        self.notes = Notes(delivery.journal)
        left, asked = Leftovers(delivery, self.notes), Asked(self.notes)
        self.known = Known(left, asked, straight=bool(manner.straight))

    def deliver(self, path: str, content: Any) -> Arrival:
        """Put the content at the path: bytes that can be read again, from an offset too."""

        def measured(connection):
            lanes.prepare(connection, content.waiting)

        self.notes.recall(path)
        with Connection(self.account, self.delivery, measured) as connection:
            self.host_key = connection.fingerprint
            files = Files(connection)
            path = files.full_path(path, from_login_directory=self.manner.from_login_directory)
            aside.settle(files)
            self.go_on(path, content)
            if arrival := self.arrived(files) or self.renamed(files):
                return arrival
            try:
                return Try(files, self.delivery, self.manner, self.known).put(path, content)
            except BaseException as error:
                self.keep_for_next(files, error)
                raise
            finally:
                self.clean(files)

    def go_on(self, path, content):
        """Take up the rename that an earlier attempt asked for, if it was of the same bytes."""
        account = self.account
        self.notes.meet(
            server=account.place, user=account.username, host_key=self.host_key, path=path
        )
        if not (renaming := self.known.asked.before()):
            return
        if is_of(renaming, content):
            self.known.asked.take_up()
        else:
            self.known.asked.drop()

    def keep_for_next(self, files, error):
        """Keep what is on the server for the next try, where that can go on from there."""
        if not isinstance(error, TransientError):
            self.known.partial = None
            self.settle(files)
        elif files.connection.is_open() and not self.known.renaming:
            self.known.partial = None  # The server refused to take the file as it is.

    def is_in_doubt(self):
        """Return whether a rename was asked for, and its answer not heard."""
        return bool(self.known.renaming and not self.known.renaming.answer)

    def settle(self, files):
        """Give up the rename, unless it was done: its temporary file is gone then."""
        if not self.known.renaming or not self.delivery.held():
            return  # One who has the work by now looks whether the file is there.
        if self.known.renaming.answer == REFUSED:
            self.known.asked.drop()
        if self.is_in_doubt():
            with suppress(ExportError, Stopped):
                self.take_back(files, self.known.renaming)

    def take_back(self, files, asked):
        """Remove the temporary file. Where there is none, it was renamed."""
        gone = files.is_missing(asked.temporary)
        if not gone and (asked.temporary in self.known.left.own or is_as_left(files, asked)):
            self.known.asked.change(proves=False)
            if removed(files, asked.temporary):
                self.known.left.published(asked.temporary)
                self.known.asked.drop()
                return
            gone = True  # A drop box tells it so.
        if gone and asked.has_gone_by_it():
            self.done(files, asked)

    def clean(self, files):
        """Remove what must not stay, but for what a later try can go on with."""
        partial, asked = self.known.partial, self.is_in_doubt() and self.known.renaming
        kept = {partial.path} if partial else set()
        self.known.left.remove(files, but=kept | ({asked.temporary} if asked else set()))

    def arrived(self, files):
        """Return what an earlier try did publish, where only the answer to it was lost."""
        asked = self.known.renaming
        if not asked or asked.answer == REFUSED or not self.is_published(files, asked):
            return None
        lost = "word of it" if asked.answer == DONE else "server's last answer"
        self.delivery.log(f"{asked.path} had arrived: only the {lost} was lost.")
        return self.done(files, asked)

    def is_published(self, files, asked):
        if asked.answer == DONE:
            return True
        if files.is_missing(asked.temporary):
            return is_there(asked, files)
        if files.stat(asked.temporary) or not asked.has_gone_by_it():
            return False
        self.delivery.fence()  # A server that shows nothing is asked again.
        return files.was_renamed(asked.temporary, asked.path)

    def renamed(self, files):
        """Rename the whole file of an earlier try, where it is still as that left it."""
        asked = self.known.renaming
        if not asked:
            return None
        if not is_as_left(files, asked):
            self.known.asked.drop()
            return None
        self.delivery.log(f"{asked.temporary} is whole already: renaming it once more.")
        self.delivery.fence()
        try:
            self.known.publish(files)
        except PermanentError:
            self.known.asked.drop()
            return None
        return self.done(files, asked)

    def done(self, files, asked):
        self.known.asked.done()
        aside.discard(files, asked.path)
        self.known.left.published(asked.temporary)
        self.known.partial = None
        self.known.left.remove_stranger(files, asked.arrival.modified, renamed=asked.temporary)
        return replace(asked.arrival, sent=Sent(asked.size, asked.sha256))

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
        if not (self.known.left or self.is_in_doubt() or aside.readable(self.delivery.journal)):
            return
        with suppress(ExportError, Stopped), self.errand(after_stop=CLEARING) as connection:
            files = Files(connection)
            self.known.partial = None
            aside.settle(files)  # While the temporary file tells enough.
            self.settle(files)
            self.clean(files)
        self.tell_of_left()

    def tell_of_left(self):
        aside.tell(self.delivery)
        asked = self.known.renaming
        waiting = asked.temporary if self.is_in_doubt() else ""
        if not (asked and asked.answer == DONE) and (left := self.known.left.told(but=waiting)):
            self.delivery.log(left)

    def doubt(self) -> str:
        """Return what is there, or may be, though the delivery failed."""
        asked = self.known.asked.last()
        if not asked or asked.answer == REFUSED:
            return ""
        return (THERE if asked.answer == DONE else MAYBE).format(asked.path)

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


def is_of(renaming, content):
    """Return whether the file that was to be renamed has the bytes of the content.

    Of those that differ at each reading it is enough that the journal is of these rows and
    settings. They are read all the same: a part of a result learns by that where it ends.
    """
    for _ in content:
        pass
    sent = content.bytes, content.digest.hexdigest()
    return not content.repeatable or sent == (renaming.size, renaming.sha256)


def is_as_left(files, asked):
    """Return whether the temporary file is still the one that was to be renamed."""
    now = arrival(asked.path, files.stat(asked.temporary))
    return (now.bytes, now.modified) == (asked.size, asked.arrival.modified)


def is_there(asked, files):
    """Return whether the file that was renamed arrived, once its temporary name is gone.

    Without a file of the final name, somebody took it away already; an older one was there before.
    """
    found = files.stat(asked.path)
    if not found:
        return asked.has_gone_by_it()
    now, before = arrival(asked.path, found), asked.arrival
    if now.bytes not in (None, asked.size) or now.modified < before.modified:
        return False
    if now.modified == before.modified and asked.has_gone_by_it():
        return True
    held = files.sha256(asked.path)  # Another one of the same size can have the name by now.
    return held == asked.sha256 if held else asked.has_gone_by_it()
