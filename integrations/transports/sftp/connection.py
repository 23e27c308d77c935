"""A connection to an SFTP server: found, reached, recognized and logged in to, step by step."""

import base64
import hashlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import paramiko

from integrations.delivery import Delivery
from integrations.errors import PermanentError, TransientError
from integrations.transports import egress
from integrations.transports.dialling import dial_first
from integrations.transports.private_keys import read_private_key
from integrations.transports.sftp.faults import SEVERAL, translate
from integrations.transports.sftp.watchdog import Watchdog
from integrations.transports.sftp.wire import Wire

LONGEST_SETUP = 60.0  # seconds for each step of connecting, however long the timeout
LOOK = 0.1  # seconds between looks at the stop signal
MORE_SETUP = 10.0  # seconds for each further session to open, and for the first answers on it
KEEPALIVE = 15  # seconds; for routers that forget idle connections
FASTEST_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")
FAILURES = (paramiko.SSHException, paramiko.SFTPError, OSError, EOFError, UnicodeDecodeError)

# Its errors are raised to us as well; its log would repeat them, with a traceback each.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@dataclass
class Shown:
    """What a server has shown that it can do, over all tries."""

    several: bool | None = None  # whether it takes one file over several channels; None: unknown
    breaks: int = 0  # how often an upload over several channels broke


@dataclass(frozen=True)
class Account:
    """Who logs in where, and how."""

    host: str
    port: int
    username: str
    password: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    timeout: float = 600.0
    shown: Shown = field(default_factory=Shown, compare=False, repr=False)

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    def key(self) -> paramiko.PKey | None:
        return read_private_key(self.private_key, self.passphrase) if self.private_key else None


