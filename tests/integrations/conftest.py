"""Stored authentications for the tests of the Integrations Hub."""

import pytest

from integrations.formats import delimited
from integrations.formats.dialect import Dialect
from integrations.formats.kernel import loading
from integrations.models import Authentication
from tests.integrations.clevertap import account, export, result, soon  # noqa: F401  fixtures
from tests.integrations.clevertap_imports import clevertap  # noqa: F401  a fixture
from tests.integrations.exports import impatient, many, rows  # noqa: F401  fixtures
from tests.integrations.openpgp import homes  # noqa: F401  a fixture
from tests.integrations.s3_exports import large  # noqa: F401  fixture

SETTINGS = {
    "host": "sftp.test",
    "port": 22,
    "username": "td",
    "auth_method": "password",
    "password": "hunter2 ",
    "max_connection_retry": 10,
    "timeout": 600,
}


def store(owner, name="Rokt", **changes):
    authentication = Authentication(name=name, type="sftp_v2", owner=owner)
    authentication.replace_settings(SETTINGS | changes)
    authentication.save()
    return authentication


@pytest.fixture
def authentication(keeper):
    """Ada's, shared with nobody."""
    return store(keeper)


@pytest.fixture(params=["arrow", "kernel"])
def way(request, monkeypatch):
    """Both ways to write rows, each from the first row on and by itself."""
    if request.param == "arrow":
        monkeypatch.setattr(loading, "is_worth_it", lambda values: False)
        return
    assert loading.kernel_writer()
    monkeypatch.setattr(loading, "is_worth_it", lambda values: True)
    monkeypatch.setattr(delimited, "FIRST_PORTIONS", 0)
    monkeypatch.setattr(loading, "block", None)


@pytest.fixture(params=["MINIMAL", "ALL", "NONE"])
def dialect(request):
    """The default dialect under each policy."""
    return Dialect(policy=request.param, escape="\\" if request.param == "NONE" else '"')
