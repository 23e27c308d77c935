"""The process that children are forked from: `python -m console.engines.forking SOCKET SECONDS`.

It has loaded DuckDB, opened an empty database and has one thread; it reads nothing itself. Each
message on its socket is the path of a request, and brings the files that a child writes to: its
answers, its complaints, and a line on which the child tells its id, and this process how it ended
or why it could not be forked. The id stays the child's until the line is closed: a child whose line
is closed is ended.
"""

import os
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import NoReturn

from console.engines import child, sandbox

LONGEST = 1 << 14  # bytes of a path
FILES = 3


class Forks:
    """The children that run, each with its line."""

    def __init__(self, asked: socket.socket, connection):
        self.asked, self.connection = asked, connection
        self.running: dict[socket.socket, int] = {}
        self.ended: set[int] = set()  # and told
        self.left: set[int] = set()  # killed, as their line was closed, and yet to end
        self.woken, self.waking = socket.socketpair()
        self.selector = DefaultSelector()
        self.selector.register(self.asked, EVENT_READ)
        self.selector.register(self.woken, EVENT_READ)

    def serve(self, idle_seconds: float) -> None:
        """Fork what is asked for until nobody is there to ask, or nobody has for so long."""
        self.waking.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.waking.fileno(), warn_on_full_buffer=False)
        going_on = True
        while going_on:
            events = self.selector.select(None if self.running else idle_seconds)
            going_on = bool(events or self.running)
            for key, _ in events:
                if key.fileobj is self.asked:
                    going_on = self.fork()
                elif key.fileobj is self.woken:
                    self.see_who_ended()
                else:
                    self.let_go(key.fileobj)
        for line in list(self.running):
            self.let_go(line)

    def fork(self) -> bool:
        """Fork a child for the next request, if one is still to come."""
        path, files, _, _ = socket.recv_fds(self.asked, LONGEST, FILES)
        if len(files) < FILES:
            for file in files:
                os.close(file)
            return bool(path)
        line = socket.socket(fileno=files.pop())
        try:
            pid = os.fork()
        except OSError as error:
            tell(line, b"refused", error.errno)
            line.close()
        else:
            if not pid:
                self.become(os.fsdecode(path), files, line)
            self.running[line] = pid
            self.selector.register(line, EVENT_READ)
        for file in files:
            os.close(file)
        return True

    def become(self, path: str, files: list[int], line: socket.socket) -> NoReturn:
        """Be the child: close what is the server's, and do the work."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()
            sandbox.die_with(SERVER)
            sandbox.call_itself("query")
            tell(line, b"begun", os.getpid())
            line.close()
            self.close()
            for number, file in enumerate(files, start=1):
                os.dup2(file, number)
                os.close(file)
            child.main(self.connection.cursor(), Path(path))
            status = 0
        except BaseException:  # noqa: BLE001 - whoever asked is told, and nothing else of it runs.
            traceback.print_exc()
        finally:
            with suppress(Exception):
                sys.stdout.flush()
            os._exit(status)

    def close(self) -> None:
        """Close all that only this process needs."""
        self.selector.close()
        for each in (self.asked, self.woken, self.waking, *self.running):
            each.close()

    def see_who_ended(self) -> None:
        """Tell how each child has ended that did, and forget those that nobody asks about."""
        self.woken.recv(4096)
        for line, pid in self.running.items():
            if pid in self.ended:
                continue
            found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found:
                self.ended.add(pid)
                by_itself = found.si_code == os.CLD_EXITED
                tell(line, b"ended", found.si_status if by_itself else -found.si_status)
        self.left -= {pid for pid in self.left if os.waitpid(pid, os.WNOHANG)[0]}

    def let_go(self, line: socket.socket) -> None:
        """End a child, and what it started, once its line is closed at the other end."""
        pid = self.running.pop(line)
        self.selector.unregister(line)
        line.close()
        self.ended.discard(pid)
        for kill in (os.killpg, os.kill):  # It may not have a group yet.
            with suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)
        if not os.waitpid(pid, os.WNOHANG)[0]:
            self.left.add(pid)


def tell(line: socket.socket, what: bytes, number: int) -> None:
    with suppress(OSError):  # Nobody listens any more, which is seen as the next event.
        line.send(b"%s %d" % (what, number))


SERVER = os.getpid()

if __name__ == "__main__":
    number, idle_seconds = sys.argv[1:]
    Forks(socket.socket(fileno=int(number)), child.connect()).serve(float(idle_seconds))
