"""What a receiver asks of the rows: rules that are checked before anything is sent."""

from integrations.contract.looking import Finding, Look, look, sound, sound_only
from integrations.contract.rules import (
    Broken,
    ColumnRule,
    RowRule,
    Rule,
    WholeRule,
    applies,
    in_force,
)
from integrations.contract.sifting import Sifted, check_columns, sift

__all__ = [
    "Broken",
    "ColumnRule",
    "Finding",
    "Look",
    "RowRule",
    "Rule",
    "Sifted",
    "WholeRule",
    "applies",
    "check_columns",
    "in_force",
    "look",
    "sift",
    "sound",
    "sound_only",
]
