"""What the server was sent, as JSON lines for people to read."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path


class Store:
    """Files in a folder: one for each kind of record, one for the requests, and the lists."""

    def __init__(self, root: Path):
        self.root = root.resolve()
        self.lists = self.root / "lists"
        self.lists.mkdir(parents=True, exist_ok=True)
        self.lock = threading.Lock()
        self.files = {}

    def add(self, name: str, *entries: dict) -> None:
        """Add a line for each entry to the file of that name."""
        lines = (json.dumps(entry, ensure_ascii=False) for entry in entries)
        self.add_bytes(name, b"".join(line.encode() + b"\n" for line in lines))

    def add_bytes(self, name: str, data: bytes) -> None:
        with self.lock:
            if name not in self.files:
                self.files[name] = (self.root / f"{name}.jsonl").open("ab")
            self.files[name].write(data)
            self.files[name].flush()

    def note(self, path: str, status: int, **more) -> None:
        """Note that a request was answered."""
        self.add("requests", {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}", "path": path,
                              "status": status, **more})  # fmt: skip

    def read(self, name: str) -> list[dict]:
        path = self.root / f"{name}.jsonl"
        return (
            [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
        )

    def close(self) -> None:
        with self.lock:
            for file in self.files.values():
                file.close()
            self.files = {}
