"""An account of CleverTap on this machine, and exports to it."""

import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.connectors.clevertap import CleverTap, custom_list, sending
from integrations.rows import Rows
from integrations.sandbox.clevertap import ACCOUNT, ADMIN, PASSCODE
from integrations.sandbox.clevertap.server import Sandbox
from tests.servers import local_delivery

PROFILES = {"target": "user_profiles"}
EVENTS = {"target": "user_events"}
LIST = {"target": "custom_list", "custom_list_name": "Gold", "custom_list_email": ADMIN}


@pytest.fixture
def account(tmp_path):
    """The sandbox, which answers requests and can be told to misbehave."""
    sandbox = Sandbox(tmp_path / "clevertap")
    thread = threading.Thread(target=sandbox.serve)
    thread.start()
    yield sandbox
    sandbox.stop()
    thread.join()


@pytest.fixture
def soon(monkeypatch):
    """Retries come soon after each other."""
    for module in (sending, custom_list):
        monkeypatch.setattr(module, "WAITS", (0.01, 0.05))


@pytest.fixture
def result(tmp_path):
    """A function that makes rows of columns, or of a table."""
    made = []

    def make(table=None, **columns):
        path = tmp_path / f"result-{len(made)}.parquet"
        pq.write_table(table if table is not None else pa.table(columns), path)
        made.append(path)
        return Rows(path)

    return make


@pytest.fixture
def export(account):
    """A function that exports rows to the account. Return receipt and delivery."""

    def export(rows, delivery=None, /, **settings):
        delivery = delivery or local_delivery()
        return connector(account, **settings).deliver(rows, delivery), delivery

    return export


def login(account, **changes):
    given = {
        "account_id": ACCOUNT,
        "account_passcode": PASSCODE,
        "region": "other",
        "api_host": getattr(account, "address", ""),
        "retry_limit": 3,
        "timeout": 5,
    }
    form = CleverTap.Authentication.from_json(given | changes)
    assert not form.errors, form.errors
    return form.cleaned_data


def connector(account, *, authentication=None, **settings):
    form = CleverTap.Export.from_json(settings)
    assert not form.errors, form.errors
    return CleverTap(login(account, **(authentication or {})), form.cleaned_data)


def numbers(rejects):
    return sorted(number for number, *_ in rejects.kept)
