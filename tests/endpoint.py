"""A web server on 127.0.0.1 that answers as it is told to, and keeps what it was sent."""

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Received:
    """One request, and over which connection it came."""

    method: str
    path: str
    headers: dict
    body: bytes
    client: tuple


class Endpoint:
    """Answers with the next of `answers`, a status or a function of the handler; then with 200."""

    def __init__(self, certificate=None, protocol="HTTP/1.1"):
        self.answers, self.requests = [], []
        self.connections = []
        self.over = threading.Event()  # ends what hangs
        handler = type("Handler", (Handler,), {"endpoint": self, "protocol_version": protocol})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = False
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.01])
        self.thread.start()

    @property
    def port(self):
        return self.server.server_address[1]

    def url(self, path="/hook", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def stop(self):
        self.over.set()
        self.server.shutdown()
        self.thread.join()
        for connection in self.connections:
            with suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    endpoint: Endpoint

    def setup(self):
        self.endpoint.connections.append(self.request)
        super().setup()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, self.path, headers, body, self.client_address)
        self.endpoint.requests.append(received)
        answer = self.endpoint.answers.pop(0) if self.endpoint.answers else 200
        if callable(answer):
            with suppress(OSError):
                answer(self)
        else:
            self.say(answer)

    do_GET = do_PUT = do_POST

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self):
        with suppress(OSError):  # Clients go away in the middle.
            super().handle()

    def finish(self):
        with suppress(OSError):
            super().finish()

    def log_message(self, *_):
        pass


def hangs(handler):
    """Take the request and say nothing."""
    handler.close_connection = True
    handler.endpoint.over.wait(20)


def drips(handler):
    """Send the headers letter by letter, without an end."""
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.endpoint.over.wait(0.02):
        handler.wfile.write(b"x")


def endless(handler):
    """Say 200, and go on with the body for ever."""
    handler.close_connection = True
    handler.send_response(200)
    handler.end_headers()
    while not handler.endpoint.over.is_set():
        handler.wfile.write(b"x" * 65536)


def redirects(to):
    return lambda handler: handler.say(302, location=to)


def busy(retry_after, status=429):
    return lambda handler: handler.say(status, retry_after=retry_after)


def goes_away(handler):
    """Close the connection in place of an answer."""
    handler.close_connection = True


def is_no_web_server(handler):
    handler.close_connection = True
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")


@pytest.fixture
def endpoint():
    server = Endpoint()
    yield server
    server.stop()


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A file with key and certificate of localhost, which this process trusts."""
    path = tmp_path / "localhost.pem"
    path.write_bytes(pem_of("localhost"))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


def pem_of(name, days=1):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([alternative(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return private + built.public_bytes(serialization.Encoding.PEM)


def alternative(name):
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
