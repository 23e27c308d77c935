"""What tests of jobs share."""

import pytest

from integrations.models import Authentication
from tests.console.far import ada, far, mia, near, out_of_reach, schema  # noqa: F401  fixtures
from tests.console.lake import lake, lake_schema, own, run  # noqa: F401  fixtures
from tests.console.receiver import receiver  # noqa: F401  a fixture
from tests.integrations.clevertap import account  # noqa: F401  a fixture


@pytest.fixture
def clevertap(marketer):
    """What a form for CleverTap sends."""
    login = Authentication(name="W1", type="clevertap", owner=marketer)
    login.settings = {}
    login.save()
    given = {"authentication": login.pk, "connector": "clevertap", "target": "user_profiles"}
    return given | {"profile_operation": "upload_profiles"}
