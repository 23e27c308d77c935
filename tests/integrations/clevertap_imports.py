"""An account of CleverTap's import in the sandbox, and connectors that log in to it."""

import json

import pytest

from integrations.connectors.clevertap_sftp import CleverTapSFTP
from integrations.sandbox import CLEVERTAP, SAVED_KEYS, vendors
from integrations.sandbox.clevertap_imports import Importer
from integrations.transports.key_pairs import new_private_key, public_line

PROFILE = {"import_type": "profile", "client_email": "admin@clientdomain.com"}


class Account:
    """A folder on the sandbox's server in which CleverTap looks for manifests."""

    def __init__(self, sandbox, home):
        self.sandbox = sandbox
        self.key = new_private_key("ed25519")
        home.mkdir(exist_ok=True)
        (home / SAVED_KEYS).write_text(public_line(self.key) + "\n")
        sandbox.accounts |= vendors.accounts(sandbox.root, home)
        self.folder = sandbox.root / "clevertap"
        self.kept = sandbox.root / "clevertap-imported"
        self.importer = Importer(self.folder, self.kept)

    @property
    def settings(self):
        return {
            "host": self.sandbox.host,
            "port": self.sandbox.port,
            "username": CLEVERTAP,
            "secret_key_file": self.key,
            "max_connection_retry": 2,
        }

    def connector(self, *, port=None, largest=None, **given):
        login = self.settings | ({"port": port} if port else {})
        form = CleverTapSFTP.Authentication.from_json(login)
        assert not form.errors, form.errors
        export = CleverTapSFTP.Export.from_json(PROFILE | given)
        assert not export.errors, export.errors
        connector = CleverTapSFTP(form.cleaned_data, export.cleaned_data)
        if largest:
            connector.largest_file = lambda: largest
        return connector

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def manifests(self):
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob("*.manifest"))]

    def report(self):
        """Let CleverTap import what is there. Return what it says of the one manifest."""
        [name] = self.importer.look()
        return json.loads((self.kept / f"{name}.json").read_text())

    def imported(self):
        [path] = self.kept.glob("*.rows.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def clevertap(sandbox, tmp_path):
    return Account(sandbox, tmp_path / "sandbox")
