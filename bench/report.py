"""Write the kept figures into docs/speed.md, and draw docs/growth.svg.

    python bench/report.py

The tables between `<!-- NAME -->` and `<!-- /NAME -->` are made of bench/figures/*.json.
"""

import re
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import figures, goals, graph

DOCS = Path(__file__).parent.parent / "docs"
PAGE, GRAPH = DOCS / "speed.md", DOCS / "growth.svg"
BLOCK = re.compile(r"<!-- ([a-z0-9-]+) -->\n.*?<!-- /\1 -->", re.DOTALL)
MEGABYTE, MILLION = 1e6, 1_000_000
NOTHING = "Not measured yet."


def kept() -> dict:
    """Return all kept figures by the name of their work."""
    found = {}
    for path in sorted(figures.KEPT.glob("*.json")):
        found |= figures.read(path)
    return found


def written(page: str, found: dict) -> str:
    """Return the page with the tables of the figures."""

    def block(match):
        name = match[1]
        made = MADE[name](found) if name in MADE else work(found.get(name))
        return f"<!-- {name} -->\n{made}\n<!-- /{name} -->"

    return BLOCK.sub(block, page)


def table(head: list[str], rows: list[list]) -> str:
    """Return a Markdown table whose columns but the first one are set to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def cell(value) -> str:
    return str(value).replace("|", "\\|")


def overview(found: dict) -> str:
    """Return all goals that were measured."""
    rows = [
        row for name, one in found.items() if "contenders" in one for row in verdicts(name, one)
    ]
    measured = goals.judged_growth(found["growth"]["points"]) if "growth" in found else []
    measured += [goals.judged_clicks(found["click"])] if "click" in found else []
    measured += goals.judged_pages(found["pages"]) if "pages" in found else []
    measured += goals.judged_clevertap(found["clevertap"]) if "clevertap" in found else []
    measured += goals.judged_studio(found["studio"]) if "studio" in found else []
    for kind in goals.MOST_DUE:
        measured += goals.judged_due(kind, found[f"due-{kind}"]) if f"due-{kind}" in found else []
    rows += [[m.number, m.what, m.value, "", m.goal, m.word] for m in measured]
    head = ["goal", "the product beside", "ratio", "with its start", "at most", ""]
    return table(head, sorted(rows, key=lambda row: row[0])) if rows else NOTHING


def verdicts(name: str, one: dict) -> list[list]:
    return [
        [
            v.goal.number,
            f"{name}: {v.goal.product} / {v.goal.other}",
            f"{v.ratio:.2f} ({min(v.ratios):.2f} to {max(v.ratios):.2f})",
            f"{v.started:.2f}",
            f"{v.goal.most:.2f}",
            v.word,
        ]
        for v in goals.judged(name, one["contenders"])
    ]


def work(one: dict | None) -> str:
    """Return the table of a work's contenders."""
    if not one:
        return NOTHING
    head = ["contender", "s", "least", "MB/s", "CPU s", "peak MB", "MB landed"]
    text = f"{one['rows']:,} rows, {one['rounds']} rounds.\n\n"
    text += table(head, [contender(each) for each in one["contenders"]])
    absent = ", ".join(one["not_installed"])
    return text + (f"\n\nNot installed here, so not compared: {absent}." if absent else "")


def contender(each: dict) -> list:
    seconds = [run["seconds"] for run in each["runs"]]
    return [
        each["name"],
        f"{median(seconds):.2f}",
        f"{min(seconds):.2f}",
        f"{each['csv_bytes'] / MEGABYTE / median(seconds):.0f}",
        f"{median(run['cpu'] for run in each['runs']):.2f}",
        f"{max(run['peak'] for run in each['runs']) / MEGABYTE:.0f}",
        f"{each['runs'][-1]['landed_bytes'] / MEGABYTE:.0f}",
    ]


def growth(found: dict) -> str:
    if "growth" not in found:
        return NOTHING
    head = ["rows", "work", "s", "a million", "a further million", "peak MB"]
    points = found["growth"]["points"]
    rows = []
    for work in dict.fromkeys(point["work"] for point in points):
        own = [point for point in points if point["work"] == work]
        rows += [point_row(before, after) for before, after in pairwise([None, *own])]
    text = f"{found['growth']['rounds']} rounds.\n\n"
    picture = "![Seconds for a million rows, and peak memory, over rows](growth.svg)\n\n"
    return picture + text + table(head, rows)


