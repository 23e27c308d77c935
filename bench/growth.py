"""Export 1 M and 10 M rows, and 100 M if asked, and see how seconds and memory grow.

python bench/growth.py --hundred --json bench/figures/growth.json
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import arena as arenas
from bench import figures, goals
from bench.arena import HERE, Arena
from bench.export import MEGABYTE, prepare, run
from bench.works import MILLION, Contender

SIZES = [MILLION, 10 * MILLION]
HUNDRED = 100 * MILLION
EXPORTS = {"plain": {}, "gz": {"encoders": "gz"}}
WORKS = [*EXPORTS, "query"]


def grow(arena: Arena, works: list[str], sizes: list[int], rounds: int) -> dict:
    """Run every work with every size in turns, and return what each took."""
    found = figures.circumstances()
    contenders = [contender(arena, work, rows) for rows in sizes for work in works]
    prepare(max(sizes))
    run(arena, contenders[0])  # It does not count: Python compiles its modules.
    points = [{"work": each.name, "rows": each.source.rows, "runs": []} for each in contenders]
    for _ in range(rounds):
        for each, point in zip(contenders, points, strict=True):
            point["runs"].append(run(arena, each))
    return found | {"rounds": rounds, "points": points}


def contender(arena: Arena, work: str, rows: int) -> Contender:
    """Return an export, or the query whose result would be exported."""
    source = arena.source(rows)
    if work in EXPORTS:
        return Contender(work, arena.product(source, **EXPORTS[work]), source)
    result = arena.server.files / "result"
    command = f"{sys.executable} {HERE}/query.py {source.path} {result} {rows}"
    return Contender(work, command, source, "result")


def show(found: dict) -> None:
    for point in found["points"]:
        print(
            f"{point['work']:6} {point['rows']:13,} rows {goals.middle(point, 'seconds'):8.2f} s, "
            f"{goals.per_row(point) * MILLION:6.3f} s for a million "
            f"{max(run['peak'] for run in point['runs']) / MEGABYTE:6.0f} MB peak"
        )
    for each in goals.judged_growth(found["points"]):
        print(f"  {each.number}  {each.what}: {each.value}, goal {each.goal}: {each.word}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, action="append", help="default: 1 M and 10 M")
    parser.add_argument("--work", choices=WORKS, action="append", help="default: all")
    parser.add_argument("--hundred", action="store_true", help="100 M rows as well")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    parser.add_argument("--folder", help="where all files are made, default: the system's own")
    given = parser.parse_args()
    sizes = sorted((given.rows or SIZES) + [HUNDRED] * given.hundred)
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=given.folder) as folder,
        arenas.opened(Path(folder)) as arena,
    ):
        found = grow(arena, given.work or WORKS, sizes, given.rounds)
    show(found)
    if given.json:
        figures.keep(given.json, "growth", found)


if __name__ == "__main__":
    main()
