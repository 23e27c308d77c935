"""A file on an SFTP server while it is being written."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from paramiko import SFTPAttributes
from paramiko.sftp import CMD_STAT, SFTP_FLAG_APPEND, SFTP_FLAG_TRUNC, SFTP_FLAG_WRITE

from integrations.transports.sftp.attributes import attributes
from integrations.transports.sftp.connection import FAILURES, is_answer
from integrations.transports.sftp.lanes import WORTH_LANES, Lane, is_far, more_lanes
from integrations.transports.sftp.requests import Question, string
from integrations.transports.sftp.together import keep_together

MORE = SFTP_FLAG_WRITE | SFTP_FLAG_APPEND
AGAIN = SFTP_FLAG_WRITE | SFTP_FLAG_TRUNC
LONG = 8 * 1024 * 1024  # bytes, after which an upload is worth a place for its threads
MOST_BREAKS = 2  # of uploads over several channels, after which one has to do
IN_ORDER = (
    "The server does not take one file over several channels: sending it over one. "
    "Over this distance that is slower."
)


@dataclass
class OpenFile:
    """A file that is being written, from its start or from where `size` says.

    To a server that is far, the blocks of a large file go over several channels, each to its
    place. Where the server cannot do that, they go over one, in order.
    """

    files: Any  # the Files that opened it
    path: str
    handle: bytes
    size: int = 0  # bytes given to it so far, with those before the offset it was resumed at
    confirmed: int = field(init=False)  # length of its start that the server has for sure
    beyond: dict[int, int] = field(default_factory=dict)  # confirmed behind a gap: start -> end
    held: list[tuple[int, memoryview]] = field(default_factory=list)  # not sent: offset, piece
    lanes: list[Lane] = field(init=False)
    decided: bool | None = None  # whether over several channels or not
    look: Question | None = None  # what the server has, asked for behind the close
    let_go: Callable[[], None] | None = None  # ends that its threads are kept together

    def __post_init__(self):
        self.confirmed = self.size
        self.lanes = [Lane(self.files.requests, self.handle)]
        self.shown = self.files.connection.account.shown

    def may_spread(self):
        """Return whether more channels may help and be possible."""
        connection = self.files.connection
        if connection.several is False or self.shown.breaks >= MOST_BREAKS:
            return False
        if self.size and not connection.several:
            return False  # What the file holds behind its confirmed start would spoil the trial.
        return is_far(connection, self.files.requests)

    def write(self, piece: memoryview) -> None:
        """Send the next bytes, without waiting for the server to confirm them."""
        with self.files.doing(f"Write {self.path}"):
            if self.decided is None:
                self.decided = not self.may_spread()
            self.held.append((self.size, piece))
            if not self.decided and self.holds_enough():
                self.spread()
            if self.decided:
                self.send_held()
        self.size += len(piece)
        if self.size > LONG and not self.let_go:  # Its other threads, which make it, run by now.
            self.let_go = keep_together(self.files.connection.transport.native_id)

    def holds_enough(self):
        held = sum(len(piece) for _, piece in self.held)
        return held >= WORTH_LANES and len(self.held) > 1

    def keep_in_order(self) -> None:
        """Use one channel only. Servers may show a file to others when any handle is closed."""
        self.decided = True

    def send_held(self):
        for offset, piece in self.held:
            lane = self.free_lane()
            lane.requests.write(lane.handle, offset, piece, self.confirm)
        self.held.clear()
        for lane in self.lanes:
            lane.requests.read_ready()

    def free_lane(self):
        """Return the lane that has the least to do, of those that take more right now."""
        ready = [lane for lane in self.lanes if lane.requests.channel.send_ready()]
        return min(ready or self.lanes, key=lambda lane: lane.requests.under_way)

    def spread(self):
        """Open more channels, and see whether the server takes blocks out of order there."""
        connection = self.files.connection
        self.shown.several = False  # If the connection breaks by it.
        self.decided = True
        if more := more_lanes(connection, self.path):
            self.lanes += more
            self.shown.several = connection.several or self.takes_blocks_out_of_order()
        connection.several = self.shown.several
        if not self.shown.several:
            connection.delivery.log(IN_ORDER)

    def takes_blocks_out_of_order(self):
        """Write the last block before the others, and see what that makes of the file."""
        lane, (offset, piece) = self.lanes[-1], self.held[-1]
        try:
            lane.requests.write(lane.handle, offset, piece, lambda *_: None)
            # By its name: a handle can tell of bytes that the server keeps for that handle alone.
            if lane.size_of(self.path) == offset + len(piece):
                return True
        except OSError as error:
            if not is_answer(error):
                raise
        self.begin_again()
        return False

    def begin_again(self):
        """Empty the file, and go on with one channel."""
        with suppress(OSError):
            self.close_lanes()
        handle = self.files.requests.open(self.path, AGAIN)
        self.lanes = [Lane(self.files.requests, handle)]

    def confirm(self, start: int, end: int) -> None:
        """Count bytes that the server has; `confirmed` grows once those before them are there."""
        self.beyond[start] = end
        while self.confirmed in self.beyond:
            self.confirmed = self.beyond.pop(self.confirmed)

    def close(self) -> None:
        """Finish the file: wait until the server has confirmed all of it."""
        try:
            with self.files.doing(f"Write {self.path}"):
                self.send_held()
                self.close_lanes(look=True)
        except BaseException:
            self.count_break()
            raise
        finally:
            self.part()

    def part(self):
        """Let its threads run wherever there is room again."""
        if self.let_go:
            self.let_go()
            self.let_go = None

    def close_lanes(self, *, look=False):
        """Ask all to close, behind what they still have to write, and hear how that went."""
        for lane in self.lanes:
            lane.send_close()
        if look and self.files.is_openssh:  # It answers one channel's requests in their order.
            self.look = self.files.requests.begin(CMD_STAT, string(self.path.encode()))
        for lane in self.lanes:
            lane.end()

    def as_closed(self) -> SFTPAttributes | None:
        """Return what the server said of the file when it was closed, if it was whole then.

        The other channels may still have been writing.
        """
        found = attributes(self.look.content) if self.look and self.look.content else None
        return found if found and found.st_size == self.size else None

    def open_to_append(self) -> None:
        """Open the file again, after it was closed. What is appended goes in order."""
        with self.files.doing(f"Append to {self.path}"):
            self.lanes = [Lane(self.files.requests, self.files.requests.open(self.path, MORE))]
        self.decided = True

    def count_break(self):
        """Note that several channels did not bring the file to its end."""
        if len(self.lanes) > 1:
            self.shown.breaks += 1

    def abandon(self) -> None:
        """Close the file as it is; it is not going to be used."""
        self.part()
        self.count_break()
        for lane in self.lanes:
            with suppress(*FAILURES):
                lane.requests.settle()
        with suppress(*FAILURES):
            self.close_lanes()
