"""Read the files that people upload. Always in a child: the files are strangers' too."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from console.engines.process import ChildError, Workspace, disk_trouble, run_child
from console.engines.statement import Limits, QueryError, QueryResult

KINDS = {"csv": "CSV", "tsv": "TSV", "jsonl": "JSON lines", "parquet": "Parquet"}
SUFFIXES = {
    **{".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv"},
    **{".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".parquet": "parquet"},
}
MAX_MB = 8192  # of an unpacked file


class ImportFailed(Exception):
    """A file cannot be imported; the message names the line and the reason."""


@dataclass(frozen=True)
class Sniff:
    """What a file holds, as far as can be told by looking."""

    columns: list[tuple[str, str]]  # (name, Trino type)
    sample: list[list[str | None]]  # the first rows as text
    header: bool  # whether the first line holds the names


def kind_of(filename):
    """Return the kind of a file by its name, or None."""
    suffixes = [suffix.lower() for suffix in Path(filename).suffixes]
    if suffixes and suffixes[-1] in {".gz", ".bz2"}:
        suffixes.pop()
    return SUFFIXES.get(suffixes[-1]) if suffixes else None


def sniff(path, kind, *, folder, header=None, limits=None, max_mb=MAX_MB):
    """Return what is in a file. `folder` is where the child may write meanwhile."""
    with Workspace(Path(folder) / uuid4().hex) as workspace:
        request = asked("sniff", path, kind, workspace, max_mb) | {"header": header, "columns": []}
        answer = run(request, limits)
    return Sniff([tuple(pair) for pair in answer["columns"]], answer["sample"], answer["header"])


def convert(path, kind, output, *, columns=(), into=(), **options):
    """Write a file's rows to Parquet.

    `columns` are the names and types to give the file's columns, `into` the columns of the
    table the rows go to, by name. `options`: header, limits and max_mb as for sniff().
    """
    with Workspace(output) as workspace:
        request = asked("convert", path, kind, workspace, options.get("max_mb", MAX_MB))
        request |= {"header": options.get("header"), "columns": list(columns), "into": list(into)}
        answer = run(request, options.get("limits"))
        columns = [tuple(pair) for pair in answer["columns"]]
        return QueryResult(columns, answer["rows"], workspace.publish())


def asked(work, path, kind, workspace, max_mb):
    return {
        "work": work,
        "file": str(path),
        "read": [str(path)],
        "kind": kind,
        "folder": str(workspace.folder),
        "max_mb": max_mb,
        "trino": True,
    }


def run(request, limits):
    try:
        return run_child(
            request, limits=limits or Limits(), stopped=lambda: False, progress=lambda _: None
        )
    except ChildError as error:
        if error.found["type"] == "Out of Memory":
            raise ImportFailed("The file needs more memory than an import may use.") from None
        if error.found["type"] == "IO":
            raise ImportFailed(disk_trouble(str(error)).replace("query", "import")) from None
        raise ImportFailed(str(error).split("\n")[0]) from None
    except QueryError as error:  # It names a limit, which holds for imports too.
        told = str(error).replace("query", "import").replace("result", "table")
        raise ImportFailed(told) from None
