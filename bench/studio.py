"""How long a person who builds a segment waits for counts, and how long a refresh takes.

    python bench/studio.py --rounds 5

A console of its own is given a million customers with twenty million rows of what they did, and
a worker's process refreshes their parent segment. Then the address that the rule builder asks is
asked for segments, each time with another value in a rule, in turns with SQL that was written by
hand for the same Parquet files and runs in a DuckDB that stays open. At last two results of a
million rows are compared, as where only what changed is sent.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench import audience, changed, figures, goals, measure, studio_home  # noqa: E402
from bench.questions import QUESTIONS, count_by_hand, funnel_by_hand  # noqa: E402

HERE = Path(__file__).parent


class ByHand:
    """DuckDB that somebody has opened over the tables of the audience."""

    def __init__(self, files: dict, spill: Path):
        command = [sys.executable, HERE / "by_hand.py", json.dumps(files), spill]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes)

    def ask(self, sql: str) -> tuple[float, list]:
        """Return the seconds and the one row of the answer."""
        self.process.stdin.write(json.dumps(sql) + "\n")
        self.process.stdin.flush()
        seconds, row = json.loads(self.process.stdout.readline())
        return seconds, row

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Builder:
    """The page on which somebody builds a segment."""

    def __init__(self, parent):
        from django.test import Client
        from django.urls import reverse

        self.client = Client(headers={"host": "localhost"})
        self.client.force_login(parent.owner)
        self.address = reverse("count-segment", args=[parent.pk])
        self.number = 0

    def ask(self, rules: dict) -> tuple[float, list]:
        """Return the seconds and all numbers of the answer, in the order of the page."""
        self.number += 1
        body = json.dumps({"rules": rules, "page": "bench", "number": self.number, "patient": True})
        began = time.perf_counter()
        answer = self.client.post(self.address, body, content_type="application/json").json()
        seconds = time.perf_counter() - began
        if "total" not in answer:
            raise SystemExit(f"The page was answered {answer}.")
        return round(seconds, 4), [answer["total"], *numbers(answer["steps"])]


def numbers(steps):
    for step in steps:
        yield from (step["customers"], step["left"])
        for rule in step["rules"]:
            yield from (rule["customers"], rule["left"])


@contextmanager
def opened(parent, home: Path):
    hand = ByHand(studio_home.files_of(parent), home / "by-hand")
    try:
        yield hand
    finally:
        hand.close()


def asked_in_turns(parent, home: Path, rounds: int, today: int) -> dict:
    """Return the seconds of each question, by the page and by hand, and the product's memory."""
    found = {each.name: {"name": each.name, "product": [], **by_hand()} for each in QUESTIONS}
    builder = Builder(parent)
    with opened(parent, home) as hand:
        # The first round does not count: libraries are imported, and memory is looked at.
        peak = measure.Peak(os.getpid(), without=hand.process.pid)
        peak.start()
        for question in QUESTIONS:
            ask(question, 0, builder, hand, today)
        peak.stop()
        for value in range(1, rounds + 1):
            for question in QUESTIONS:
                for name, seconds in ask(question, value, builder, hand, today).items():
                    found[question.name][name].append(seconds)
    return {"questions": list(found.values()), "peak": peak.bytes}


def by_hand():
    return {"by_hand": [], "count_by_hand": []}


def ask(question, value, builder, hand, today) -> dict:
    """Ask the product and by hand, which come first in turns, and compare the answers."""
    written = question.hand(value, today)
    steps = [
        ("product", lambda: builder.ask(question.rules(value))),
        ("by_hand", lambda: hand.ask(funnel_by_hand(written))),
    ]
    answers = {name: step() for name, step in (steps if value % 2 else reversed(steps))}
    if answers["product"][1] != answers["by_hand"][1]:
        raise SystemExit(f"{question.name}: the answers differ: {answers}")
    alone = hand.ask(count_by_hand(written))
    return {name: seconds for name, (seconds, _) in answers.items()} | {"count_by_hand": alone[0]}


def refreshed(parent, home: Path) -> measure.Cost:
    """Refresh the parent segment as a worker does, and return what it took."""
    from console import jobs

    job = jobs.submit_query(parent.query, by=parent.owner)
    return measure.run(f"{sys.executable} {HERE / 'studio_refresh.py'} {home} {job.pk}")


def main() -> None:
    given = asked()
    found = figures.circumstances() | {"customers": given.customers}
    found |= {"rows": given.customers * sum(audience.BEHAVIORS.values()), "rounds": given.rounds}
    with tempfile.TemporaryDirectory(prefix="bench-", dir=given.folder) as folder:
        home = Path(folder)
        studio_home.start_django(home)
        today = int(time.time()) // audience.DAY * audience.DAY
        parent = studio_home.make_parent(studio_home.make_sources(given.customers, today))
        found["refreshes"] = [vars(refreshed(parent, home)) for _ in range(given.refreshes)]
        studio_home.make_segment(parent)
        found |= asked_in_turns(parent, home, given.rounds, today)
        found["compared"] = changed.compared(home, given.customers, given.rounds)
    show(found)
    if given.json:
        figures.keep(given.json, "studio", found)


def show(found: dict) -> None:
    for each in found["questions"]:
        product, hand, alone = (median(each[way]) for way in ("product", *by_hand()))
        ratio = median(goals.ratios(each))
        times = f"{product:.3f} s, by hand {hand:.3f} s ({alone:.3f} s for the count alone)"
        print(f"{each['name']:24} {times}, ratio {ratio:.2f}")
    print(f"peak memory of the questions {found['peak'] / 1e6:,.0f} MB")
    for each in goals.judged_studio(found):
        print(f"  {each.number}  {each.what}: {each.value}, goal {each.goal}: {each.word}")


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000, help="each has 20 rows")
    parser.add_argument("--full", action="store_true", help="10,000,000 customers")
    parser.add_argument("--rounds", type=int, help="edits of each segment: 5, or 1 with --full")
    parser.add_argument("--refreshes", type=int, help="3, or 1 with --full")
    parser.add_argument("--folder", type=Path, help="where all files are made")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there")
    given = parser.parse_args()
    if given.full:
        given.customers = 10_000_000
    given.rounds = given.rounds or (1 if given.full else 5)
    given.refreshes = given.refreshes or (1 if given.full else 3)
    return given


if __name__ == "__main__":
    main()
