"""The goals, and whether figures reach them."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Goal:
    """The product's seconds, at most so large a part of the other's."""

    number: str
    work: str
    most: float
    other: str
    product: str = "product"
    loaded: bool = False  # judged without the start of Python, which both sides have


@dataclass(frozen=True)
class Verdict:
    goal: Goal
    ratios: list[float]  # of each round, from the start to the end of the processes
    loaded_ratios: list[float]  # the same without the start of Python on the product's side

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def loaded(self) -> float:
        return median(self.loaded_ratios)

    @property
    def reached(self) -> bool:
        return (self.loaded if self.goal.loaded else self.ratio) <= self.goal.most

    @property
    def word(self) -> str:
        return "reached" if self.reached else "not reached"


STAGED_GPG = "duckdb, gpg, then sftp put"
DISTANT = ("sftp put", "sftp put, AES-GCM", "rclone")
DIALECTS = ("ALL", "ALL, quote '", "NONE", "tsv", "texts, MINIMAL", "texts, ALL, quote '")
GOALS = [
    Goal("P1", "plain", 0.85, "duckdb | ssh cat"),
    Goal("P2", "gz", 0.80, "duckdb | igzip | ssh cat"),
    Goal("P2", "gz", 0.12, "duckdb | gzip | ssh cat"),
    Goal("P3", "pgp", 0.13, STAGED_GPG),
    Goal("P3", "pgp", 0.13, STAGED_GPG, "product, gzip"),
    *(Goal("P4", "distance-20", 0.50, other) for other in DISTANT),
    *(Goal("P4", "distance-100", 0.50, other) for other in DISTANT),
    Goal("P7", "bzip2", 0.60, "duckdb | bzip2 | ssh cat"),
    *(
        Goal("P8", "dialects", 1.50, "product", f"product, {name}", loaded=True)
        for name in (*DIALECTS, "texts, NONE")
    ),
]


def judged(work: str, contenders: list[dict]) -> list[Verdict]:
    """Return what became of the goals of a work; none for a contender that was not there."""
    found = {each["name"]: each for each in contenders}
    return [
        verdict(goal, found[goal.product], found[goal.other])
        for goal in GOALS
        if goal.work == work and {goal.product, goal.other} <= found.keys()
    ]


def verdict(goal: Goal, product: dict, other: dict) -> Verdict:
    """Compare the seconds of each round, for as many bytes of CSV."""
    share = product["csv_bytes"] / other["csv_bytes"]
    theirs = [run["seconds"] * share for run in other["runs"]]
    theirs_loaded = [run.get("export_seconds", run["seconds"]) * share for run in other["runs"]]
    return Verdict(
        goal,
        [run["seconds"] / other for run, other in zip(product["runs"], theirs, strict=True)],
        [
            run["export_seconds"] / other
            for run, other in zip(product["runs"], theirs_loaded, strict=True)
        ],
    )
