"""Click "Run and export" on an idle console, and measure the time until the receipt is there.

    python bench/click.py --clicks 30

A quickstart in a home of its own answers: web server, cluster, SFTP sandbox.
"""

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import figures, goals
from bench.browser import Browser
from bench.server import free_port

ROOT = Path(__file__).parent.parent
PATIENCE = 60
POLL = 0.05
FILE = "clicked.csv"
SETTINGS = {
    "connector": "sftp_v2",
    "user_directory_is_root": "True",
    "path_prefix": f"/{FILE}",
    "rename_file_after_upload": "on",
    "format": "csv",
    "header_line": "on",
    "temp_file_threshold": "5368709120",
    "hold_percent": "50",
    "hold_runs": "5",
}


class Console:
    """A console with a saved query that exports, used by a person who is logged in."""

    def __init__(self, address: str, home: Path, rows: int):
        self.home = home
        sql = f"SELECT * FROM customers ORDER BY customer_id LIMIT {rows}"
        self.text = {"database": "demo", "engine": "trino", "sql": sql}
        self.browser = Browser(address)
        self.browser.get("/login/")
        self.browser.post("/login/", username="marketer", password="marketer")
        self.query = self.save_query()
        self.save_export()

    def save_query(self) -> str:
        """Return the address of the new query."""
        _, _, path = self.browser.post("/workbench/queries/new/", name="Clicked", **self.text)
        if not re.fullmatch(r"/workbench/queries/\d+/", path):
            raise SystemExit(f"The query was not saved: the page is {path}.")
        return path

    def save_export(self) -> None:
        _, page, _ = self.browser.get(f"{self.query}export/", part=True)
        given = {"authentication": sandbox_of(page), **SETTINGS}
        status, page, _ = self.browser.post(f"{self.query}export/", part=True, **given)
        if status != 200:
            raise SystemExit(f"The export was not saved ({status}): {page}")

    def click(self) -> float:
        """Return the seconds from the click to the receipt, whose file is checked."""
        began = time.perf_counter()
        clicked = {"deliver": "yes", **self.text}
        status, page, _ = self.browser.post(f"{self.query}run/", part=True, **clicked)
        if status != 200:
            raise SystemExit(f"No job was made ({status}): {page}")
        job = re.search(r"/workbench/jobs/(\d+)/", page)[1]
        receipt = self.await_receipt(job, began)
        seconds = time.perf_counter() - began
        self.check(receipt)
        return round(seconds, 3)

    def await_receipt(self, job: str, began: float) -> dict:
        while time.perf_counter() - began < PATIENCE:
            status, text, _ = self.browser.get(f"/workbench/jobs/{job}/receipt.json")
            if status == 200:
                return json.loads(text)
            time.sleep(POLL)
        raise SystemExit(f"Job {job} has no receipt after {PATIENCE} seconds.")

    def check(self, receipt: dict) -> None:
        """Compare the file in the sandbox with the receipt."""
        [file] = receipt["files"]
        landed = (self.home / "sandbox" / FILE).read_bytes()
        if hashlib.sha256(landed).hexdigest() != file["sha256"]:
            raise SystemExit("The file in the sandbox is not the one of the receipt.")


def sandbox_of(page: str) -> str:
    """Return the key of the SFTP sandbox's authentication, of those that the panel offers."""
    choices = re.findall(r'name="authentication" value="(\d+)"(.*?)</label>', page, re.DOTALL)
    return next(key for key, text in choices if "<b>Demo SFTP sandbox</b>" in text)


@contextmanager
def quickstart(home: Path) -> Iterator[str]:
    """Yield the address of a console that runs until the end of the block."""
    port = str(free_port())
    process = subprocess.Popen(
        [sys.executable, "manage.py", "quickstart", "--home", str(home), "--port", port],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if not name.startswith("CONSOLE_")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = ""
        while "Ctrl-C" not in said.rpartition("\n")[2]:
            line = process.stdout.readline()
            said += f"\n{line.strip()}"
            if not line:
                raise SystemExit(f"The quickstart did not start:{said}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def measure(home: Path, clicks: int, rows: int, settling: float) -> dict:
    found = figures.circumstances()
    seconds = []
    with quickstart(home) as address:
        console = Console(address, home, rows)
        time.sleep(settling)
        for number in range(clicks):
            # A person does not click in step with the dispatcher's seconds.
            time.sleep(0.5 + number * 0.37 % 1)
            seconds.append(console.click())
    return found | {"rows": rows, "seconds": seconds}


def show(found: dict) -> None:
    each = goals.judged_clicks(found)
    seconds = found["seconds"]
    print(f"median {median(seconds):.2f} s, slowest {max(seconds):.2f} s")
    print(f"  {each.number}  {each.what}: {each.value}, goal {each.goal}: {each.word}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clicks", type=int, default=30)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument(
        "--settle", type=float, default=40, help="seconds before the first click, idle by then"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = measure(Path(folder) / "home", given.clicks, given.rows, given.settle)
    show(found)
    if given.json:
        figures.keep(given.json, "click", found)


if __name__ == "__main__":
    main()
