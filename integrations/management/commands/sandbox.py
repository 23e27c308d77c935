"""Runs the SFTP sandbox."""

import signal
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from integrations.sandbox import CLEVERTAP, HOST, PASSWORD, ROKT, SAVED_KEYS, USER, vendors
from integrations.sandbox.server import Sandbox
from integrations.sandbox.switches import Switches


class Command(BaseCommand):
    help = "Serve a folder over SFTP on 127.0.0.1, to try exports with, until stopped."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=2222, help="0 takes a free one")
        parser.add_argument("--root", type=Path, help="the folder to serve")
        parser.add_argument("--home", type=Path, help="the folder of its keys")
        parser.add_argument(
            "--no-append", action="store_true", help="answer 'no such file' to appends"
        )
        parser.add_argument(
            "--no-rename-over", action="store_true", help="never rename onto an existing file"
        )
        parser.add_argument("--no-look", action="store_true", help="be a drop box: show no files")
        parser.add_argument(
            "--collect", action="store_true", help="take files away once they are closed"
        )
        parser.add_argument("--quota", type=int, default=0, help="most bytes of a file")
        parser.add_argument(
            "--lose-renames", type=int, default=0, help="hang up after so many renames"
        )

    def handle(self, *, port, root, home, **given):
        root = root or settings.HOME / "sandbox"
        home = home or settings.HOME / "keys" / "sandbox"
        switches = Switches(
            append=not given["no_append"],
            rename_over=not given["no_rename_over"],
            look=not given["no_look"],
            collect=given["collect"],
            quota=given["quota"],
            lost_renames=given["lose_renames"],
        )
        try:
            users = vendors.accounts(root, home)
            sandbox = Sandbox(root, home, port=port, switches=switches, accounts=users)
        except (OSError, OverflowError) as error:
            raise CommandError(f"The sandbox cannot serve on port {port}: {error}.") from None
        for signal_ in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signal_, lambda *_: sandbox.stop())
        self.stdout.write(
            f"SFTP sandbox on {HOST}, port {sandbox.port}: user {USER}, password {PASSWORD} "
            f"or the key {sandbox.user_key_path}. Files in {sandbox.root}.\n"
            f"Vendors: users {CLEVERTAP} (CleverTap imports) and {ROKT}, with the "
            f"public keys in {home / SAVED_KEYS}."
        )
        self.stdout.flush()
        with vendors.watching(sandbox.root):
            sandbox.serve()
