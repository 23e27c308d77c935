"""How the S3 sandbox can be as difficult as servers in the field are."""

import threading
from dataclasses import dataclass, field

MEGABYTE = 1 << 20


@dataclass
class S3Switches:
    """What the server cannot do, or does wrong. Operations are named as in S3's own reference."""

    # Operation -> answers that it gets in place of its own, in turn: (status, code).
    refusals: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    retry_after: int = 0  # seconds that a refusal asks for
    dropped: dict[str, int] = field(default_factory=dict)  # operation -> hang up in its body, times
    lost: dict[str, int] = field(default_factory=dict)  # operation -> done, and no answer, times
    mute: set[str] = field(default_factory=set)  # operations not done, and answered with 200 alone
    silent: set[str] = field(default_factory=set)  # operations that get no answer until the end
    bytes_per_second: int = 0  # that bodies are read with; 0 is as fast as they come
    quota: int = 0  # bytes of an object; 0 is no limit
    checksums: bool = True  # False: headers of them are refused, as on servers of some years ago
    unsupported: bool = False  # True: with 400 in place of 501
    # Whether an upload with checksums needs those of its parts to end, as MinIO has it.
    part_checksums: bool = False
    composite: bool = False  # True: objects of parts have checksums of checksums, as on older ones
    own_etags: bool = False  # True: objects of parts have ETags that S3 would not give them
    look: bool = True  # False: objects may be written and not looked at
    damage: bool = False  # the first byte of what is written is stored as another one
    clock: int = 0  # seconds that it is ahead
    least_part: int = 5 * MEGABYTE  # of all but the last
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def refusal(self, operation: str) -> tuple[int, str] | None:
        """Return the answer that the operation gets in place of its own, if any."""
        with self.lock:
            waiting = self.refusals.get(operation) or self.refusals.get("*")
            return waiting.pop(0) if waiting else None

    def drops(self, operation: str) -> bool:
        return self.counted_down(self.dropped, operation)

    def loses(self, operation: str) -> bool:
        return self.counted_down(self.lost, operation)

    def counted_down(self, counts, operation):
        with self.lock:
            left = counts.get(operation, 0)
            counts[operation] = max(0, left - 1)
            return left > 0
