"""Export a snapshot through one of the product's own connectors: `product.py JOB.json`.

A job with a `file` in the place of a `snapshot` sends that file as it is. Like a worker it has
everything loaded before it takes the job: it says so, waits for a line, and says when it is done.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import manage
from bench.measure import DONE, READY

manage.settle()  # As all processes of the product.

from django.conf import settings  # noqa: E402

settings.configure(USE_I18N=False)

from integrations.connectors import CONNECTORS  # noqa: E402
from integrations.connectors.base import Connector  # noqa: E402
from integrations.connectors.content import Content  # noqa: E402
from integrations.connectors.receipt import Receipt, delivered  # noqa: E402
from integrations.delivery import Delivery  # noqa: E402
from integrations.formats import make_ready  # noqa: E402
from integrations.rows import Rows  # noqa: E402

BLOCK = 1 << 20


def main(path):
    job = json.loads(Path(path).read_text())
    kind = CONNECTORS[job["connector"]]
    for name in kind.imports:
        import_module(name)
    make_ready()
    # They were checked when they were saved: a job takes them as they are.
    connector = kind(
        checked(kind.Authentication, job["authentication"]), checked(kind.Export, job["export"])
    )
    print(READY, flush=True)
    sys.stdin.readline()
    Path(job["receipt"]).write_text(json.dumps(asdict(done(connector, job))))
    print(DONE, flush=True)


def done(connector: Connector, job: dict) -> Receipt:
    delivery = Delivery(networks=("127.0.0.0/8",))
    rows = Rows(Path(job["snapshot"]))
    if not job.get("file"):
        return connector.export(rows, delivery)
    destination = connector.destination(delivery)
    with closing(FileAsItIs(Path(job["file"]), connector.settings, delivery)) as content:
        content.begin()
        arrival = destination.deliver(connector.path(delivery), content)
    destination.clear()
    return Receipt(rows.count, content.bytes, [delivered(arrival, content, rows.count)])


class FileAsItIs(Content):
    """The bytes of a file on this machine, in the place of rows."""

    def lines(self) -> Iterator[bytes]:
        with self.rows.open("rb") as file:
            while block := file.read(BLOCK):
                yield block


def checked(form_class, given):
    form = form_class.from_json(given)
    if not form.is_valid():
        raise SystemExit(form.errors.as_text())
    return form.cleaned_data


if __name__ == "__main__":
    main(*sys.argv[1:])
