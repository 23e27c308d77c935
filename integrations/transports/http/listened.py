"""A socket whose reader is told when the first line has come."""

import io
import socket
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Listened:
    """A socket as the library takes one to read an answer from."""

    sock: socket.socket
    heard: Callable[[], None]  # called at each line: a call is nothing beside what reads it

    def makefile(self, mode: str) -> "Lines":
        return Lines(self.sock.makefile(mode, buffering=0), self.heard)


class Lines(io.BufferedReader):
    """What comes, with a word at each line."""

    def __init__(self, raw: io.RawIOBase, heard: Callable[[], None]):
        super().__init__(raw)
        self.heard = heard

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.heard()
        return line
