"""Compile the product's kernel where nobody has, as a cluster does after its start."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from django.conf import settings

settings.configure(USE_I18N=False)

from integrations.formats import warm  # noqa: E402

if __name__ == "__main__":
    if not warm():
        raise SystemExit("The kernel cannot be had here: see above.")
