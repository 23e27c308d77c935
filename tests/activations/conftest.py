"""What the tests of the Audience Studio share."""

from tests.activations.demo import studio_of_demo  # noqa: F401  a fixture
from tests.activations.parents import crm, parent, refresh  # noqa: F401  fixtures
from tests.activations.sending import drop, send  # noqa: F401  fixtures
from tests.activations.studio import analyst, make, sales, shoppers, unbuilt  # noqa: F401  fixtures
from tests.integrations.clevertap import account  # noqa: F401  a fixture
