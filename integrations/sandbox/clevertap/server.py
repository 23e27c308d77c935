"""The server: who asks, how many at once, which records are taken, and what it does wrong."""

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from integrations.sandbox import HOST
from integrations.sandbox.clevertap import ACCOUNT, PASSCODE, rules
from integrations.sandbox.clevertap.lists import BLOCK, Lists
from integrations.sandbox.clevertap.store import Store
from integrations.sandbox.clevertap.switches import Switches

UPLOADS = "/1/upload"
TAKEN = ("malformed", "drop", "silent", "502")  # faults of the answer only
ONE_REFUSED = ("partial", "vague")
MOST_BODY = 64 << 20
SUCCESS = {"status": "success"}  # all that is said of profiles that were demerged


@dataclass(frozen=True)
class Route:
    """A request that takes records."""

    key: str  # where they are in it
    most: int
    check: Callable
    name: str  # of the file that they are kept in


ROUTES = {
    UPLOADS: Route("d", 1000, rules.check_upload, ""),
    "/1/demerge/profiles.json": Route("identities", 100, rules.check_demerge, "demerged"),
    "/1/subscribe": Route("d", 1000, rules.check_subscription, "subscriptions"),
    "/1/disassociate": Route("d", 1000, rules.check_phone, "disassociated"),
}
KINDS = {"profile": "profiles", "event": "events", "token": "tokens"}
NO_ACCOUNT = {"status": "fail", "error": "Invalid Credentials", "code": 401}
TOO_MANY = {"status": "fail", "error": "Too many concurrent requests", "code": 429}


