"""Runs the sandboxes: servers to try exports with."""

import threading
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.sandbox import (
    CLEVERTAP,
    HOST,
    PASSWORD,
    ROKT,
    SAVED_KEYS,
    USER,
    clevertap,
    vendors,
)
from integrations.sandbox.clevertap import server as clevertap_server
from integrations.sandbox.clevertap import switches as clevertap_switches
from integrations.sandbox.ending import when_told_to_end
from integrations.sandbox.s3 import ACCESS_KEY_ID, BUCKETS, SECRET_ACCESS_KEY
from integrations.sandbox.s3.server import S3Sandbox
from integrations.sandbox.s3.switches import S3Switches
from integrations.sandbox.server import Sandbox
from integrations.sandbox.switches import Switches

PORTS = {"sftp": 2222, "clevertap": 8090}


class Command(BaseCommand):
    help = "Serve SFTP and S3, or CleverTap's API, on 127.0.0.1, to try exports with."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("kind", nargs="?", choices=PORTS, default="sftp")
        parser.add_argument("--port", type=int, help="0 takes a free one")
        parser.add_argument("--root", type=Path, help="the folder to serve")
        parser.add_argument("--home", type=Path, help="the folder of its keys")
        add_sftp_arguments(parser)
        add_s3_arguments(parser)
        add_clevertap_arguments(parser)

    def handle(self, *, kind, port, **given):
        port = PORTS[kind] if port is None else port
        with told(port):
            sandbox = getattr(self, kind)(port=port, **given)
        when_told_to_end(sandbox.stop)
        self.stdout.flush()
        sandbox.serve()

    def sftp(self, *, port, root, home, **given):
        """Return the SFTP server, with the vendors and the S3 server beside it."""
        root = root or settings.HOME / "sandbox"
        home = home or settings.HOME / "keys" / "sandbox"
        users = vendors.accounts(root, home)
        sandbox = Sandbox(root, home, port=port, switches=sftp_switches(given), accounts=users)
        s3 = s3_sandbox(root / "s3", port, given)
        self.stdout.write(
            f"SFTP sandbox on {HOST}, port {sandbox.port}: user {USER}, password {PASSWORD} "
            f"or the key {sandbox.user_key_path}. Files in {sandbox.root}.\n"
            f"Vendors: users {CLEVERTAP} (CleverTap imports) and {ROKT}, with the "
            f"public keys in {home / SAVED_KEYS}.\n"
            f"S3 sandbox at {s3.address}: access key ID {ACCESS_KEY_ID}, secret access key "
            f"{SECRET_ACCESS_KEY}, path style. Buckets {' and '.join(BUCKETS)} in {s3.store.root}."
        )
        return Together(sandbox, s3)

    def clevertap(self, *, port, root, **given):
        root = root or settings.HOME / "sandbox" / "clevertap-api"
        switches = clevertap_switches.Switches(
            faults=given["fault"],
            delay=given["delay"],
            retry_after=given["retry_after"],
            check=not given["unseen"],
        )
        sandbox = clevertap_server.Sandbox(root, port=port, switches=switches)
        self.stdout.write(
            f"CleverTap sandbox on {HOST}, port {sandbox.port}: region Another host, API host "
            f"{sandbox.address}, account {clevertap.ACCOUNT}, passcode {clevertap.PASSCODE}, "
            f"e-mail {clevertap.ADMIN}. What it got is in {sandbox.root}."
        )
        return sandbox


class Together:
    """The SFTP server with the vendors that process what comes, and the S3 server."""

    def __init__(self, sftp, s3):
        self.sftp, self.s3 = sftp, s3

    def serve(self):
        beside = threading.Thread(target=self.s3.serve)
        beside.start()
        try:
            with vendors.watching(self.sftp.root):
                self.sftp.serve()
        finally:
            self.s3.stop()
            beside.join()

    def stop(self):
        self.sftp.stop()


@contextmanager
def told(port, what="sandbox"):
    """Say of a port that cannot be served on what is wrong with it."""
    try:
        yield
    except (OSError, OverflowError) as error:
        raise CommandError(f"The {what} cannot serve on port {port}: {error}.") from None


def add_sftp_arguments(parser):
    parser.add_argument("--no-append", action="store_true", help="answer 'no such file' to appends")
    parser.add_argument(
        "--no-rename-over", action="store_true", help="never rename onto an existing file"
    )
    parser.add_argument("--no-look", action="store_true", help="be a drop box: show no files")
    parser.add_argument(
        "--collect", action="store_true", help="take files away once they are closed"
    )
    parser.add_argument("--quota", type=int, default=0, help="most bytes of a file")
    parser.add_argument("--lose-renames", type=int, default=0, help="hang up after so many renames")


def add_s3_arguments(parser):
    parser.add_argument("--s3-port", type=int, help="of S3; if not given, the one after --port")
    parser.add_argument(
        "--s3-refuse",
        action="append",
        default=[],
        metavar="OPERATION:STATUS:CODE:TIMES",
        help="refuse an operation of S3, such as PutObject:503:SlowDown:2 or "
        "CompleteMultipartUpload:500:InternalError:9",
    )
    parser.add_argument(
        "--s3-drop", type=int, default=0, help="hang up in the middle of so many parts"
    )
    parser.add_argument("--s3-quota", type=int, default=0, help="most bytes of an object")
    parser.add_argument("--s3-speed", type=int, default=0, help="bytes a second that it reads")


def add_clevertap_arguments(parser):
    parser.add_argument(
        "--fault",
        action="append",
        choices=clevertap_switches.FAULTS,
        default=[],
        help="of CleverTap, for one request; may be given more than once",
    )
    parser.add_argument(
        "--delay", type=float, default=0.0, help="seconds before each answer of CleverTap"
    )
    parser.add_argument(
        "--unseen",
        action="store_true",
        help="let CleverTap take all records without a look at them, to measure",
    )
    parser.add_argument("--retry-after", type=int, help="seconds that a 429 asks for")


def sftp_switches(given):
    return Switches(
        append=not given["no_append"],
        rename_over=not given["no_rename_over"],
        look=not given["no_look"],
        collect=given["collect"],
        quota=given["quota"],
        lost_renames=given["lose_renames"],
    )


def s3_sandbox(root, port, given):
    """Return the S3 server with the switches that were given."""
    switches = S3Switches(
        refusals=refusals(given["s3_refuse"]),
        dropped={"UploadPart": given["s3_drop"]},
        quota=given["s3_quota"],
        bytes_per_second=given["s3_speed"],
    )
    port = given["s3_port"] if given["s3_port"] is not None else port and port + 1
    with told(port, "S3 sandbox"):
        return S3Sandbox(root, port=port, switches=switches)


def refusals(texts):
    """Return the answers of each operation, from texts such as PutObject:503:SlowDown:2."""
    found = {}
    for text in texts:
        try:
            operation, status, code, times = text.split(":")
            found.setdefault(operation, []).extend([(int(status), code)] * int(times))
        except ValueError:
            raise CommandError(f"{text} is not OPERATION:STATUS:CODE:TIMES.") from None
    return found
