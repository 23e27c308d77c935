"""What a connector is given beside the rows: host keys, the stop signal, progress, the slot."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from integrations.errors import Stopped


class KnownHosts(Protocol):
    """Host keys seen before. Keys are OpenSSH text: `ssh-ed25519 AAAA…`."""

    def get(self, host: str, port: int) -> str | None: ...

    def pin(self, host: str, port: int, key: str) -> None: ...


@dataclass
class MemoryHosts:
    """Host keys of this process only, for tests and trials."""

    keys: dict[tuple[str, int], str] = field(default_factory=dict)

    def get(self, host, port):
        return self.keys.get((host, port))

    def pin(self, host, port, key):
        self.keys[host, port] = key


def ignore(*_):
    pass


@dataclass
class Delivery:
    """The surroundings of one export."""

    known_hosts: KnownHosts = field(default_factory=MemoryHosts)
    networks: tuple[str, ...] = ()  # networks beside the public internet that may be reached
    stopped: Callable[[], bool] = lambda: False
    held: Callable[[], bool] = lambda: True  # whether no other process has the work by now
    progress: Callable[[int], None] = ignore  # bytes sent so far
    log: Callable[[str], None] = ignore
    slot: datetime = field(default_factory=lambda: datetime.now(UTC))  # in the schedule's zone
    job: str = "manual"  # unique to the job; names its temporary files
    number: str = "0"  # of the job that people know; a retry has that of the first

    def check(self) -> None:
        """Raise Stopped when the work has to end."""
        if self.stopped():
            raise Stopped

    def fence(self) -> None:
        """Raise Stopped where what others see is not, or not any more, to be changed here."""
        self.check()
        if not self.held():
            raise Stopped