class Connection:
    """A connection that is made in four steps. Each returns a detail, or raises ExportError."""

    def __init__(
        self,
        account: Account,
        delivery: Delivery,
        measured: Callable[["Connection"], None] = lambda _: None,
    ):
        self.account = account
        self.delivery = delivery
        self.measured = measured  # called once the round trip is known, before the log-in ends
        self.setup = min(account.timeout, LONGEST_SETUP)
        self.patience = account.timeout / 2
        self.fingerprint = ""
        self.addresses = []
        self.round_trip = 0.0  # seconds to the quicker of the first answers to who is logged in
        self.several = account.shown.several  # as earlier connections know
        self.ahead: list[Future[paramiko.SFTPClient]] = []  # further sessions that nobody has yet
        self.socket = self.transport = self.watchdog = self.client = None

    def __enter__(self):
        for step in (self.resolve, self.connect, self.check_host_key, self.log_in):
            try:
                step()
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(self, *_):
        self.close()

    def is_open(self) -> bool:
        return bool(self.transport and self.transport.is_active())

    def close(self):
        if self.watchdog:
            self.watchdog.close()
        if self.socket:
            self.socket.close()

    @contextmanager
    def doing(self, deed: str):
        """Turn whatever fails inside into an error that says what was being done."""
        try:
            yield
        except FAILURES as error:
            self.delivery.check()
            late = isinstance(error, TimeoutError) or bool(self.watchdog and self.watchdog.silent)
            if self.client and not is_answer(error):
                self.close()  # What is late would be taken for the answer to something else.
            if self.client and late:
                raise self.silence(deed) from error
            raise translate(error, deed, self.account.password) from error

    def silence(self, deed):
        return TransientError(
            f"{deed}: {self.account.place} did not answer for {self.patience:g} seconds.",
            remedy="Check the network, or raise the Timeout.",
        )

    def resolve(self) -> str:
        self.addresses = egress.resolve(self.account.host, self.account.port, self.delivery)
        return ", ".join(address.ip for address in self.addresses)

    def connect(self) -> str:
        with self.doing(f"Connect to {self.account.place}"):
            self.socket = dial_first(self.addresses, self.delivery, self.setup)
        return f"{self.socket.getpeername()[0]}, port {self.account.port}"

    def check_host_key(self) -> str:
        with self.doing(f"Connect to {self.account.place}"):
            self.greet()
        shown = self.transport.get_remote_server_key()
        self.fingerprint = digest(shown.asbytes())
        hosts, place = self.delivery.known_hosts, (self.account.host, self.account.port)
        if not (pinned := hosts.get(*place)):
            hosts.pin(*place, f"{shown.get_name()} {shown.get_base64()}")
            self.delivery.log(f"Host key {self.fingerprint} of {self.account.place} pinned.")
            return f"{self.fingerprint}, met for the first time and pinned"
        if pinned.split()[:2] != [shown.get_name(), shown.get_base64()]:
            raise self.changed(pinned)
        return f"{self.fingerprint}, as pinned"

    def greet(self):
        """Agree on keys and ciphers with the server."""
        self.socket = Wire(self.socket)
        self.transport = paramiko.Transport(self.socket)
        self.transport.banner_timeout = self.setup
        self.transport.auth_timeout = self.setup
        self.watchdog = Watchdog(self.transport, self.delivery, self.patience)
        self.prefer()
        agreed = threading.Event()
        deadline = time.monotonic() + self.setup
        self.transport.start_client(event=agreed)
        while not agreed.wait(LOOK) and time.monotonic() < deadline:
            self.delivery.check()
        if not agreed.is_set():
            raise TimeoutError
        if not self.transport.is_active():
            raise self.transport.get_exception() or EOFError
        self.transport.set_keepalive(KEEPALIVE)

    def prefer(self):
        """Prefer the fastest ciphers, and the type of host key that is pinned."""
        choices = self.transport.get_security_options()
        choices.ciphers = first(FASTEST_CIPHERS, choices.ciphers)
        if pinned := self.delivery.known_hosts.get(self.account.host, self.account.port):
            type_ = pinned.split()[0]
            wanted = RSA_SIGNATURES if type_ == "ssh-rsa" else (type_,)
            choices.key_types = first(wanted, choices.key_types)

    def changed(self, pinned):
        before, text = pinned.split()[:2]
        now = self.transport.get_remote_server_key().get_name()
        return PermanentError(
            f"The host key of {self.account.place} has changed: pinned is {before} "
            f"{digest(base64.b64decode(text))}, the server shows {now} {self.fingerprint}. "
            "Nothing was sent.",
            remedy="Ask the server's operator whether its key was replaced. If it was, an "
            "administrator removes the pinned host key, and the next export pins the new one. "
            "If not, somebody may be listening in between.",
        )

    def log_in(self) -> str:
        account = self.account
        key = account.key()
        with self.doing(f"Log in to {account.place} as {account.username}"):
            if key:
                more = self.transport.auth_publickey(account.username, key)
            else:
                more = self.give_password()
        if more:
            raise PermanentError(
                f"Log in to {account.place} as {account.username}: the server wants "
                f"{' or '.join(more)} on top.",
                remedy="Ask its operator for a user with one factor, for unattended exports.",
            )
        with self.doing(f"Open an SFTP session on {account.place}"):
            self.client = self.open_sftp(self.setup, self.patience)
        return f"{account.username}, with a {key.get_name()} key" if key else account.username

    def give_password(self):
        """Log in with the password, also where the server asks for it as for an answer.

        paramiko can do that too, and then tells of a wrong one that passwords are not accepted.
        """
        name = self.account.username
        try:
            return self.transport.auth_password(name, self.account.password, fallback=False)
        except paramiko.BadAuthenticationType as error:
            if "keyboard-interactive" not in error.allowed_types:
                raise
        return self.transport.auth_interactive(name, self.answers)

    def answers(self, _title, _instructions, questions):
        """Answer the one question for the password; some servers ask nothing after that."""
        if len(questions) > 1:
            raise paramiko.SSHException(SEVERAL)
        return [self.account.password] * len(questions)

    def open_sftp(self, setup: float, patience: float) -> paramiko.SFTPClient:
        """Return an SFTP session on a channel of its own.

        Opening may take `setup` seconds, and each answer after that `patience` seconds.
        """
        asked = time.monotonic()
        channel = self.transport.open_session(timeout=setup)
        if not self.round_trip:
            self.round_trip = time.monotonic() - asked
            self.measured(self)
        channel.settimeout(patience)
        with self.watchdog.waiting():
            try:
                channel.invoke_subsystem("sftp")
            except paramiko.SSHException as error:
                if not self.transport.is_active():
                    raise
                raise paramiko.ChannelException(0, "no subsystem") from error
            asked = time.monotonic()
            client = paramiko.SFTPClient(channel)
            self.round_trip = min(self.round_trip, time.monotonic() - asked)
            return client

    def open_ahead(self, many: int) -> None:
        """Begin to open so many further sessions, for those who are going to ask for one."""
        pool = ThreadPoolExecutor(many, "session")
        self.ahead = [pool.submit(self.open_further) for _ in range(many)]
        pool.shutdown(wait=False)

    def open_further(self):
        return self.open_sftp(MORE_SETUP, MORE_SETUP)

    def further_session(self) -> paramiko.SFTPClient:
        """Return one more session, opened ahead or now. It is not patient yet."""
        return self.ahead.pop().result() if self.ahead else self.open_further()


def digest(key: bytes) -> str:
    """Return the fingerprint of a public key as OpenSSH prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def is_answer(error: Exception) -> bool:
    """Return whether the server itself refused a request, and the connection goes on."""
    lost = isinstance(error, TimeoutError | ConnectionError) or "Socket is closed" in str(error)
    return isinstance(error, OSError) and not lost


def first(wanted, offered):
    """Return all that is offered, with what is wanted of it at the front."""
    front = [name for name in wanted if name in offered]
    return tuple(front) + tuple(name for name in offered if name not in front)
