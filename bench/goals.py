"""The goals, and whether figures reach them."""

from dataclasses import dataclass
from math import ceil
from statistics import median


@dataclass(frozen=True)
class Goal:
    """The product's seconds, at most so large a part of the other's."""

    number: str
    work: str
    most: float
    other: str
    product: str = "product"


@dataclass(frozen=True)
class Verdict:
    goal: Goal
    ratios: list[float]  # of each round: the product's work in a worker by the other's whole
    started_ratios: list[float]  # the same with the start of a process that does it

    @property
    def ratio(self) -> float:
        return median(self.ratios)

    @property
    def started(self) -> float:
        return median(self.started_ratios)

    @property
    def word(self) -> str:
        return "reached" if self.ratio <= self.goal.most else "not reached"


STAGED_GPG = "duckdb, gpg, then sftp put"
SENDING = ("sftp put", "sftp put, AES-GCM", "rclone")  # a file that is finished
MAKING = ("duckdb, then sftp put", "duckdb | ssh cat")  # one from its rows, as the product
DIALECTS = ("ALL", "ALL, quote '", "NONE", "tsv", "texts, MINIMAL", "texts, ALL, quote '")
GOALS = [
    Goal("P1", "plain", 0.85, "duckdb | ssh cat"),
    Goal("P2", "gz", 0.80, "duckdb | igzip | ssh cat"),
    Goal("P2", "gz", 0.12, "duckdb | gzip | ssh cat"),
    Goal("P3", "pgp", 0.13, STAGED_GPG),
    Goal("P3", "pgp", 0.13, STAGED_GPG, "product, gzip"),
    *(
        Goal("P4", f"distance-{milliseconds}", 0.50, other, product)
        for milliseconds in (20, 100)
        for product, others in (("product, staged file", SENDING), ("product", SENDING + MAKING))
        for other in others
    ),
    Goal("P7", "bzip2", 0.60, "duckdb | bzip2 | ssh cat"),
    *(
        Goal("P8", "dialects", 1.50, "product", f"product, {name}")
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
    pairs = [
        (own, other["seconds"] * share)
        for own, other in zip(product["runs"], other["runs"], strict=True)
    ]
    return Verdict(
        goal,
        [own["seconds"] / theirs for own, theirs in pairs],
        [(own["seconds"] + own["start"]) / theirs for own, theirs in pairs],
    )


@dataclass(frozen=True)
class Measured:
    """A goal that one figure of the product itself reaches or not."""

    number: str
    what: str
    value: str
    goal: str
    reached: bool

    @property
    def word(self) -> str:
        return "reached" if self.reached else "not reached"


MOST_MEMORY = 600  # MB
MOST_GROWTH = 5  # percent
SLOWEST_CLICK = 2.5  # seconds, of 95 in 100


def judged_growth(points: list[dict]) -> list[Measured]:
    """Return the goals of memory and time, for each work from its least rows on."""
    found = []
    for work in dict.fromkeys(point["work"] for point in points):
        own = sorted((each for each in points if each["work"] == work), key=lambda p: p["rows"])
        found += [memory(work, own), *growths(work, own)]
    return sorted(found, key=lambda each: each.number)


def memory(work: str, points: list[dict]) -> Measured:
    most = max(run["peak"] for point in points for run in point["runs"]) / 1e6
    what = f"{work}: peak memory, any number of rows"
    return Measured("P5", what, f"{most:.0f} MB", f"≤ {MOST_MEMORY} MB", most <= MOST_MEMORY)


def growths(work: str, points: list[dict]) -> list[Measured]:
    """Return the most that memory, and time for a row, grow beyond those of the least rows."""
    sizes = f"from {points[0]['rows']:,} to {points[-1]['rows']:,} rows"
    peaks = [middle(point, "peak") for point in points]
    seconds = [per_row(point) for point in points]
    return [
        grown("P5", f"{work}: growth of peak memory {sizes}", max(peaks[1:]) / peaks[0]),
        grown("P6", f"{work}: growth of seconds for a row {sizes}", max(seconds[1:]) / seconds[0]),
    ]


def grown(number: str, what: str, ratio: float) -> Measured:
    percent = (ratio - 1) * 100
    return Measured(number, what, f"{percent:+.1f} %", f"≤ {MOST_GROWTH} %", percent <= MOST_GROWTH)


def middle(point: dict, figure: str) -> float:
    return median(run[figure] for run in point["runs"])


def per_row(point: dict) -> float:
    return middle(point, "seconds") / point["rows"]


def judged_clicks(found: dict) -> Measured:
    late = percentile(found["seconds"], 0.95)
    what = f"click to receipt, {found['rows']:,} rows, p95 of {len(found['seconds'])}"
    goal = f"≤ {SLOWEST_CLICK} s"
    return Measured("P9", what, f"{late:.2f} s", goal, late <= SLOWEST_CLICK)


MOST_DUE = {"SQLite": 10, "PostgreSQL": 15}  # seconds until 10,000 schedules have their jobs
SLOWEST_SLOT = 2  # seconds to the job of a slot, of 99 in 100, where 1,000 are due


def judged_due(kind: str, found: dict) -> list[Measured]:
    """Return the goals of many schedules that are due at once, as far as so many were."""
    times, number = found["seconds"], found["schedules"]
    whole, late = max(times), percentile(times[:1000], 0.99)
    what = f"{number:,} schedules due at once, {kind}"
    most = MOST_DUE[kind]
    first = f"the first {min(number, 1000):,} of them, p99"
    return [
        Measured("P11", what, f"{whole:.1f} s", f"≤ {most} s", whole <= most),
        Measured("P11", first, f"{late:.2f} s", f"≤ {SLOWEST_SLOT} s", late <= SLOWEST_SLOT),
    ]


SLOWEST_PAGE = 100  # milliseconds, of 95 in 100
MOST_QUERIES = 12  # of a page that lists


def judged_pages(found: dict) -> list[Measured]:
    """Return the goals of the pages: the time of each, and the queries of those that list."""
    lists = [page for page in found["pages"] if page["lists"]]
    most = max(page["queries"] for page in lists)
    asked = Measured(
        "P12", "queries of a page that lists", f"{most}", f"≤ {MOST_QUERIES}", most <= MOST_QUERIES
    )
    return [*(judged_page(page, found["rate"]) for page in found["pages"]), asked]


def judged_page(page: dict, rate: float) -> Measured:
    late = percentile(page["seconds"], 0.95) * 1000
    what = f"page {page['name']}, p95 at {rate:g} requests/s"
    return Measured("P12", what, f"{late:.0f} ms", f"≤ {SLOWEST_PAGE} ms", late <= SLOWEST_PAGE)


LEAST_SHARE = 0.9  # of what the receiver's answers allow, or of what the records alone take
MOST_API_MEMORY = 400  # MB


def judged_clevertap(found: dict) -> list[Measured]:
    """Return the goals of many profiles that are sent in requests."""
    rows, rounds = found["rows"], found["rounds"]
    answers = found["threads"] * found["batch"] / found["delay"]
    building = rows / median(each["records_only"] for each in rounds)
    bound, why = min((answers, "the answers allow"), (building, "making the records allows"))
    speed = rows / median(each["export_seconds"] for each in rounds)
    peak = max(each["peak"] for each in rounds) / 1e6
    return [
        Measured(
            "P10",
            f"{rows:,} profiles to CleverTap, rows/s, of the {bound:,.0f} that {why}",
            f"{speed:,.0f}",
            f"≥ {LEAST_SHARE * bound:,.0f}",
            speed >= LEAST_SHARE * bound,
        ),
        Measured(
            "P10",
            "peak memory of that",
            f"{peak:.0f} MB",
            f"≤ {MOST_API_MEMORY} MB",
            peak <= MOST_API_MEMORY,
        ),
    ]


QUICKEST_COUNT = 1  # seconds, of half of the questions
SLOWEST_COUNT = 2  # seconds, of a question in the middle of its rounds
SLOWEST_REFRESH = 60  # seconds
SLOWEST_COMPARISON = 5  # seconds
MOST_BY_HAND = 1.3  # times what SQL by hand takes


def judged_studio(found: dict) -> list[Measured]:
    """Return the goals of counts of segments, of their SQL, and of the refresh before."""
    size = f"{found['customers']:,} customers, {found['rows']:,} rows"
    medians = [median(each["product"]) for each in found["questions"]]
    half, slowest = median(medians), max(medians)
    share = median(shares(found["questions"]))
    longest = median(each["seconds"] for each in found["refreshes"])
    peak = max(each["peak"] for each in found["refreshes"]) / 1e6
    return [
        seconds_of(f"count with its funnel after an edit, median; {size}", half, QUICKEST_COUNT),
        seconds_of("the slowest of these questions", slowest, SLOWEST_COUNT),
        Measured(
            "P13",
            "all questions of a round / SQL by hand",
            f"{share:.2f}",
            f"≤ {MOST_BY_HAND}",
            share <= MOST_BY_HAND,
        ),
        seconds_of(f"refresh, peak memory {peak:,.0f} MB", longest, SLOWEST_REFRESH),
        seconds_of(
            f"what changed of {found['customers']:,} rows",
            median(found["compared"]),
            SLOWEST_COMPARISON,
        ),
    ]


def seconds_of(what: str, seconds: float, most: float) -> Measured:
    return Measured("P13", what, f"{seconds:.2f} s", f"≤ {most} s", seconds <= most)


def ratios(question: dict) -> list[float]:
    """Return the product's seconds by those of the SQL by hand, of each round."""
    pairs = zip(question["product"], question["by_hand"], strict=True)
    return [product / hand for product, hand in pairs]


def shares(questions: list[dict]) -> list[float]:
    """Return the same of all questions together, of each round."""
    rounds = range(len(questions[0]["product"]))
    return [
        sum(each["product"][n] for each in questions)
        / sum(each["by_hand"][n] for each in questions)
        for n in rounds
    ]


def percentile(values: list[float], share: float) -> float:
    """Return the least value that so large a share of them does not exceed."""
    return sorted(values)[max(ceil(share * len(values)), 1) - 1]
