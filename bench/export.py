"""Export N rows to a local SFTP server: this product beside what a person would type.

    python bench/export.py --rows 1000000

Every contender runs once in each round, so a slow minute of the machine hits all of
them. Medians are printed, and how long the product takes as a share of each other one.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import arena as arenas
from bench import figures, goals, measure
from bench.arena import HERE, Arena
from bench.works import WORKS, Contender

MEGABYTE = 1e6
LARGE = 50_000  # rows from which the kernel may be used


def compare(arena: Arena, name: str, rows: int, rounds: int) -> dict:
    """Run all contenders of a work in turns, and return what each took."""
    with WORKS[name].contenders(arena, rows) as contenders:
        possible = [each for each in contenders if each.is_possible]
        missing = sorted({each.needs for each in contenders if not each.is_possible})
        prepare(rows)
        run(arena, possible[0])  # It does not count: Python compiles its modules.
        found = {each.name: described(each) for each in possible}
        for _ in range(rounds):
            for each in possible:
                found[each.name]["runs"].append(run(arena, each))
    return {
        "rows": rows,
        "rounds": rounds,
        "not_installed": missing,
        "contenders": [*found.values()],
    }


def prepare(rows: int) -> None:
    """Let the product compile what it compiles once on a machine, if it will be used."""
    if rows >= LARGE:
        subprocess.run([sys.executable, HERE / "prepare.py"], check=True)


def described(contender: Contender) -> dict:
    source = contender.source
    return {
        "name": contender.name,
        "rows": source.rows,
        "csv_bytes": source.csv_bytes,
        "runs": [],
    }


def run(arena: Arena, contender: Contender) -> dict:
    """Run a contender once; return what it took and the bytes that landed."""
    arena.clear()
    measured = measure.run_loaded if contender.is_product else measure.run
    cost = measured(contender.command)
    landed = arena.server.files / contender.landed
    if contender.is_product:
        check(arena, landed, contender.source.rows)
    return asdict(cost) | {"landed_bytes": landed.stat().st_size}


def check(arena: Arena, landed: Path, rows: int) -> None:
    """Compare the file on the server with the receipt."""
    receipt = json.loads(arena.receipt.read_text())
    [file] = receipt["files"]
    with landed.open("rb") as arrived:
        digest = hashlib.file_digest(arrived, "sha256").hexdigest()
    found = (digest, landed.stat().st_size, rows)
    if found != (file["sha256"], file["bytes"], receipt["rows"]):
        raise SystemExit("The file on the server is not the one of the receipt.")


def show(name: str, found: dict) -> None:
    print(f"\n{name}: {found['rows']:,} rows, {found['rounds']} rounds, medians")
    for each in found["contenders"]:
        show_contender(each)
    for verdict in goals.judged(name, found["contenders"]):
        print(
            f"  {verdict.goal.number}  {verdict.goal.product} / {verdict.goal.other}: "
            f"{verdict.ratio:.3f} ({min(verdict.ratios):.3f} to {max(verdict.ratios):.3f}, "
            f"with its start {verdict.started:.3f}), goal {verdict.goal.most:.2f}: {verdict.word}"
        )
    for program in found["not_installed"]:
        print(f"  {program} is not installed: not compared")
    sys.stdout.flush()


def show_contender(each: dict) -> None:
    seconds = [run["seconds"] for run in each["runs"]]
    print(
        f"  {each['name']:28} {median(seconds):7.2f} s (min {min(seconds):.2f}) "
        f"{each['csv_bytes'] / MEGABYTE / median(seconds):6.0f} MB/s "
        f"{median(run['cpu'] for run in each['runs']):7.2f} CPU s "
        f"{max(run['peak'] for run in each['runs']) / MEGABYTE:6.0f} MB peak "
        f"{each['runs'][-1]['landed_bytes'] / MEGABYTE:7.0f} MB landed"
    )


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="of each snapshot; default: 1,000,000")
    parser.add_argument("--full", action="store_true", help="as many rows as the goals ask for")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", choices=WORKS, action="append", help="default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    parser.add_argument("--folder", help="where all files are made, default: the system's own")
    return parser.parse_args()


def main() -> None:
    given = asked()
    circumstances = figures.circumstances()
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir=given.folder) as folder,
        arenas.opened(Path(folder)) as arena,
    ):
        for name in given.work or WORKS:
            work = WORKS[name]
            rows = given.rows or (work.full if given.full else work.rows)
            found = compare(arena, name, rows, given.rounds)
            show(name, found)
            if given.json:
                figures.keep(given.json, name, circumstances | found)


if __name__ == "__main__":
    main()
