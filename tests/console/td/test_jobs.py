"""`td job:list`, `job:show` and `job:kill`."""

import json
import re

from console.models import Job
from tests.console.td.lines import RESULT


def test_job_list_shows_own_jobs_newest_first(td, shop, colleague):
    td("query", "-d", "shop", "SELECT 1")
    td("query", "-d", "shop", "SELECT 2", "-P", "high")
    td("query", "-d", "shop", "SELECT 3", as_user="otto")

    _, out, _ = td("job:list")

    lines = out.splitlines()
    assert re.split(r" *\| *", lines[1].strip("| ")) == [
        "JobID", "Status", "Start", "Elapsed", "CPUTime", "ResultSize", "Priority", "Result",
        "Type", "Database", "Query", "Duration",
    ]  # fmt: skip
    assert "SELECT 2 ..." in lines[3] and "HIGH" in lines[3]
    assert "SELECT 1 ..." in lines[4]
    assert lines[-1] == "2 rows in set"


def test_job_list_is_narrowed_by_status_and_pages(td, shop):
    for number in range(3):
        td("query", "-d", "shop", f"SELECT {number}")
    Job.objects.filter(sql="SELECT 1").update(status="error")

    failed = json.loads(td("job:list", "-E", "-f", "json")[1])
    second = json.loads(td("jobs", "1", "-p", "1", "-f", "json")[1])

    assert [row["Query"] for row in failed] == ["SELECT 1"]
    assert [row["Query"] for row in second] == ["SELECT 1"]


def test_job_show_tells_all_but_the_secrets(td, shop):
    td("query", "-d", "shop", "SELECT 5 AS five", "-r", RESULT)
    job = Job.objects.get()
    Job.objects.update(status="success")

    _, out, _ = td("job:show", str(job.pk))

    heads = [line[:12].strip() for line in out.splitlines() if line[12:14] == ": "]
    assert heads == [
        "JobID", "Status", "Type", "Database", "Start At", "End At", "Priority", "Retry limit",
        "Output", "Query", "Result size",
    ]  # fmt: skip
    assert "your_pass" not in out
    assert '"password": "***"' in out
    assert out.endswith("Use '-v' option to show detailed messages.\n")


def test_job_show_with_v_prints_the_log(td, shop, here):
    here("SELECT 5 AS five")

    _, out, _ = td("job:show", "-v", str(Job.objects.get().pk))

    assert "| five |" in out
    assert "The job succeeded." in out


def test_jobs_of_others_cannot_be_seen_or_killed(td, shop, colleague):
    td("query", "-d", "shop", "SELECT 1")
    number = str(Job.objects.get().pk)

    for command in ("job:show", "job:kill"):
        status, _, err = td(command, number, as_user="otto")
        assert (status, f"Couldn't find job {number}." in err) == (1, True)


def test_job_kill_says_what_it_ended(td, shop):
    td("query", "-d", "shop", "SELECT 1")
    number = Job.objects.get().pk

    assert td("job:kill", str(number))[1] == f"Job {number} is canceled.\n"
    assert td("job:kill", str(number))[1] == f"Job {number} is already finished (killed)\n"
