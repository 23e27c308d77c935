"""A test with a few real rows: what it does at the receiver, or why there is none."""

from dataclasses import dataclass

from integrations.errors import PermanentError

MOST = 5  # rows of a test


@dataclass(frozen=True)
class FewRows:
    """What the first rows of a result do where they are sent to see that they arrive."""

    told: str  # in a sentence, before anything is sent; where there is no test, why
    offered: bool = True

    def check(self) -> None:
        """Raise PermanentError where a few rows alone are not to be sent."""
        if not self.offered:
            raise PermanentError(
                f"There is no test with a few rows here. {self.told} Nothing was sent.",
                remedy="The first run of the query shows whether rows arrive.",
            )


def no_test(why: str) -> FewRows:
    """Return that no test is offered, for a reason that is a sentence."""
    return FewRows(why, offered=False)
