"""The bench: that it runs, and that the page of its figures says what they are."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from bench import arena as arenas
from bench import goals, graph, report, snapshot
from bench.works import WORKS
from console.engines import get_engine

ROOT = Path(__file__).parent.parent
NEEDED = pytest.mark.needs("sshd", "sftp", "gpg")


def bench(program, *arguments):
    """Run a program of the bench; return the figures it keeps."""
    command = [sys.executable, f"bench/{program}.py", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(Path(arguments[-1]).read_text())


@NEEDED
def test_exports_are_compared(tmp_path):
    few = ("--rows", 2000, "--rounds", 1, "--folder", tmp_path)
    found = bench("export", *few, "--work", "distance-20", "--json", tmp_path / "figures.json")

    contenders = {each["name"]: each for each in found["distance-20"]["contenders"]}
    assert {"product", "product, staged file", "sftp put"} <= contenders.keys()
    assert all(each["runs"][0]["seconds"] > 0.02 for each in contenders.values())
    [run] = contenders["product"]["runs"]
    assert run["peak"] > 10_000_000 and run["start"] > 0.1 and run["cpu"] > 0
    put = contenders["sftp put"]
    assert put["runs"][0]["landed_bytes"] == put["csv_bytes"]
    assert len(goals.judged("distance-20", found["distance-20"]["contenders"])) >= 4
    assert "sftp put" in report.overview(found)


@NEEDED
def test_objects_are_compared(tmp_path):
    few = ("--rows", 2000, "--rounds", 1, "--folder", tmp_path)
    found = bench("export", *few, "--work", "s3", "--json", tmp_path / "figures.json")

    runs = {each["name"]: each["runs"][0] for each in found["s3"]["contenders"]}
    assert {"product", "duckdb, then boto3"} <= runs.keys()
    assert all(run["landed_bytes"] > 100_000 for run in runs.values())


@NEEDED
def test_growth_is_measured_and_drawn(tmp_path):
    few = ("--rows", 1000, "--rows", 3000, "--rounds", 1, "--folder", tmp_path)
    found = bench("growth", *few, "--work", "gz", "--json", tmp_path / "figures.json")

    points = found["growth"]["points"]
    assert [(point["work"], point["rows"]) for point in points] == [("gz", 1000), ("gz", 3000)]
    assert {each.number for each in goals.judged_growth(points)} == {"P5", "P6"}
    texts = [each.text for each in ElementTree.fromstring(graph.drawn(points)).iter()]
    assert {"gz", "1,000", "3,000", "rows", "Peak memory, MB"} <= set(texts)
    assert "growth.svg" in report.growth(found)


@NEEDED
def test_a_click_is_measured(tmp_path):
    few = ("--clicks", 1, "--rows", 50, "--settle", 0)
    found = bench("click", *few, "--json", tmp_path / "figures.json")

    [seconds] = found["click"]["seconds"]
    assert 0 < seconds < 60
    assert goals.judged_clicks(found["click"]).number == "P9"


def test_schedules_that_are_due_at_once_are_timed(tmp_path):
    found = bench("due", "--schedules", "30", "--json", tmp_path / "figures.json")

    assert len(found["due-SQLite"]["seconds"]) == 30
    names = [each.number for each in goals.judged_due("SQLite", found["due-SQLite"])]
    assert names == ["P11", "P11"]


def test_profiles_are_sent_to_clevertap_and_counted(tmp_path):
    few = ("--rows", "2500", "--rounds", "1", "--delay", "0.001")
    found = bench("clevertap", *few, "--json", tmp_path / "figures.json")

    [one] = found["clevertap"]["rounds"]
    assert 0 < one["export_seconds"] < one["seconds"] and one["peak"] > 10_000_000
    names = [each.number for each in goals.judged_clevertap(found["clevertap"])]
    assert names == ["P10", "P10"]
    assert "records alone" in report.clevertap(found)


def test_segments_are_counted_beside_sql_by_hand(tmp_path):
    few = ("--customers", 2000, "--rounds", 1, "--refreshes", 1, "--folder", tmp_path)
    found = bench("studio", *few, "--json", tmp_path / "figures.json")["studio"]

    assert (found["rows"], found["peak"] > 10_000_000) == (40_000, True)
    assert all(0 < each["by_hand"][0] < 60 for each in found["questions"])
    assert [each.number for each in goals.judged_studio(found)] == ["P13"] * 5
    assert "a segment of segments" in report.studio({"studio": found})


def test_the_share_of_a_round_is_of_all_its_questions_together():
    quick = {"product": [0.1, 0.2], "by_hand": [0.01, 0.1]}
    slow = {"product": [1.0, 1.0], "by_hand": [1.09, 1.1]}

    assert goals.shares([quick, slow]) == pytest.approx([1, 1])
    assert goals.ratios(quick) == pytest.approx([10, 2])


@NEEDED
def test_pages_are_timed_under_load(tmp_path):
    few = ("--jobs", 60, "--queries", 3, "--working", 1, "--rate", 5, "--seconds", 4)
    found = bench("pages", *few, "--settle", 0, "--json", tmp_path / "figures.json")

    assert sum(len(page["seconds"]) for page in found["pages"]["pages"]) == 20
    assert all(page["queries"] > 2 for page in found["pages"]["pages"])
    assert {each.number for each in goals.judged_pages(found["pages"])} == {"P12"}
    assert "wizard, export" in report.pages(found)


@NEEDED
def test_every_goal_is_about_contenders_that_take_part(tmp_path):
    named = {(goal.work, name) for goal in goals.GOALS for name in (goal.product, goal.other)}
    with arenas.opened(tmp_path) as arena:
        found = set()
        for name, work in WORKS.items():
            with work.contenders(arena, 100) as contenders:
                found |= {(name, each.name) for each in contenders}

    assert named - found == set()


def test_ratios_are_of_pairs_and_of_as_many_bytes():
    product = {"name": "product", "csv_bytes": 50, "runs": [run(1, 1), run(1, 2), run(2, 7)]}
    other = {"name": "duckdb | ssh cat", "csv_bytes": 100, "runs": [run(8), run(4), run(6)]}

    [verdict] = goals.judged("plain", [product, other])

    assert verdict.ratios == pytest.approx([0.25, 0.5, 2 / 3])
    assert verdict.started_ratios == [0.5, 1.5, 3]
    assert (verdict.ratio, verdict.started, verdict.word) == (0.5, 1.5, "reached")


def run(seconds, start=0):
    return {"seconds": seconds, "start": start}


def test_a_snapshot_of_the_bench_is_stored_as_a_result_is(tmp_path):
    rows = 130_000  # more than one group
    snapshot.make(tmp_path / "made.parquet", rows)
    sql = f"SELECT n, CAST(n AS varchar) AS s FROM unnest(sequence(1, {rows})) AS t(n)"
    engine = get_engine("trino")
    statement = engine.plan(sql, database="demo", tables={"demo": {}})
    engine.execute(statement, tmp_path / "result.parquet")

    assert storage(tmp_path / "made.parquet") == storage(tmp_path / "result.parquet")


def storage(path):
    metadata = pq.read_metadata(path)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    return [(group.num_rows, group.column(0).compression) for group in groups]


def test_the_page_says_what_the_figures_are():
    page, found = report.PAGE.read_text(), report.kept()

    assert report.written(page, found) == page
    assert "growth" not in found or report.GRAPH.read_text() == graph_of(found)
    assert set(WORKS) | set(report.MADE) == set(report.BLOCK.findall(page))


def graph_of(found):
    return graph.drawn(found["growth"]["points"])


def test_the_least_is_the_least():
    assert [goals.percentile([3, 1, 2], share) for share in (0, 0.5, 1)] == [1, 2, 3]
