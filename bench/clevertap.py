"""Send many profiles to a CleverTap sandbox that answers after a while.

python bench/clevertap.py --rows 1000000
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import figures, goals, measure, snapshot

HERE = Path(__file__).parent
BATCH = 1000
RECORD = b'{"type":"profile",'


@contextmanager
def sandbox(home: Path, delay: float) -> Iterator[str]:
    """Yield the address of a sandbox that runs until the end of the block."""
    command = [sys.executable, "manage.py", "sandbox", "clevertap", "--port", "0", "--unseen"]
    process = subprocess.Popen(
        [*command, "--delay", str(delay)],
        cwd=HERE.parent,
        env=environment(home),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield re.search(r"http://[\d.:]+\d", process.stdout.readline())[0]
    finally:
        process.terminate()
        process.communicate()


def environment(home: Path) -> dict:
    ours = {name: text for name, text in os.environ.items() if not name.startswith("CONSOLE_")}
    return ours | {"CONSOLE_HOME": str(home)}


class Bench:
    """The snapshot, the account, and what a round takes."""

    def __init__(self, home: Path, rows: int, threads: int, address: str):
        self.home, self.rows = home, rows
        self.received = home / "sandbox/clevertap-api/unseen.jsonl"
        self.snapshot = home / "profiles.parquet"
        snapshot.make(self.snapshot, rows, "profiles")
        self.job = {
            "snapshot": str(self.snapshot),
            "receipt": str(home / "receipt.json"),
            "authentication": {
                "account_id": "DEMO",
                "account_passcode": "demo-passcode",
                "region": "other",
                "api_host": address,
            },
            "export": {"thread_count": threads},
        }

    def round(self) -> dict:
        """Return what sending takes, and what making the records takes alone."""
        self.clear()
        cost, receipt = self.run("sent")
        self.check(receipt)
        return {
            "export_seconds": receipt["seconds"],
            "checked": receipt["checked"],
            "seconds": cost.seconds,
            "cpu": cost.cpu,
            "peak": cost.peak,
            "records_only": self.run("records_only")[1]["seconds"],
            "json_only": self.run("json_only")[1]["seconds"],
        }

    def clear(self):
        """Forget what was sent before: a journal would let nothing be sent again."""
        for path in self.home.glob("results/1/*"):
            path.unlink()
        if self.received.exists():
            os.truncate(self.received, 0)

    def run(self, way: str):
        path = self.home / "job.json"
        path.write_text(json.dumps(self.job | {"way": way}))
        program = f"{sys.executable} {HERE / 'clevertap_product.py'} {path}"
        cost = measure.run(f"CONSOLE_HOME={self.home} {program}")
        return cost, json.loads(Path(self.job["receipt"]).read_text())

    def check(self, receipt: dict) -> None:
        """Count what arrived, each request on a line of its own."""
        requests, records = 0, 0
        with self.received.open("rb") as file:
            for line in file:
                requests, records = requests + 1, records + line.count(RECORD)
        if (requests, records, receipt["rows"]) != (-(-self.rows // BATCH), self.rows, self.rows):
            raise SystemExit(f"{records:,} records arrived, in {requests:,} requests.")


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=5)
    parser.add_argument("--delay", type=float, default=0.02, help="seconds before each answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    return parser.parse_args()


def main() -> None:
    given = asked()
    found = figures.circumstances()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder)
        subprocess.run([sys.executable, HERE / "prepare.py"], check=True)
        with sandbox(home, given.delay) as address:
            bench = Bench(home, given.rows, given.threads, address)
            bench.run("sent")  # It does not count: Python compiles its modules.
            rounds = [bench.round() for _ in range(given.rounds)]
    found |= {"rows": given.rows, "threads": given.threads, "delay": given.delay}
    found |= {"batch": BATCH, "rounds": rounds}
    for each in rounds:
        print(", ".join(f"{name} {value:,}" for name, value in each.items()))
    for each in goals.judged_clevertap(found):
        print(f"{each.number}  {each.what}: {each.value}, goal {each.goal}: {each.word}")
    if given.json:
        figures.keep(given.json, "clevertap", found)


if __name__ == "__main__":
    main()
