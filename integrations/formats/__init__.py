"""File formats: the settings that choose one, and rows written in it.

`docs/formats.md` tells how each type is written and what each setting does.
"""

from integrations.formats.delimited import write_rows
from integrations.formats.kernel.loading import warm
from integrations.formats.settings import FormatSettings

__all__ = ["FormatSettings", "warm", "write_rows"]
