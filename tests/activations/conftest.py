"""What the tests of the Audience Studio share."""

from tests.activations.parents import crm, parent, refresh  # noqa: F401  fixtures
from tests.activations.sending import drop, send  # noqa: F401  fixtures
from tests.activations.studio import analyst, make, sales, shoppers, unbuilt  # noqa: F401  fixtures