def point_row(before: dict | None, point: dict) -> list:
    seconds = goals.middle(point, "seconds")
    further = ""
    if before:
        more = (point["rows"] - before["rows"]) / MILLION
        further = f"{(seconds - goals.middle(before, 'seconds')) / more:.3f}"
    return [
        f"{point['rows']:,}",
        point["work"],
        f"{seconds:.2f}",
        f"{goals.per_row(point) * MILLION:.3f}",
        further,
        f"{max(run['peak'] for run in point['runs']) / MEGABYTE:.0f}",
    ]


def click(found: dict) -> str:
    if "click" not in found:
        return NOTHING
    seconds = found["click"]["seconds"]
    rows = [
        [
            f"{found['click']['rows']:,}",
            len(seconds),
            *(f"{goals.percentile(seconds, share):.2f}" for share in (0, 0.5, 0.95, 1)),
        ]
    ]
    return table(["rows", "clicks", "least s", "p50 s", "p95 s", "most s"], rows)


def pages(found: dict) -> str:
    if "pages" not in found:
        return NOTHING
    one = found["pages"]
    text = (
        f"{one['jobs']:,} jobs, {one['rate']:g} requests a second of {one['people']} people; "
        f"the cluster ended {one['jobs_meanwhile']} jobs meanwhile.\n\n"
    )
    head = ["page", "requests", "queries", "p50 ms", "p95 ms", "most ms"]
    return text + table(head, [page_row(page) for page in one["pages"]])


def page_row(page: dict) -> list:
    shares = (goals.percentile(page["seconds"], share) * 1000 for share in (0.5, 0.95, 1))
    return [page["name"], len(page["seconds"]), page["queries"], *(f"{ms:.0f}" for ms in shares)]


def clevertap(found: dict) -> str:
    if "clevertap" not in found:
        return NOTHING
    one = found["clevertap"]
    head = ["what", "s", "least", "rows/s"]
    named = {
        "checked and sent": "export_seconds",
        "the check alone": "checked",
        "records alone": "records_only",
        "records by Python's json": "json_only",
    }
    rows = []
    for what, figure in named.items():
        seconds = [each[figure] for each in one["rounds"]]
        middle = median(seconds)
        rows.append([what, f"{middle:.2f}", f"{min(seconds):.2f}", f"{one['rows'] / middle:,.0f}"])
    text = f"{one['rows']:,} profiles of 12 columns, {one['threads']} threads, answers after "
    text += f"{one['delay'] * 1000:.0f} ms, {len(one['rounds'])} rounds.\n\n"
    return text + table(head, rows)


def studio(found: dict) -> str:
    if "studio" not in found:
        return NOTHING
    one = found["studio"]
    refreshes = [each["seconds"] for each in one["refreshes"]]
    text = (
        f"{one['customers']:,} customers, {one['rows']:,} rows of what they did, {one['rounds']} "
        f"edits. A refresh took {median(refreshes):.1f} s. Web server and engine together held "
        f"{one['peak'] / MEGABYTE:,.0f} MB at most.\n\n"
    )
    head = ["question", "s", "most", "by hand s", "ratio", "count alone, by hand s"]
    return text + table(head, [question(each) for each in one["questions"]])


def question(each: dict) -> list:
    return [
        each["name"],
        f"{median(each['product']):.3f}",
        f"{max(each['product']):.3f}",
        f"{median(each['by_hand']):.3f}",
        f"{median(goals.ratios(each)):.2f}",
        f"{median(each['count_by_hand']):.3f}",
    ]


def circumstances(found: dict) -> str:
    """Return when and on what each work was measured, those alike together."""
    alike = {}
    for name, one in found.items():
        versions = ", ".join(f"{each} {number}" for each, number in one["versions"].items())
        alike.setdefault(f"{one['date']}, {one['machine']}; {versions}", []).append(
            f"{name} ({one['load_before']})"
        )
    lines = [f"- {', '.join(names)}: {text}." for text, names in alike.items()]
    return "\n".join(lines) if lines else NOTHING


MADE = {
    "overview": overview,
    "growth": growth,
    "click": click,
    "pages": pages,
    "clevertap": clevertap,
    "studio": studio,
    "circumstances": circumstances,
}


def main() -> None:
    found = kept()
    PAGE.write_text(written(PAGE.read_text(), found))
    if "growth" in found:
        GRAPH.write_text(graph.drawn(found["growth"]["points"]))


if __name__ == "__main__":
    main()
