"""Forms that are sent after somebody else saved what they show: nothing is taken back unseen.

A form carries the mark of what it was opened over, in its hidden field `opened`.
"""

import json
from hashlib import sha256

SAVED = (
    "It was saved in another window, or by somebody else, after you opened it. What you entered "
    "is still here: save again to replace what is kept."
)
SECRETS_AGAIN = "Secrets are not shown: enter those of yours again, or the others stay."


class SavedMeanwhile(Exception):
    """What a form is about was saved since it was opened."""


def mark(*values) -> str:
    """Return what tells whether any of the values has changed. It is not for secrets."""
    text = json.dumps(values, default=str, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:32]


def check(opened: str, kept: str) -> None:
    """Raise SavedMeanwhile where the mark of what is kept is not the one a form was opened over.

    A form without one is taken as it is. To be called in the transaction that saves.
    """
    if opened and opened != kept:
        raise SavedMeanwhile(SAVED)
