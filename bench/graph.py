"""The graph of growth, as SVG: seconds for a million rows, and peak memory, over rows."""

from collections.abc import Callable
from math import log10

from bench.goals import MOST_MEMORY, per_row

MILLION = 1_000_000
WIDTH, HEIGHT = 700, 330
TOP, BOTTOM = 64, 272  # of the plotting areas
PANEL = 232  # width of each
BETWEEN = 14  # least distance of two labels
STYLES = ("one", "two", "three")  # of the lines, in their order
STYLE = """
.card { fill: #ffffff; stroke: #d0d7de }
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.axis { stroke: #57606a }
.grid { stroke: #d8dee4 }
.goal { stroke: #57606a; stroke-dasharray: 5 4 }
.one { stroke: #0969da; fill: #0969da }
.two { stroke: #bc4c00; fill: #bc4c00 }
.three { stroke: #8250df; fill: #8250df }
path { fill: none !important }
path.one, path.two, path.three { stroke-width: 2.5 }
text.one, text.two, text.three { stroke: none }
@media (prefers-color-scheme: dark) {
  .card { fill: #0d1117; stroke: #30363d }
  text { fill: #e6edf3 }
  .axis, .goal { stroke: #8b949e }
  .grid { stroke: #21262d }
  .one { stroke: #58a6ff; fill: #58a6ff }
  .two { stroke: #f0883e; fill: #f0883e }
  .three { stroke: #bc8cff; fill: #bc8cff }
}
"""


def drawn(points: list[dict]) -> str:
    """Return the graph of the points that `growth.py` keeps."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="name">',
        '<title id="name">Seconds for a million rows, and peak memory, over the rows of '
        "an export</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="6"/>',
        *panel(56, "Seconds for a million rows", series(points, seconds), 0),
        *panel(406, "Peak memory, MB", series(points, megabytes), MOST_MEMORY),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def seconds(point: dict) -> float:
    return per_row(point) * MILLION


def megabytes(point: dict) -> float:
    return max(run["peak"] for run in point["runs"]) / 1e6


def series(points: list[dict], figure: Callable) -> dict[str, list[tuple[int, float]]]:
    """Return for each work its (rows, figure)."""
    works = dict.fromkeys(point["work"] for point in points)
    return {
        work: sorted((point["rows"], figure(point)) for point in points if point["work"] == work)
        for work in works
    }


def panel(left: int, title: str, lines: dict, goal: float) -> list[str]:
    """Return a plotting area with its axes, lines and their names."""
    highest = max([goal, *(value for line in lines.values() for _, value in line)])
    step = step_of(highest)
    top = step * -(-highest * 1.02 // step)
    rows = sorted({rows for line in lines.values() for rows, _ in line})
    x, y = across(left, rows), upward(top)
    parts = [f'<text class="title" x="{left - 38}" y="34">{title}</text>']
    parts += y_axis(left, y, [step * n for n in range(round(top / step) + 1)])
    parts += x_axis(left, x, rows)
    if goal:
        parts.append(f'<path class="goal" d="M{left} {y(goal):.1f}h{PANEL}"/>')
        parts.append(f'<text x="{left + 6}" y="{y(goal) + 17:.1f}">goal: at most {goal}</text>')
    for style, line in zip(STYLES, lines.values(), strict=False):
        parts += plotted(style, [(x(rows), y(value)) for rows, value in line])
    return parts + names(left + PANEL + 8, lines, y)


def across(left: int, rows: list[int]) -> Callable:
    """Return what places a number of rows, ten times as many at always the same distance."""
    first, last = log10(rows[0]), log10(rows[-1])
    room = PANEL - 48
    return lambda count: left + 24 + room * (log10(count) - first) / ((last - first) or 1)


def upward(top: float) -> Callable:
    return lambda value: BOTTOM - (BOTTOM - TOP) * value / top


def step_of(highest: float) -> float:
    """Return a round distance of the marks, so that there are three to six."""
    power = 10 ** (len(str(int(highest))) - 1) if highest >= 1 else 10 ** (int(log10(highest)) - 1)
    return next(n * power for n in (0.2, 0.5, 1, 2, 5) if highest / (n * power) <= 6)


def y_axis(left: int, y: Callable, marks: list[float]) -> list[str]:
    parts = []
    for mark in marks:
        style = "grid" if mark else "axis"
        parts.append(f'<path class="{style}" d="M{left} {y(mark):.1f}h{PANEL}"/>')
        parts.append(
            f'<text x="{left - 8}" y="{y(mark) + 4:.1f}" text-anchor="end">{mark:g}</text>'
        )
    return parts


def x_axis(left: int, x: Callable, rows: list[int]) -> list[str]:
    parts = [
        f'<text x="{x(count):.1f}" y="{BOTTOM + 20}" text-anchor="middle">{short(count)}</text>'
        for count in rows
    ]
    middle = left + PANEL / 2
    parts.append(f'<text x="{middle}" y="{BOTTOM + 42}" text-anchor="middle">rows</text>')
    return parts


def short(rows: int) -> str:
    return f"{rows / MILLION:g} M" if rows >= MILLION else f"{rows:,}"


def plotted(style: str, places: list[tuple[float, float]]) -> list[str]:
    path = " L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dots = [f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in places]
    return [f'<path class="{style}" d="M{path}"/>', *dots]


def names(left: float, lines: dict, y: Callable) -> list[str]:
    """Return the names of the lines beside their ends, one below the other."""
    ends = zip(STYLES, lines.items(), strict=False)
    ends = sorted((y(line[-1][1]) + 4, style, name) for style, (name, line) in ends)
    heights = [height for height, _, _ in ends]
    for n in range(1, len(heights)):
        heights[n] = max(heights[n], heights[n - 1] + BETWEEN)
    return [
        f'<text class="{style}" x="{left}" y="{height:.1f}">{name}</text>'
        for height, (_, style, name) in zip(heights, ends, strict=True)
    ]
