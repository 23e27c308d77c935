"""Rokt in small: it takes the files that lie in its directories, and deletes them afterwards.

For each file NAME there is a NAME.json beside, which says what was taken from it, or why not.
"""

import codecs
import csv
import json
import re
from pathlib import Path

AUDIENCES = ("upload/custom-audience/include", "upload/custom-audience/exclude")
CONVERSIONS = "upload/conversions"
HASH = re.compile(r"[0-9a-fA-F]{64}")
ADDRESS = re.compile(r"[^\s@,]+@[^\s@,]+\.[^\s@,.]{2,}")
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Refused(Exception):
    """A file that Rokt does not process."""


class Consumer:
    """Takes files from the folder of an account; reports lie in another one."""

    def __init__(self, folder: Path, kept: Path):
        self.folder, self.kept = folder, kept
        self.sizes = {}  # file -> its size at the last look: one that grows is left alone
        kept.mkdir(parents=True, exist_ok=True)
        for name in (*AUDIENCES, CONVERSIONS):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def look(self) -> list[str]:
        """Take the files that are no longer than at the last look. Return their names."""
        found = {path: path.stat().st_size for path in self.waiting()}
        ready = [path for path, size in found.items() if self.sizes.get(path) == size]
        self.sizes = found
        for path in ready:
            self.take(path)
        return [path.name for path in ready]

    def waiting(self) -> list[Path]:
        """Return the files that are not temporary: Rokt goes by a dot in front."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(
            path for path in found if not path.name.startswith(".") and path.suffix != ".tmp"
        )

    def take(self, path):
        place = path.parent.relative_to(self.folder).as_posix()
        said = {"file": path.name, "directory": place}
        try:
            said |= {"outcome": "processed"} | content(path, place)
        except Refused as refusal:
            said |= {"outcome": "rejected", "error": str(refusal)}
        report = self.kept / f"{path.name}.json"
        report.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n")
        path.unlink()
        self.sizes.pop(path, None)


def content(path, place) -> dict:
    """Return what is in the file. Raise Refused where it is not as Rokt asks for it."""
    audience = place.startswith(AUDIENCES)
    if not audience and place != CONVERSIONS:
        raise Refused("There is no such list.")
    if audience and place in AUDIENCES:
        raise Refused("The directory of the advertiser is missing.")
    if path.suffix not in (".csv", ".txt"):
        raise Refused("The name must end with .csv or .txt.")
    counts = {"plain": 0, "hashed": 0}
    with path.open(encoding=encoding_of(path), newline="") as file:
        for values in csv.reader(file, delimiter="\t" if "\t" in first_line(path) else ","):
            if audience and len(values) != 1:
                raise Refused("A list of an audience has one column.")
            counts[kind_of(values)] += 1
    if all(counts.values()):
        raise Refused("Plain and hashed addresses are mixed.")
    return counts


def kind_of(values) -> str:
    """Return whether the row has a plain address or a hashed one."""
    if any(HASH.fullmatch(value) for value in values):
        return "hashed"
    if any(ADDRESS.fullmatch(value) for value in values):
        return "plain"
    raise Refused(f"There is no address in {','.join(values)[:80]!r}.")


def encoding_of(path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    return next((name for mark, name in MARKS if start.startswith(mark)), "utf-8-sig")


def first_line(path) -> str:
    with path.open(encoding=encoding_of(path)) as file:
        return file.readline()
