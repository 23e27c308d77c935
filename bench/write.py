"""Write a snapshot as text to nowhere by the product's code: `write.py SNAPSHOT WAY SETTINGS`."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from django.conf import settings

settings.configure(USE_I18N=False)

from integrations.formats import warm, write_rows  # noqa: E402
from integrations.formats.kernel import loading  # noqa: E402
from integrations.rows import Rows  # noqa: E402

if __name__ == "__main__":
    snapshot, way, export = sys.argv[1:]
    if way == "kernel":
        warm()
        loading.WORTH_LOADING = 0
    else:
        loading.WORTH_LOADING = loading.WORTH_COMPILING = float("inf")
    with open("/dev/null", "wb") as nowhere:  # noqa: PTH123
        for block in write_rows(Rows(Path(snapshot)), json.loads(export)):
            nowhere.write(block)
