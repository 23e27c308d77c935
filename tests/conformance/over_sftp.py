"""Destinations that files are put on by SFTP: any server, Rokt, CleverTap's import."""

import json
from collections import Counter
from pathlib import Path

from integrations.sandbox import CLEVERTAP, ROKT, SAVED_KEYS, vendors
from integrations.sandbox.clevertap_imports import Importer
from integrations.sandbox.rokt_files import Consumer
from integrations.transports.key_pairs import new_private_key, public_line
from tests.conformance.scenes import SPILLED, Scene

UPLOAD = "integrations.transports.sftp"
PUBLISHED = f"{UPLOAD}.leftovers.Leftovers.published"
WRITTEN = f"{UPLOAD}.publishing.Try.verified"
STEPS = (f"{UPLOAD}.leftovers.Leftovers.create_new", WRITTEN, PUBLISHED)


class OverSFTP(Scene):
    """A server behind a line that can be cut."""

    secret_settings = ("secret_key_file",)
    user: str

    def prepare(self, request):
        self.server = request.getfixturevalue("sandbox")
        self.line = request.getfixturevalue("faulty")(self.server)
        self.key = new_private_key("ed25519")
        home = request.getfixturevalue("tmp_path") / "sandbox"
        (home / SAVED_KEYS).write_text(public_line(self.key) + "\n")
        self.server.accounts |= vendors.accounts(self.server.root, home)

    def login(self):
        return {
            "host": "127.0.0.1",
            "port": self.line.port,
            "username": self.user,
            "secret_key_file": self.key,
            "max_connection_retry": 3,
        }

    @property
    def folder(self) -> Path:
        return self.server.root / self.user

    def files(self):
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def left(self):
        return [path for path in self.files() if is_temporary(path)]

    def trouble(self):
        self.line.cuts.append(SPILLED)

    def refuse(self):
        self.log_in(secret_key_file=new_private_key("ed25519"))


class AnyServer(OverSFTP):
    """OpenSSH's own server."""

    connector = "sftp_v2"
    columns = "{} AS id, lpad('', 200, '.') AS text"
    export = {"path_prefix": "/in/people.csv", "user_directory_is_root": True, "newline": "LF"}
    steps = STEPS

    def prepare(self, request):
        self.server = request.getfixturevalue("sshd")
        self.line = request.getfixturevalue("faulty")(self.server)
        self.key, self.user = self.server.private_key, self.server.username

    def login(self):
        return super().login() | {"auth_method": "key_pair"}

    @property
    def folder(self):
        return self.server.root

    def arrived(self):
        lines = [line for path in self.files() for line in path.read_text().splitlines()]
        return Counter(line.partition(",")[0] for line in lines if line != "id,text")


class Rokt(OverSFTP):
    connector = "rokt"
    user = ROKT
    columns = "{} || '@example.com' AS email"
    export = {
        "list_kind": "include",
        "advertiser_database": "Ours",
        "file_name": "people-{job}.csv",
        "email_format": "plain",
    }
    takes_tests = False
    steps = STEPS

    def prepare(self, request):
        super().prepare(request)
        Consumer(self.folder, self.server.root / "rokt-processed")

    def arrived(self):
        found = [path for path in self.files() if not is_temporary(path)]
        lines = [line for path in found for line in path.read_text().splitlines()]
        return Counter(line.removesuffix("@example.com") for line in lines)


class CleverTapImport(OverSFTP):
    """CleverTap imports a data file once its manifest is there."""

    connector = "clevertap_sftp"
    user = CLEVERTAP
    columns = "{} AS identity, 'gold' AS tier"
    export = {"import_type": "profile", "client_email": "admin@clientdomain.com"}
    takes_tests = False
    steps = (
        "integrations.connectors.clevertap_sftp.sending.Sending.send_data",
        "integrations.connectors.clevertap_sftp.sending.Sending.send_manifest",
        PUBLISHED,
    )

    def prepare(self, request):
        super().prepare(request)
        kept = self.server.root / "clevertap-imported"
        self.importer = Importer(self.server.root / "clevertap", kept)

    @property
    def folder(self):
        return self.server.root / "clevertap"

    def arrived(self):
        self.importer.look()
        found = self.importer.kept.glob("*.rows.jsonl")
        rows = [json.loads(line) for path in found for line in path.read_text().splitlines()]
        return Counter(row["identity"] for row in rows)

    def left(self):
        """Return parts of files, and data files that no manifest announces."""
        announced = {
            json.loads(path.read_text())["fileName"] for path in self.folder.glob("*.manifest")
        }
        data = [path for path in self.files() if path.suffix == ".csv"]
        return super().left() + [path for path in data if path.name not in announced]


def is_temporary(path):
    return path.name.startswith(".") or path.name.endswith(".tmp")
