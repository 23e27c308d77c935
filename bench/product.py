"""Export a snapshot through the product's own SFTP_V2 connector: `product.py JOB.json`.

The seconds of the export alone, as they are in a worker that has loaded everything, go with
the receipt.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from django.conf import settings

settings.configure(USE_I18N=False)

from integrations.connectors.sftp_v2 import SFTPv2  # noqa: E402
from integrations.delivery import Delivery  # noqa: E402
from integrations.rows import Rows  # noqa: E402


def main(path):
    job = json.loads(Path(path).read_text())
    connector = SFTPv2(
        checked(SFTPv2.Authentication, job["authentication"]),
        checked(SFTPv2.Export, job["export"]),
    )
    delivery = Delivery(networks=("127.0.0.0/8",))
    began = time.perf_counter()
    receipt = connector.export(Rows(Path(job["snapshot"])), delivery)
    seconds = round(time.perf_counter() - began, 3)
    Path(job["receipt"]).write_text(json.dumps(asdict(receipt) | {"seconds": seconds}))


def checked(form_class, given):
    form = form_class.from_json(given)
    if not form.is_valid():
        raise SystemExit(form.errors.as_text())
    return form.cleaned_data


if __name__ == "__main__":
    main(*sys.argv[1:])
