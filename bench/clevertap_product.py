"""Send a snapshot to CleverTap through the product: `clevertap_product.py JOB.json`.

The seconds are without the start of Python, as in a worker, which has everything imported.
"""

import json
import os
import sys
import time
from contextlib import closing
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent.parent))

import manage

manage.settle()  # As all processes of the product.
os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"

import django  # noqa: E402

django.setup()

from console.jobs.journal import FileJournal  # noqa: E402
from integrations.connectors.clevertap import CleverTap  # noqa: E402
from integrations.delivery import Delivery  # noqa: E402
from integrations.formats import make_ready  # noqa: E402
from integrations.rows import Rows  # noqa: E402


def main(path):
    job = json.loads(Path(path).read_text())
    connector = CleverTap(
        checked(CleverTap.Authentication, job["authentication"]),
        checked(CleverTap.Export, job["export"]),
    )
    for name in connector.imports:
        import_module(name)
    make_ready()
    rows = Rows(Path(job["snapshot"]))
    began = time.perf_counter()
    found = WAYS[job["way"]](connector, rows)
    seconds = round(time.perf_counter() - began, 3)
    Path(job["receipt"]).write_text(json.dumps(found | {"seconds": seconds}))


def sent(connector, rows):
    """Deliver as a worker does, with a journal that is on the disk; tell what the check took."""
    began, checked = time.perf_counter(), []

    def sending(_):
        checked.append(time.perf_counter() - began)

    job = SimpleNamespace(authentication_id=1, authentication=None, export=connector.settings)
    job.result_path, job.changes_path, job.retry_of = "1/rows", "", None
    with closing(FileJournal(job)) as journal:
        delivery = Delivery(networks=("127.0.0.0/8",), journal=journal, sending=sending)
        receipt = asdict(connector.deliver(rows, delivery))
    return receipt | {"checked": round(checked[0], 3)}


def records_only(connector, rows):
    """Make the requests, and send none."""
    from integrations.connectors.clevertap.batches import batches

    numbered = ((numbers.to_numpy(), portion) for numbers, portion in rows.numbered())
    return {
        "bytes": sum(len(batch.body) for batch in batches(numbered, connector.settings, rows.count))
    }


def json_only(connector, rows):
    """Make such requests with the standard library."""
    size, waiting = 0, []
    for portion in rows.portions():
        waiting += map(record, portion.to_pylist())
        while len(waiting) >= BATCH:
            size += len(json.dumps({"d": waiting[:BATCH]}, ensure_ascii=False).encode())
            del waiting[:BATCH]
    return {"bytes": size + len(json.dumps({"d": waiting}).encode())}


BATCH = 1000
WAYS = {"sent": sent, "records_only": records_only, "json_only": json_only}


def record(row):
    who, ts = str(row.pop("identity")), row.pop("ts")
    data = {key: plain(value) for key, value in row.items() if value is not None}
    return {"type": "profile", "identity": who, "ts": ts, "profileData": data}


def plain(value):
    if hasattr(value, "isoformat"):
        return f"$D_{int(time.mktime(value.timetuple()))}"
    return value


def checked(form_class, given):
    form = form_class.from_json(given)
    if not form.is_valid():
        raise SystemExit(form.errors.as_text())
    return form.cleaned_data


if __name__ == "__main__":
    main(*sys.argv[1:])
