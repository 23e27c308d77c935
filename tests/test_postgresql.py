"""What runs unattended does so on PostgreSQL too: its tests again, on a server of their own.

With CONSOLE_TESTS_SOAK=1 a day of slots too.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.postgresql import Postgresql

pytestmark = pytest.mark.needs("postgres")
ROOT = Path(__file__).parent.parent
# What locks, races or counts there otherwise; all others run there with the soaks.
FILES = [
    *["jobs", "job_places", "job_recovery", "job_guard", "tick", "schedules_slots"],
    *["triggers", "trigger_chains", "home", "clock_ahead"],
]
MORE = [
    *["schedules_policies", "repeat_schedules"],
    *["job_kill", "jobs_pages", "tick_dispatcher", "schedule_dialog", "trigger_pages", "alarms"],
    *["notifications", "simulator", "tables", "queries", "admin"],
]
RACES, DAY = "tests/faults/test_races.py", "tests/faults/test_day.py"
STUDIO = ["refresh", "activations", "staleness"]
MORE_STUDIO = ["parent_pages", "segments"]
# What computes for long and asks the database little. With the soaks it is not left out.
LITTLE_ASKED = [
    "tests/activations/test_refresh.py::test_each_key_is_one_customer_and_what_is_masked_is_not_there",
    "tests/activations/test_refresh.py::test_a_second_refresh_gives_the_same_rows",
    "tests/activations/test_refresh.py::test_where_nothing_is_masked_any_more_the_unmasked_tables_go",
    "tests/activations/test_refresh.py::test_the_unmasked_customers_are_the_same_rows_with_all_that_is_not_blocked",
    "tests/activations/test_refresh.py::test_only_behaviors_with_masked_columns_are_there_unmasked",
    "tests/activations/test_refresh.py::test_a_behavior_has_the_rows_that_belong_to_customers",
    "tests/console/test_schedules_slots.py::test_in_every_zone_a_daily_time_comes_once_on_every_date",
]
SOAK = bool(os.environ.get("CONSOLE_TESTS_SOAK"))


@pytest.fixture
def server():
    # Not in pytest's own folder, which is root's alone.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        server = Postgresql(Path(folder))
        server.start()
        yield server
        server.stop()


EACH = [*(f"tests/console/test_{name}.py" for name in FILES + MORE * SOAK), RACES]
EACH += [f"tests/activations/test_{name}.py" for name in STUDIO + MORE_STUDIO * SOAK]
RUNS = {"everything": EACH} | ({"a day": [DAY]} if SOAK else {})


@pytest.mark.parametrize("files", RUNS.values(), ids=RUNS)
def test_what_runs_unattended_runs_on_postgresql(server, tell, files):
    environ = {name: value for name, value in os.environ.items() if "XDIST" not in name}
    environ["CONSOLE_TESTS_DATABASE_URL"] = server.address
    left_out = [] if SOAK else [f"--deselect={name}" for name in LITTLE_ASKED]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *left_out, *files],
        cwd=ROOT, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    for line in done.stdout.splitlines():
        if line.startswith("postgresql: "):
            tell(line)
