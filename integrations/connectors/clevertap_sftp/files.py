"""The files of an import: their names, which are never used twice, and what is in them."""

import json
import posixpath
from collections.abc import Generator
from typing import NamedTuple

from integrations.connectors.content import Content
from integrations.delivery import Delivery

GB = 10**9
LARGEST = 5 * GB
# Encrypted and in ASCII armour it is about 1.36 times as large: less than 1 GB.
LARGEST_PLAIN = 7 * GB // 10
FORMAT = {
    "format": "csv",
    "header_line": True,
    "delimiter": ",",
    "quote_policy": "MINIMAL",
    "quote": '"',
    "null_string": "",
    "newline": "LF",
    "armor": True,
    "compression_type": "none",
}
BY_HAND = Delivery().job  # of a delivery that is of no job


class Names(NamedTuple):
    """The paths of a data file and of its manifest."""

    data: str
    manifest: str


def names(settings: dict, delivery: Delivery, part: int) -> Names:
    """Return names that no other attempt, job or part has: CleverTap knows each for ever.

    It never hears of those of a test, which a retry of it has again.
    """
    by_number = delivery.test or delivery.job == BY_HAND
    run = delivery.number if by_number else delivery.job.replace(".", "-")
    base = f"{settings['file_name']}-{delivery.slot:%Y%m%d%H%M%S}-{run}-{part}"
    ending = ".csv.asc" if settings.get("encoders") else ".csv"
    folder = settings.get("folder", "")
    return Names(posixpath.join(folder, base + ending), posixpath.join(folder, f"{base}.manifest"))


def names_beside(data: str) -> Names:
    """Return the names of a data file, as it was called before, and of its one manifest."""
    base = data.removesuffix(".asc").removesuffix(".csv")
    return Names(data, f"{base}.manifest")


def manifest(data: str, settings: dict) -> dict:
    """Return what the manifest of a data file says."""
    said = {"fileName": posixpath.basename(data), "type": settings["import_type"]}
    if settings["columns"]:
        said["columns"] = {
            column: {key: cells[key] for key in ("ctName", "dataType") if key in cells}
            or {"dataType": "STRING"}
            for column, cells in settings["columns"].items()
        }
    said["clientEmail"] = settings["client_email"]
    if settings.get("encoders"):
        said["keyId"] = settings["key_id"]
    return said


class ManifestContent(Content):
    """The bytes of a manifest."""

    def __init__(self, said: dict, delivery: Delivery):
        super().__init__(None, {}, delivery)
        self.text = json.dumps(said, ensure_ascii=False).encode() + b"\n"

    def lines(self) -> Generator[bytes]:
        yield self.text
