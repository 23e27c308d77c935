"""Look into uploads and turn them into Parquet, inside the child."""

from console.engines import exact, types
from console.engines.delimited import Delimited
from console.engines.files import JsonLines, ParquetFile
from console.engines.plain_text import BadFile, check_text, unpacked

SAMPLE_ROWS = 20
SHOWN = 500  # characters of a value in the sample


def sniff(connection, request):
    """Return columns, types, the first rows and whether the first line holds names."""
    source = open_source(connection, request)
    kinds = source.kinds()
    texts = f"left(CAST(COLUMNS(*) AS VARCHAR), {SHOWN})"
    sample = source.run(f"SELECT {texts} FROM {source.read(kinds)} LIMIT {SAMPLE_ROWS}")
    columns = [(name, types.trino(kind)) for name, kind in zip(source.names, kinds, strict=True)]
    return {"columns": columns, "sample": sample, "header": source.header}


def convert(connection, request):
    """Write the upload's rows as Parquet with the chosen names and types."""
    source = open_source(connection, request)
    chosen = request["columns"] or [
        (name, types.trino(kind)) for name, kind in zip(source.names, source.kinds(), strict=True)
    ]
    if len(chosen) != len(source.names):
        raise BadFile(f"The file has {len(source.names)} columns, not {len(chosen)}.")
    columns = request["into"] or chosen
    check_names([name for name, _ in chosen], [name for name, _ in columns])
    sql = copying(source, chosen, columns, request["folder"])
    try:
        rows = source.run(sql)[0][0]
    except exact.NotKept as lost:
        name = chosen[lost.column][0]
        raise not_kept(source, lost, name, dict(columns)[name], request["into"]) from None
    return {"columns": [list(column) for column in columns], "rows": rows}


def open_source(connection, request):
    path = unpacked(request["file"], request["folder"], request["max_mb"])
    if request["kind"] == "parquet":
        return ParquetFile(connection, path, request["max_mb"])
    check_text(path)
    if request["kind"] == "jsonl":
        return JsonLines(connection, path, request["folder"])
    return Delimited(connection, path, request)


def check_names(names, known):
    """Raise BadFile where the file has a column that the table has not."""
    for name in names:
        if name not in known:
            raise BadFile(f'The table has no column "{name}". It has {", ".join(known)}.')


def copying(source, chosen, columns, folder):
    """Return SQL that writes the rows in the types of the columns.

    Leading zeros go where a person chose a number for the column of the file.
    """
    wanted = [types.duckdb(dict(columns)[name]) for name, _ in chosen]
    found = source.reading(wanted)
    casts = {
        name: exact.cast(f"c{i}", found[i], wanted[i], i, zeros=exact.is_number(types.duckdb(kind)))
        for i, (name, kind) in enumerate(chosen)
    }
    picked = ", ".join(
        f"{casts.get(name) or nothing(kind)} AS {types.quote(name)}" for name, kind in columns
    )
    names = ", ".join(f"c{i}" for i in range(len(chosen)))
    output = types.literal(f"{folder}/output.parquet")
    return (
        f"COPY (SELECT {picked} FROM {source.read(found)} AS file({names}))"
        f" TO {output} (FORMAT parquet, COMPRESSION zstd)"
    )


def nothing(kind):
    return f"CAST(NULL AS {types.stored(types.duckdb(kind))})"


def not_kept(source, lost, name, kind, into):
    """Return the error for a value that the type of its column would change."""
    remedy = (
        "Correct the file, or import it into another table"
        if into
        else "Choose another type for the column, or correct the file"
    )
    kept = f'"{lost.value}" cannot be kept as {kind}, the type of column "{name}"'
    return BadFile(f"{source.place(lost)}{kept}. {remedy}.")
