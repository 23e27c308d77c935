"""Write N rows as CSV to nowhere: the product's kernel beside Arrow's functions and DuckDB.

    python bench/format.py --rows 2000000
    python bench/format.py --rows 2000000 --dialects

Every contender runs once in each round. Medians are printed, and what the kernel takes as a
share of each other one: of its processor seconds, and of its time. With --dialects the kernel
writes the plain dialect beside the most laborious ones.
"""

import argparse
import json
import shlex
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench import measure, snapshot  # noqa: E402

MEGABYTE = 1e6


DIALECTS = {
    "plain": {},
    "all": {"quote_policy": "ALL"},
    "all, single quote": {"quote_policy": "ALL", "quote": "'"},
    "single quote": {"quote": "'"},
    "none": {"quote_policy": "NONE"},
    "tsv": {"format": "tsv"},
}


def product(path: Path, way: str, settings: dict) -> str:
    """Return the command that writes the snapshot with the product's code."""
    return f"{sys.executable} {HERE}/write.py {path} {way} {shlex.quote(json.dumps(settings))}"


def contenders(path: Path) -> dict[str, str]:
    return {
        "kernel": product(path, "kernel", {}),
        "arrow": product(path, "arrow", {}),
        "duckdb copy": f"{sys.executable} {HERE}/duckdb_copy.py {path} /dev/null",
    }


def dialects(path: Path) -> dict[str, str]:
    return {name: product(path, "kernel", settings) for name, settings in DIALECTS.items()}


def compare(commands: dict[str, str], rounds: int) -> dict[str, list[measure.Cost]]:
    """Run all contenders in turns, after one run of the first, which compiles the kernel."""
    measure.run(next(iter(commands.values())))
    costs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(measure.run(command))
    return costs


def show(costs: dict[str, list[measure.Cost]], rows: int, size: int) -> None:
    cpu = {name: median(cost.cpu for cost in each) for name, each in costs.items()}
    seconds = {name: median(cost.seconds for cost in each) for name, each in costs.items()}
    first = next(iter(costs))
    for name, each in costs.items():
        print(
            f"{name:17} {seconds[name]:6.2f} s {size / MEGABYTE / seconds[name]:6.0f} MB/s "
            f"{rows / seconds[name]:11,.0f} rows/s {cpu[name]:6.2f} CPU s "
            f"{max(cost.peak for cost in each) / MEGABYTE:5.0f} MB peak "
            f"{cpu[first] / cpu[name]:6.2f} of its CPU "
            f"{seconds[first] / seconds[name]:6.2f} of its time",
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dialects", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path, text = Path(folder) / "rows.parquet", Path(folder) / "size.csv"
        snapshot.make(path, given.rows)
        measure.run(f"{sys.executable} {HERE}/duckdb_copy.py {path} {text}")
        size = text.stat().st_size
        print(f"{given.rows:,} rows, {size / MEGABYTE:.0f} MB of CSV")
        commands = (dialects if given.dialects else contenders)(path)
        show(compare(commands, given.rounds), given.rows, size)


if __name__ == "__main__":
    main()
