"""How long it takes to find what changed between two results, as a job does before it sends."""

import time
from pathlib import Path

import duckdb

from bench import snapshot

FIRST = 1_000_000  # the least customer_id of a snapshot


def make(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write two results: in the second, 1 in 100 is gone, 1 in 100 new, 1 in 20 changed."""
    every, before, after = (folder / f"{name}.parquet" for name in ("every", "before", "after"))
    edge = rows // 100
    snapshot.make(every, rows + edge)
    chosen = {
        before: f"* FROM '{every}' WHERE customer_id < {FIRST + rows}",
        after: "* REPLACE (visit_count + CAST(customer_id % 20 = 0 AS INTEGER) AS visit_count) "
        f"FROM '{every}' WHERE customer_id >= {FIRST + edge}",
    }
    with duckdb.connect(config={"memory_limit": snapshot.MEMORY, "threads": 2}) as connection:
        for path, select in chosen.items():
            connection.execute(f"COPY (SELECT {select}) TO '{path}' ({snapshot.LIKE_A_RESULT})")
    every.unlink()
    return before, after


def compared(folder: Path, rows: int, rounds: int) -> list[float]:
    """Return the seconds of each comparison, in the engine's process, with all rows that differ."""
    from console import tables
    from console.engines.differences import KeyedFile, Prior, Running, Wanted, compare

    before, after = make(folder, rows)
    edge = rows // 100
    counts = {"added": edge, "changed": -(-rows // 20) - -(-edge // 20), "removed": edge}
    wanted = Wanted(send=dict.fromkeys(counts, True))
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        prior = Prior(KeyedFile(str(before), [0]))
        new = KeyedFile(str(after), [0])
        found = compare(new, prior, wanted, folder / "sent.parquet", Running(tables.limits()))
        seconds.append(round(time.perf_counter() - began, 4))
        if not counts.items() <= found.counts.items():
            raise SystemExit(f"It found {found.counts}, and should find {counts}.")
    return seconds
