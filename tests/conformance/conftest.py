"""The destinations, each set up for one test."""

import pytest

from integrations.connectors import retry
from integrations.connectors.clevertap import custom_list, sending
from integrations.transports.s3 import bucket
from tests.conformance import others, over_sftp
from tests.faults.conftest import shared_home, start  # noqa: F401  fixtures
from tests.integrations.clevertap import account  # noqa: F401  a fixture

SCENES = {
    "sftp_v2": over_sftp.AnyServer,
    "rokt": over_sftp.Rokt,
    "clevertap_sftp": over_sftp.CleverTapImport,
    "s3": others.Bucket,
    "s3 in parts": others.LargeObject,
    "salesforce_dmp": others.SalesforceDMP,
    "clevertap profiles": others.Profiles,
    "clevertap events": others.Events,
    "clevertap list": others.CustomList,
    "treasure_data": others.OwnTable,
}


@pytest.fixture(autouse=True)
def _near(settings):
    """Exports may reach this machine."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    """Retries of this process come soon after each other."""
    for module in (retry, bucket):
        monkeypatch.setattr(module, "FIRST_WAIT", 0.01)
    for module in (sending, custom_list):
        monkeypatch.setattr(module, "WAITS", (0.01, 0.05))


@pytest.fixture
def scene(request):
    return SCENES[request.param](request)
