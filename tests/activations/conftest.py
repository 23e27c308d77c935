"""What the tests of the Audience Studio share."""

from tests.activations.parents import crm, parent, refresh  # noqa: F401  fixtures