class Sandbox:
    """An account of CleverTap, whose data is kept in a folder."""

    def __init__(self, root: Path, *, port: int = 0, switches: Switches | None = None):
        self.switches = switches or Switches()
        self.store = Store(root)
        self.root = self.store.root
        self.lock = threading.Lock()
        self.under_way = {True: 0, False: 0}  # uploads, others
        self.most_under_way = 0
        self.over = threading.Event()
        handler = type("Handler", (Handler,), {"sandbox": self})
        self.server = ThreadingHTTPServer((HOST, port), handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.address = f"http://{HOST}:{self.port}"
        self.lists = Lists(self.store, self.address, self.switches.most_bytes)
        self.connections = set()

    def serve(self) -> None:
        """Answer requests until stop() is called."""
        try:
            self.server.serve_forever(poll_interval=0.05)
        finally:
            self.server.server_close()
            for connection in list(self.connections):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.store.close()

    def stop(self) -> None:
        """End serve(), which is running in another thread or frame."""
        self.over.set()
        threading.Thread(target=self.server.shutdown, daemon=True).start()

    def fault(self) -> str:
        with self.lock:
            return self.switches.faults.pop(0) if self.switches.faults else "ok"

    def enter(self, *, uploads: bool) -> bool:
        """Return whether there is room for one more request, and count it."""
        most = self.switches.uploads_at_once if uploads else self.switches.others_at_once
        with self.lock:
            if self.under_way[uploads] >= most:
                return False
            self.under_way[uploads] += 1
            self.most_under_way = max(self.most_under_way, self.under_way[uploads])
            return True

    def leave(self, *, uploads: bool) -> None:
        with self.lock:
            self.under_way[uploads] -= 1

    def take(self, route: Route, body: bytes, fault: str, *, rehearsal: bool) -> tuple[int, dict]:
        """Take the records of a request. Return the status and the answer."""
        try:
            [records] = json.loads(body, parse_constant=refuse).values()
            if not isinstance(records, list):
                raise TypeError
        except (ValueError, TypeError, AttributeError):
            return 400, {"status": "fail", "error": "Invalid payload", "code": 400}
        if len(records) > route.most:
            return 400, {"status": "fail", "error": f"More than {route.most} records", "code": 400}
        refused, taken = sorted_out(records, route, fault)
        if not rehearsal:
            self.keep(taken, route)
        status = "success" if not refused else "partial" if taken else "fail"
        if route.name == "demerged" and not refused:
            return 200, SUCCESS
        told = [] if fault == "vague" else refused
        return 200, {"status": status, "processed": len(taken), "unprocessed": told}

    def keep(self, records, route):
        named = {}
        for record in records:
            named.setdefault(route.name or KINDS[record["type"]], []).append(record)
        for name, kept in named.items():
            self.store.add(name, *kept)

    def take_unseen(self, route: Route, body: bytes) -> tuple[int, dict]:
        """Keep a request as it is: a line of its own."""
        self.store.add_bytes("unseen", body + b"\n")
        if route.name == "demerged":
            return 200, SUCCESS
        count = body.count(b'{"type":')
        return 200, {"status": "success", "processed": count, "unprocessed": []}


def refuse(constant: str):
    """Refuse NaN and the like: JSON has none of them, though Python reads them."""
    raise ValueError(constant)


def sorted_out(records: list, route: Route, fault: str) -> tuple[list[dict], list]:
    """Return the records that are not taken, each with its reason, and those that are."""
    refused, taken = [], []
    for place, record in enumerate(records):
        try:
            if fault == "fail" or (fault in ONE_REFUSED and not place):
                raise rules.Refused(555, "Internal server error")
            route.check(record)
        except rules.Refused as why:
            refused.append(
                {"status": "fail", "code": why.code, "error": str(why), "record": record}
            )
        else:
            taken.append(record)
    return refused, taken


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    sandbox: Sandbox

    def setup(self):
        self.sandbox.connections.add(self.request)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        super().setup()

    def finish(self):
        self.sandbox.connections.discard(self.request)
        with suppress(OSError):
            super().finish()

    def handle(self):
        with suppress(OSError):  # Clients go away in the middle.
            super().handle()

    def parse_request(self):
        self.came = time.monotonic()
        return super().parse_request()

    def do_POST(self):
        size = int(self.headers.get("Content-Length", 0))
        if size > MOST_BODY:
            self.close_connection = True
            self.say(413, {"status": "fail", "error": "Too large", "code": 413})
            return
        body = self.rfile.read(size)
        path, _, query = self.path.partition("?")
        fault = self.sandbox.fault()
        with ExitStack() as room:
            status, said = self.answer(path, query, body, fault, room)
            count = said.get("processed")
            self.sandbox.store.note(path, status, fault=fault, processed=count, bytes=size)
        self.tell(status, said, fault)

    def wait(self):
        """Let the time pass that an answer is to take, as far as it did not."""
        due = self.came + self.sandbox.switches.delay
        time.sleep(max(0, due - time.monotonic()))

    def answer(self, path, query, body, fault, room: ExitStack) -> tuple[int, dict]:
        """Return status and answer. What is taken keeps its room until the answer is due."""
        given = (self.headers["X-CleverTap-Account-Id"], self.headers["X-CleverTap-Passcode"])
        if given != (ACCOUNT, PASSCODE) or fault == "401":
            return 401, NO_ACCOUNT
        uploads = path == UPLOADS
        if fault == "429" or not self.sandbox.enter(uploads=uploads):
            return 429, TOO_MANY
        room.callback(self.sandbox.leave, uploads=uploads)
        room.callback(self.wait)
        return self.answer_account(path, query, body, fault)

    def answer_account(self, path, query, body, fault) -> tuple[int, dict]:
        if fault in ("500", "503"):
            return int(fault), {"status": "fail", "error": "Server error", "code": int(fault)}
        if path in ROUTES:
            if not self.sandbox.switches.check:
                return self.sandbox.take_unseen(ROUTES[path], body)
            rehearsal = "dryRun=1" in query
            return self.sandbox.take(ROUTES[path], body, fault, rehearsal=rehearsal)
        if path == "/get_custom_list_segment_url":
            return 200, self.sandbox.lists.give_url()
        if path == "/upload_custom_list_segment_completed":
            return 200, self.sandbox.lists.complete(json.loads(body))
        return 404, {"status": "fail", "error": "Not found", "code": 404}

    def do_PUT(self):
        size = int(self.headers.get("Content-Length", 0))
        fault = self.sandbox.fault()
        status, blocks = int(fault) if fault.isdigit() else 200, self.blocks(size)
        if status == 200:
            status = self.sandbox.lists.put(self.path, blocks, size)
        for _ in blocks:
            pass  # Who is refused hears of it once all is sent.
        self.sandbox.store.note(self.path.partition("?")[0], status, fault=fault, bytes=size)
        self.tell(status, {}, fault)

    def blocks(self, size):
        while size > 0 and (block := self.rfile.read(min(size, BLOCK))):
            size -= len(block)
            yield block

    def tell(self, status, said, fault):
        """Send the answer, or what comes in the place of it."""
        if fault not in TAKEN:
            self.say(status, said)
            return
        self.close_connection = True
        if fault == "silent":
            self.sandbox.over.wait(600)
        if fault == "malformed":
            self.say_bytes(200, b"<html>please wait</html>")
        if fault == "502":
            self.say(502, {})

    def say(self, status, said):
        more = self.sandbox.switches.retry_after if status == 429 else None
        self.say_bytes(status, json.dumps(said).encode(), more)

    def say_bytes(self, status, body, retry_after=None):
        lines = [f"HTTP/1.1 {status} {self.responses.get(status, ('',))[0]}"]
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        lines += [] if retry_after is None else [f"Retry-After: {retry_after}"]
        lines += ["Connection: close"] if self.close_connection else []
        # In one piece: two would wait for each other.
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + body)

    def log_message(self, *_):
        pass
