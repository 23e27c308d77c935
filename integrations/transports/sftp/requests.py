"""Requests to an SFTP server with many under way at once, so that distance costs little.

paramiko asks for one confirmation at a time, and drops what a server answers to the end of a
file: a full disk can show there first. These requests go over the channel that it has opened.
"""

import errno
import math
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count

from paramiko.sftp import CMD_OPEN, CMD_STATUS, CMD_WRITE, SFTPError

UNDER_WAY = 4 * 1024 * 1024  # bytes sent and not yet confirmed
LONGEST_ANSWER = 1024 * 1024  # bytes; those that are waited for here have a few hundred
PACKET = 32_768 - 64  # what paramiko puts into one packet of SSH; for more, it copies all
FIRST_REQUEST = 0x4000_0000  # far from the numbers that paramiko gives to its own requests
END, ERRORS = 1, {2: errno.ENOENT, 3: errno.EACCES}
WORDS = {  # whatever language the server says it in
    5: "bad message",
    8: "unsupported",
    12: "write protected",
    14: "no space left",
    15: "quota exceeded",
}
HEAD = struct.Struct(">IBI")  # length, type, request
LENGTH, REST = 4, 5  # bytes of the head that the length does not count, and that it does


class EndOfFile(OSError):
    """The file has no more bytes."""


class Unexplained(OSError):
    """A refusal of which only the server's own words may tell why."""


@dataclass
class Question:
    """A request that is asked for the content of its answer."""

    asked: float | None  # when; nothing where the time to the answer tells nothing
    kind: int | None = None  # of the answer
    content: bytes | None = None
    error: Exception | None = None

    def hear(self, kind: int, content: bytes) -> float:
        """Take the answer. Return the seconds that it took, where these tell something."""
        if kind == CMD_STATUS and (code := int.from_bytes(content[:4], "big")):
            self.error = failure(code, content)
        else:
            self.kind, self.content = kind, content
        return math.inf if self.asked is None else time.monotonic() - self.asked

    def answer(self, kind: int | None = None) -> bytes:
        """Return the content, of the kind if one is given. Raise OSError where it is an error."""
        if self.error:
            raise self.error
        if kind not in (None, self.kind):
            raise SFTPError("an answer to something else")
        return self.content


class Requests:
    """Requests to one SFTP channel, and the answers that are due."""

    def __init__(self, channel, waiting):
        self.channel = channel
        self.waiting = waiting  # context manager for times in which the server owes an answer
        self.numbers = count(FIRST_REQUEST)
        self.due = {}  # request -> (bytes, what to call when it went well)
        self.under_way = 0
        self.quickest = math.inf  # seconds to the answer of one request
        self.received = bytearray()
        self.questions = {}  # request -> the question that waits for its content
        self.failure = None

    def ask(self, kind: int, body: bytes, answer: int | None = None) -> bytes:
        """Return the content of the answer, of its kind. Raise OSError where it is an error."""
        question = self.begin(kind, body)
        self.settle()
        return question.answer(answer)

    def begin(self, kind: int, body: bytes) -> "Question":
        """Ask without waiting: the answer is there once all is settled.

        Nothing else may read from the channel before that.
        """
        telling = len(self.due) == len(self.questions)  # Others may wait for a disk.
        question = Question(time.monotonic() if telling else None)
        self.questions[self.send(kind, body)] = question
        return question

    def open(self, path: str, flags: int) -> bytes:
        """Return the handle of the file. Raise OSError where the server refuses it."""
        answer = self.ask(CMD_OPEN, string(path.encode()) + struct.pack(">II", flags, 0))
        return answer[4 : 4 + int.from_bytes(answer[:4], "big")]

    def write(
        self, handle: bytes, offset: int, data: memoryview, confirm: Callable[[int, int], None]
    ) -> None:
        """Write without waiting for the answer. Raise OSError for one that has come meanwhile.

        Once the server has confirmed the bytes, `confirm` is told where they start and end.
        """
        body = string(handle) + struct.pack(">QI", offset, len(data))
        self.send(CMD_WRITE, body, data, partial(confirm, offset, offset + len(data)))
        while self.under_way > UNDER_WAY:
            self.read()
        self.read_ready()

    def read_ready(self) -> None:
        """Take the answers that have come. Raise OSError where one is an error."""
        while self.due and self.channel.recv_ready():
            self.read()
        self.raise_failure()

    def settle(self) -> None:
        """Wait for all answers that are due. Raise OSError where one is an error."""
        while self.due:
            self.read()
        self.raise_failure()

    def send(self, kind, body, data=b"", confirm=lambda: None):
        number = next(self.numbers)
        start = HEAD.pack(REST + len(body) + len(data), kind, number) + body
        room = PACKET - len(start)
        with self.waiting():
            self.push(b"".join((start, data[:room])))
            for offset in range(room, len(data), PACKET):
                self.push(data[offset : offset + PACKET])
        self.due[number] = len(data), confirm
        self.under_way += len(data)
        return number

    def push(self, packet):
        while packet:
            sent = self.channel.send(packet)
            if not sent:
                raise EOFError("the server closed the channel")
            packet = packet[sent:]

    def read(self):
        with self.waiting():
            received = self.channel.recv(65_536)
        if not received:
            raise EOFError("the server closed the channel")
        self.received += received
        while answer := self.whole_answer():
            self.take(*answer)

    def whole_answer(self):
        """Return type, request and content of the next answer, or None until all of it is there."""
        if len(self.received) < HEAD.size:
            return None
        length, kind, number = HEAD.unpack_from(self.received)
        if length > LONGEST_ANSWER:
            raise SFTPError(f"an answer of {length} bytes")
        if len(self.received) < LENGTH + length:
            return None
        content = bytes(self.received[HEAD.size : LENGTH + length])
        del self.received[: LENGTH + length]
        return kind, number, content

    def take(self, kind, number, content):
        """Check an answer off: they may come in any order.

        For those to requests of others nobody waits any more.
        """
        if number < FIRST_REQUEST:
            return
        if number not in self.due:
            raise EOFError("the server answered what was not asked")
        size, confirm = self.due.pop(number)
        self.under_way -= size
        if question := self.questions.pop(number, None):
            self.quickest = min(self.quickest, question.hear(kind, content))
        elif kind == CMD_STATUS and (code := int.from_bytes(content[:4], "big")):
            self.failure = self.failure or failure(code, content)
        else:
            confirm()

    def raise_failure(self):
        """Raise the first bad answer, once nothing is due that the next request could meet."""
        if not self.failure:
            return
        while self.due:
            self.read()
        error, self.failure = self.failure, None
        raise error


def string(content: bytes) -> bytes:
    """Return the bytes as SSH writes them: after their length."""
    return struct.pack(">I", len(content)) + content


def failure(code, content):
    """Return the exception for a bad status."""
    text = content[8 : 8 + int.from_bytes(content[4:8], "big")].decode(errors="replace")
    if code in ERRORS:
        return OSError(ERRORS[code], text)
    if code == END:
        return EndOfFile(text)
    if code in WORDS:
        return OSError(f"{WORDS[code]}: {text}")
    return Unexplained(text) if text else OSError(f"status {code}")
