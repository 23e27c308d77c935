"""`td query`: jobs are made, waited for, or run at once."""

import json

import pytest

from console.models import Job
from integrations.models import Authentication, SwitchedOff
from tests.console.td.lines import EMAIL, RESULT
from tests.servers import free_port


def test_a_query_says_its_job_and_shows_its_result(td, shop):
    status, out, _ = td("query", "-d", "shop", "--here", "SELECT 1 AS a, 'x' AS b")

    job = Job.objects.get()
    assert status == 0
    assert out.startswith(
        f"Job {job.pk} is queued.\nUse 'td job:show {job.pk}' to show the status.\n"
    )
    assert out.endswith(
        "Status      : success\nResult      :\n"
        "+---+---+\n| a | b |\n+---+---+\n| 1 | x |\n+---+---+\n1 row in set\n"
    )


def test_the_seed_s_line_without_the_word_query_makes_a_job_with_its_export(td, shop):
    line = ("--database", "shop", EMAIL, "--type", "presto", "--result", RESULT)

    status, _, _ = td(*line)

    job = Job.objects.get()
    assert status == 0
    assert (job.sql, job.engine) == (EMAIL, "trino")
    assert job.authentication.inline
    assert job.export["path_prefix"] == "/sftp/2024aug/test.csv"
    assert "your_pass" not in json.dumps(job.export)


def test_a_connector_that_is_switched_off_takes_no_result(td, shop):
    SwitchedOff.objects.create(type="sftp_v2", reason="Use S3")

    status, _, said = td("--database", "shop", EMAIL, "--type", "presto", "--result", RESULT)

    assert status == 1 and "is switched off by an administrator. Use S3." in said
    assert not Job.objects.exists() and not Authentication.objects.exists()


def test_waiting_without_workers_says_at_once_how_to_start_them(td, shop):
    status, _, err = td("--database", "shop", "--wait", EMAIL, "--type", "presto")

    assert status == 1
    assert "No worker is running" in err
    assert "manage.py cluster" in err
    assert "--here" in err
    assert not Job.objects.exists()


@pytest.mark.parametrize("wait", [["-w"], ["-w30"], ["--wait"], ["--wait=30"], ["-w=30"]])
def test_wait_never_takes_the_sql_for_its_seconds(td, shop, wait):
    status, _, err = td("query", "-d", "shop", *wait, "SELECT 1 AS a")

    assert (status, "No worker" in err) == (1, True)


def test_a_wrong_result_is_named_before_anything_runs(td, shop):
    wrong = json.dumps(json.loads(RESULT) | {"quote_policy": "SOME"})

    status, _, err = td("query", "-d", "shop", "--here", EMAIL, "-r", wrong)

    assert status == 1
    assert "quote_policy" in err
    assert not Job.objects.exists() and not Authentication.objects.exists()


def test_a_job_that_is_run_here_is_tried_again_here(td, shop, settings, monkeypatch):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr("console.jobs.ending.FIRST_WAIT", 0.1)
    away = json.dumps(json.loads(RESULT) | {"port": free_port(), "max_connection_retry": 0})

    status, out, err = td("query", "-d", "shop", "--here", "-R", "1", EMAIL, "-r", away)

    assert status == 1
    assert "refused the connection" in err
    assert "Attempt 2 of 2 started." in out


def test_user_and_password_can_be_kept_out_of_the_result(td, shop, monkeypatch):
    given = {k: v for k, v in json.loads(RESULT).items() if k not in ("username", "password")}
    monkeypatch.setattr("console.td.destinations.ask_password", lambda: "from stdin")

    td("query", "-d", "shop", EMAIL, "-u", "ann", "-p", "-r", json.dumps(given))

    settings = Job.objects.get().authentication.settings
    assert (settings["username"], settings["password"]) == ("ann", "from stdin")


def test_a_failed_job_ends_with_status_1_and_the_reason(td, shop):
    status, out, err = td("query", "-d", "shop", "--here", "SELECT nothing")

    assert status == 1
    assert "Status      : error\n" in out
    assert "nothing" in err and "(line 1, column 8)" in err


def test_sql_comes_from_a_file_too(td, shop, tmp_path):
    path = tmp_path / "query.sql"
    path.write_text("SELECT 7 AS a\n")

    td("query", "-d", "shop", "-q", str(path))

    assert Job.objects.get().sql == "SELECT 7 AS a"


def test_hive_is_refused(td, shop, capsys):
    with pytest.raises(SystemExit) as ended:
        td("query", "-d", "shop", "-T", "hive", "SELECT 1")

    assert ended.value.code == 2
    assert "queries of type 'hive' cannot be run here; use trino" in capsys.readouterr().err


def test_priority_has_names_and_numbers(td, shop):
    for number, text in enumerate(["very-low", "-1", "normal", "high", "2"], -2):
        td("query", "-d", "shop", "-P", text, f"SELECT {number}")

    assert sorted(job.priority for job in Job.objects.all()) == [-2, -1, 0, 1, 2]


def test_a_database_that_may_not_be_read_is_like_none(td, shop, colleague):
    shop.everyone_reads = False
    shop.save()

    status, _, err = td("query", "-d", "shop", "SELECT 1", as_user="otto")

    assert (status, err) == (
        1,
        "Couldn't find database 'shop'.\nUse 'td db:list' to show the list of databases.\n",
    )
