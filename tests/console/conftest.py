"""What tests of jobs share."""

from tests.console.receiver import receiver  # noqa: F401  a fixture
from tests.integrations.clevertap import account  # noqa: F401  a fixture
