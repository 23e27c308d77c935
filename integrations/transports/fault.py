"""How an exception of a library becomes an error of ours."""

import re
from dataclasses import dataclass

from integrations.errors import ExportError, PermanentError, TransientError


@dataclass(frozen=True)
class Fault:
    """How an exception of a library is told, and whether trying again can help."""

    type: type | tuple
    text: str  # a pattern that the exception's text holds
    reason: str
    remedy: str = ""
    transient: bool = True
    retries: int | None = None

    def fits(self, error: Exception) -> bool:
        return isinstance(error, self.type) and bool(
            re.search(self.text, str(error), re.IGNORECASE)
        )

    def told(self, deed: str) -> ExportError:
        message = f"{deed}: {self.reason}."
        if self.transient:
            return TransientError(message, remedy=self.remedy, retries=self.retries)
        return PermanentError(message, remedy=self.remedy)
