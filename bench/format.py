"""Write N rows as CSV to nowhere: the product's kernel beside Arrow's functions and DuckDB.

    python bench/format.py --rows 2000000

Every contender runs once in each round. Medians are printed, and what the kernel takes as a
share of each other one: of its processor seconds, and of its time.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench import measure, snapshot  # noqa: E402

MEGABYTE = 1e6


def contenders(path: Path) -> dict[str, str]:
    return {
        "kernel": f"{sys.executable} {HERE}/write.py {path} kernel",
        "arrow": f"{sys.executable} {HERE}/write.py {path} arrow",
        "duckdb copy": f"{sys.executable} {HERE}/duckdb_copy.py {path} /dev/null",
    }


def compare(path: Path, rounds: int) -> dict[str, list[measure.Cost]]:
    """Run all contenders in turns, after one run that compiles the kernel."""
    commands = contenders(path)
    measure.run(commands["kernel"])
    costs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            costs[name].append(measure.run(command))
    return costs


def show(costs: dict[str, list[measure.Cost]], rows: int, size: int) -> None:
    cpu = {name: median(cost.cpu for cost in each) for name, each in costs.items()}
    seconds = {name: median(cost.seconds for cost in each) for name, each in costs.items()}
    for name, each in costs.items():
        print(
            f"{name:12} {seconds[name]:6.2f} s {size / MEGABYTE / seconds[name]:6.0f} MB/s "
            f"{rows / seconds[name]:11,.0f} rows/s {cpu[name]:6.2f} CPU s "
            f"{max(cost.peak for cost in each) / MEGABYTE:5.0f} MB peak "
            f"{cpu['kernel'] / cpu[name]:6.2f} of its CPU "
            f"{seconds['kernel'] / seconds[name]:6.2f} of its time",
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path, text = Path(folder) / "rows.parquet", Path(folder) / "size.csv"
        snapshot.make(path, given.rows)
        measure.run(f"{sys.executable} {HERE}/duckdb_copy.py {path} {text}")
        size = text.stat().st_size
        print(f"{given.rows:,} rows, {size / MEGABYTE:.0f} MB of CSV")
        show(compare(path, given.rounds), given.rows, size)


if __name__ == "__main__":
    main()
