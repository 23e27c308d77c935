"""The S3 sandbox's HTTP server: one user, and buckets that are folders."""

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from integrations.sandbox import HOST
from integrations.sandbox.s3 import BUCKETS, operations, signature
from integrations.sandbox.s3.operations import Operations, operation_of, query_of
from integrations.sandbox.s3.refusing import Refusal
from integrations.sandbox.s3.store import Store, crc32
from integrations.sandbox.s3.switches import S3Switches

BLOCK = 1 << 16
# Of these there are one for each algorithm; which mode an answer has is another matter.
CHECKSUM = ("x-amz-checksum-crc", "x-amz-checksum-sha", "x-amz-checksum-algorithm")
MODE = "x-amz-checksum-mode"


class Gone(Exception):
    """There is nobody to answer, or nobody is to be answered."""


@dataclass
class Request:
    """What was asked for."""

    bucket: str
    key: str
    query: dict
    headers: object
    body: bytes = field(default=b"", repr=False)


class Handler(BaseHTTPRequestHandler):
    """The requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        request = Request(bucket, key, query_of(parts.query), self.headers)
        operation = operation_of(self.command, bucket, key, request.query)
        self.server.sandbox.asked.append(operation)
        try:
            request.body = self.body(operation)
            status, headers, body = self.done(operation, request)
        except Refusal as refusal:
            status, headers, body = refusal.status, self.patience(), refusal.xml
        except Gone:
            self.close_connection = True
            return
        self.tell(status, headers, body.encode() if isinstance(body, str) else body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

    def done(self, operation, request):
        """Do what was asked for, as far as the switches let it."""
        switches = self.server.sandbox.switches
        signature.check(self.command, self.path, self.headers, request.body, ahead=switches.clock)
        if refused := switches.refusal(operation):
            raise Refusal(*refused)
        self.check_checksum(request, switches)
        if operation in switches.mute:
            return 200, {}, b""
        deed = getattr(self.server.sandbox.operations, operation, None)
        if deed is None:
            raise Refusal(501, "NotImplemented")
        try:
            answer = deed(request)
        except OSError:
            raise Refusal(500, "InternalError") from None
        if operation in switches.silent:
            self.server.sandbox.ended.wait()
            raise Gone
        if switches.loses(operation):
            raise Gone
        return answer

    def check_checksum(self, request, switches):
        """Refuse what is not what its sender says, or that it says so at all."""
        looking = switches.unsupported and self.command == "HEAD"
        unknown = MODE if looking else CHECKSUM
        given = [name for name in map(str.lower, self.headers) if name.startswith(unknown)]
        if not switches.checksums and given:
            if not switches.unsupported:
                raise Refusal(501, "NotImplemented")
            told = f"Unsupported header '{given[0]}' received for this API call"
            raise Refusal(400, "InvalidArgument", told)
        said = self.headers.get(operations.CRC)
        if said and self.command == "PUT" and said != crc32([request.body]):
            raise Refusal(400, "BadDigest")

    def body(self, operation):
        """Return the body, read as slowly or as badly as the switches say."""
        switches = self.server.sandbox.switches
        length = int(self.headers.get("Content-Length") or 0)
        dropped = bool(length) and switches.drops(operation)
        data = bytearray()
        while len(data) < (length // 2 if dropped else length):
            block = self.rfile.read(min(BLOCK, length - len(data)))
            if not block:
                raise Gone
            data += block
            if switches.bytes_per_second:
                time.sleep(len(block) / switches.bytes_per_second)
        if dropped:
            raise Gone
        return bytes(data)

    def patience(self):
        seconds = self.server.sandbox.switches.retry_after
        return {"Retry-After": str(seconds)} if seconds else {}

    def tell(self, status, headers, body):
        self.send_response(status)
        if "Content-Length" not in headers and status != 204:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing: the console has a log of its own."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Say nothing of clients that went away."""


class S3Sandbox:
    """An S3 server for the buckets under `root`."""

    def __init__(self, root: Path, *, port: int = 0, switches: S3Switches | None = None):
        self.store = Store(root, BUCKETS)
        self.switches = switches or S3Switches()
        self.operations = Operations(self.store, self.switches)
        self.ended = threading.Event()
        self.asked = []  # operations, in turn
        self.http = Server((HOST, port), Handler)
        self.http.sandbox = self
        self.port = self.http.server_address[1]
        self.address = f"http://{HOST}:{self.port}"

    def serve(self) -> None:
        """Answer requests until stop() is called."""
        try:
            self.http.serve_forever(poll_interval=0.1)
        finally:
            self.http.server_close()

    def stop(self) -> None:
        """End serve(), which answers in another thread."""
        self.ended.set()
        self.http.shutdown()

    def stop_soon(self) -> None:
        """End serve() from a signal, which came in between what it does."""
        threading.Thread(target=self.stop, daemon=True).start()
