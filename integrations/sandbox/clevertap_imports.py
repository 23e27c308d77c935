"""CleverTap's import in small: it waits for manifests, and imports the data files they name.

What it imported, what it refused and why lies beside: for each manifest NAME a NAME.json, the rows
as NAME.rows.jsonl, and those that failed as NAME.errors.csv, with the data columns and a last one,
Failure Description.
"""

import csv
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

from integrations.sandbox.clevertap_rules import Refused, check_manifest, failure, read_value

LARGEST, LARGEST_ENCRYPTED = 5 * 10**9, 10**9
FAILURE = "Failure Description"


class Importer:
    """Imports what lies in the folder of an account; reports lie in another one."""

    def __init__(self, folder: Path, kept: Path, *, largest: int = LARGEST):
        self.folder, self.kept, self.largest = folder, kept, largest
        for path in (folder, kept):
            path.mkdir(parents=True, exist_ok=True)

    def look(self) -> list[str]:
        """Process the manifests that have come, in order. Return their names."""
        return [path.name for path in self.new_manifests() if self.process(path)]

    def new_manifests(self) -> list[Path]:
        found = self.folder.rglob("*.manifest")
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def process(self, path: Path) -> bool:
        """Import what a manifest names, unless one of that name came before."""
        report = self.kept / f"{path.name}.json"
        if report.exists():
            return False
        said = {"manifest": path.name}
        try:
            said |= self.imported(path)
        except Refused as refusal:
            said |= {"outcome": "failed", "error": str(refusal), "mailed": refusal.mailed}
        part = report.with_suffix(".part")
        part.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
        part.replace(report)
        return True

    def imported(self, path):
        try:
            manifest = json.loads(path.read_text())
        except ValueError as error:
            raise Refused(f"The manifest is not JSON: {error}", mailed=False) from None
        check_manifest(manifest)
        data = path.with_name(manifest["fileName"])
        if not data.is_file():
            raise Refused("No data file found")
        told = {name: manifest[name] for name in ("fileName", "type", "clientEmail")}
        if data.suffix == ".asc":
            return told | self.sealed(data, manifest)
        if data.stat().st_size > self.largest:
            raise Refused(f"File couldn't be read: it has more than {self.largest:,} bytes")
        return told | {"outcome": "imported"} | self.rows(data, manifest, path.name)

    def sealed(self, data, manifest):
        """Accept a file that only CleverTap could open."""
        try:
            uuid.UUID(manifest.get("keyId", ""))
        except ValueError:
            raise Refused("Incorrect details in manifest file: keyId is no UUID") from None
        if data.stat().st_size >= LARGEST_ENCRYPTED:
            raise Refused("File couldn't be read: an encrypted file has less than 1 GB")
        with data.open() as file:
            if not file.readline().startswith("-----BEGIN PGP MESSAGE-----"):
                raise Refused("File couldn't be read: it is not encrypted in ASCII armour")
        return {"outcome": "accepted, and not opened here"}

    def rows(self, data, manifest, name):
        """Import the rows one by one. Return how many came in, and how many failed."""
        count = {"rows": 0, "failed": 0}
        with (
            data.open(newline="", encoding="utf-8") as file,
            (self.kept / f"{name}.rows.jsonl").open("w") as taken,
            (self.kept / f"{name}.errors.csv").open("w", newline="") as errors,
        ):
            lines = csv.reader(file, strict=True)
            columns = header(lines, manifest)
            failures = csv.writer(errors)
            failures.writerow([*columns, FAILURE])
            for values in whole(lines, len(columns)):
                row = dict(zip(columns, values, strict=True))
                if wrong := failure(row, manifest):
                    failures.writerow([*values, wrong])
                    count["failed"] += 1
                    continue
                taken.write(json.dumps(as_imported(row, manifest), ensure_ascii=False) + "\n")
                count["rows"] += 1
        return count


def header(lines, manifest) -> list[str]:
    columns = next(lines, None)
    if not columns or not all(columns) or len(set(columns)) < len(columns):
        raise Refused("File couldn't be read: it has no column headers")
    for column in manifest.get("columns", {}):
        if column not in columns:
            raise Refused(f"Incorrect details in manifest file: there is no column {column}")
    return columns


def whole(lines, width) -> Iterator[list[str]]:
    try:
        for values in lines:
            if len(values) != width:
                raise Refused(f"File couldn't be read: line {lines.line_num} has other columns")
            yield values
    except csv.Error as error:
        raise Refused(f"File couldn't be read: {error}") from None


def as_imported(row, manifest) -> dict:
    """Return the row under the names of properties, with values of their types."""
    named = {}
    for column, text in row.items():
        cells = manifest.get("columns", {}).get(column, {})
        if text != "":
            named[cells.get("ctName", column)] = read_value(text, cells.get("dataType", "STRING"))
    return named
