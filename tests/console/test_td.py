"""The td command, as people who know Treasure Data's type it."""

import gzip
import json
import re

import msgpack
import pytest

from console.models import Job, Query, Schedule
from console.td.command import main
from integrations.models import Authentication
from tests.servers import free_port


@pytest.fixture(autouse=True)
def no_workers(settings, tmp_path):
    """Workers report through the cache; this one has no news of any."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": tmp_path / "cache"}}


@pytest.fixture
def td(marketer, capsys):
    """Run a line of td as Mia. Return the exit status, what it printed, and its complaints."""

    def td(*line, as_user="mia"):
        status = main(["-a", as_user, *line])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return td


@pytest.fixture
def here(td, shop):
    """Run a query in this process. Return what follows `Result`."""

    def here(sql, *options):
        status, out, err = td("query", "-d", "shop", "--here", *options, sql)
        assert (status, err) == (0, "")
        return out.partition("Result      :\n")[2]

    return here


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


RESULT = json.dumps(
    {
        "type": "sftp_v2",
        "host": "127.0.0.1",
        "port": 22,
        "auth_method": "password",
        "username": "user_name",
        "password": "your_pass",
        "user_directory_is_root": True,
        "rename_file_after_upload": True,
        "path_prefix": "/sftp/2024aug/test.csv",
    }
)
EMAIL = "SELECT email FROM (VALUES ('test01@test.com')) tbl(email)"


def test_the_seed_s_line_without_the_word_query_makes_a_job_with_its_export(td, shop):
    line = ("--database", "shop", EMAIL, "--type", "presto", "--result", RESULT)

    status, _, _ = td(*line)

    job = Job.objects.get()
    assert status == 0
    assert (job.sql, job.engine) == (EMAIL, "trino")
    assert job.authentication.inline
    assert job.export["path_prefix"] == "/sftp/2024aug/test.csv"
    assert "your_pass" not in json.dumps(job.export)


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


VALUES = "SELECT 1 AS a, '' AS b, NULL AS c, 'x,\"y' AS d, ARRAY[1, 2] AS e, true AS f"


def test_formats_on_the_screen_are_those_of_the_original(here):
    assert here(VALUES, "-f", "csv") == '1,"",null,"x,""y","[1,2]",true\n'
    assert here(VALUES, "-f", "csv", "-c", "--null", "") == (
        'a,b,c,d,e,f\n1,"","","x,""y","[1,2]",true\n'
    )
    assert here(VALUES, "-f", "tsv") == '1\t\tnull\tx,"y\t[1,2]\ttrue\n'
    assert here(VALUES, "-f", "json") == '[[1,"",null,"x,\\"y",[1,2],true]]\n'
    assert json.loads(here("SELECT 1 AS a", "-f", "json", "-c")) == [{"a": 1}]


def test_vertical_shows_a_column_a_line(here):
    assert here("SELECT 1 AS a, 2 AS name", "-G") == (
        "****** 1. row ******\n   a: 1\nname: 2\n1 row in set\n"
    )


def test_limit_and_exclude_keep_the_screen_short(here):
    rows = "SELECT x FROM UNNEST(sequence(1, 10)) t(x) ORDER BY x"

    assert here(rows, "-f", "tsv", "-l", "3") == "1\n2\n3\n"
    assert here(rows, "-x") == ""


@pytest.mark.parametrize("form", ["tsv", "csv", "json", "msgpack", "msgpack.gz"])
def test_a_result_is_written_to_a_file_in_each_format(here, tmp_path, form):
    path = tmp_path / "result"

    out = here("SELECT 1 AS a, 'é' AS b", "-o", str(path), "-f", form)

    assert out == f"written to {path} in {form} format\n"
    data = path.read_bytes()
    if "msgpack" in form:
        data = gzip.decompress(data) if form.endswith("gz") else data
        assert msgpack.unpackb(data) == [1, "é"]
    else:
        expected = {"tsv": "1\té\n", "csv": "1,é\n", "json": '[[1,"é"]]'}
        assert data.decode() == expected[form]
    assert not (tmp_path / "result.tmp").exists()


def test_msgpack_is_for_files_only(td, shop):
    status, _, err = td("query", "-d", "shop", "-f", "msgpack", "SELECT 1")

    assert (status, err) == (
        1,
        "Supported formats are only tsv, csv and json without --output option\n",
    )


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


def test_databases_are_made_and_listed(td):
    made = td("db:create", "sales")[1]
    assert made.startswith("Database 'sales' is created.\n")
    assert "'td table:import sales <table_name> <file> --auto-create-table'" in made
    assert td("db:create", "sales")[0] == 1
    assert td("db:list", "-f", "csv")[1] == "Name,Count\nsales,0\n"


def test_tables_are_imported_and_listed(td, marketer, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("id,name\n1,ann\n2,bob\n")

    status, out, _ = td("table:import", "sales", "people", str(path), "--auto-create-table")
    td("table:import", "sales", "people", str(path), "--format", "csv")

    assert status == 0
    assert "imported 2 entries" in out
    [row] = json.loads(td("table:list", "sales", "-f", "json")[1])
    assert (row["Table"], row["Type"], row["Count"], row["Schema"]) == (
        "people",
        "log",
        4,
        "id:bigint, name:varchar",
    )


def test_a_table_that_is_not_there_is_not_made_unasked(td, shop, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("id\n1\n")

    status, _, err = td("table:import", "shop", "newcomers", str(path))

    assert (status, "--auto-create-table" in err) == (1, True)
    assert not shop.tables.filter(name="newcomers").exists()


def test_a_table_of_a_name_that_is_too_short_is_refused_before_anything_is_made(td, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("id\n1\n")

    status, _, err = td("table:import", "sales", "ab", str(path), "--auto-create-table")

    assert status == 1
    assert "'ab' cannot be the name of a table: use 3 to 128 lower-case letters" in err
    assert "sales" not in td("db:list")[1]


def test_a_file_of_a_format_that_is_not_supported_is_refused(td, shop, tmp_path):
    path = tmp_path / "access.log"
    path.write_text("x")

    for line in (["--apache"], []):
        status, _, err = td("table:import", "shop", "people", str(path), *line)
        assert (status, "--format" in err) == (1, True)


def test_schedules_are_made_listed_and_deleted(td, shop):
    made = td("sched:create", "daily", "0 9 * * *", "-d", "shop", "-t", "Asia/Tokyo", "SELECT 1")
    again = td("sched:create", "daily", "@daily", "-d", "shop", "SELECT 1")
    [row] = json.loads(td("sched:list", "-f", "json")[1])

    assert made[1].startswith("Schedule 'daily' is created. It starts at ")
    assert again == (1, "", "Schedule 'daily' already exists.\n")
    assert (row["Name"], row["Cron"], row["Timezone"]) == ("daily", "0 9 * * *", "Asia/Tokyo")
    assert td("sched:delete", "daily")[1] == "Schedule 'daily' is deleted.\n"
    assert td("sched:delete", "daily")[0] == 1
    assert not Schedule.objects.exists()


def test_a_schedule_without_a_time_never_runs(td, shop):
    _, out, _ = td("sched:create", "idle", "", "-d", "shop", "SELECT 1")

    assert out == "Schedule 'idle' is created, which never runs.\n"
    assert Query.objects.get().versions.count() == 1


def test_an_admin_deletes_no_schedule_by_chance(td, shop, keeper, colleague):
    for name in ("mia", "otto"):
        td("sched:create", "daily", "@daily", "-d", "shop", "SELECT 1", as_user=name)

    status, _, err = td("sched:delete", "daily", as_user="ada")

    assert (status, Schedule.objects.count()) == (1, 2)
    assert err == "Several people have a schedule 'daily'. Name the owner with -a / --as.\n"

    td("sched:create", "daily", "@daily", "-d", "shop", "SELECT 1", as_user="ada")
    td("sched:delete", "daily", as_user="ada")

    assert {query.owner.username for query in Query.objects.filter(schedule__isnull=False)} == {
        "mia",
        "otto",
    }


def test_a_wrong_cron_changes_nothing(td, shop):
    status, _, err = td("sched:create", "odd", "61 * * * *", "-d", "shop", "SELECT 1")

    assert (status, err) == (1, "Minute: 61 is outside 0 to 59.\n")
    assert not Query.objects.exists()


def test_who_it_is_comes_from_the_environment_or_is_the_only_superuser(
    shop, capsys, monkeypatch, django_user_model
):
    monkeypatch.setattr("getpass.getuser", lambda: "nobody-here")
    assert main(["db:list"]) == 1
    assert "-a / --as USERNAME" in capsys.readouterr().err

    monkeypatch.setenv("CONSOLE_USER", "mia")
    assert main(["db:list"]) == 0

    monkeypatch.delenv("CONSOLE_USER")
    django_user_model.objects.create_superuser("root", "r@example.com", "x")
    assert main(["db:list"]) == 0


def test_help_lists_the_commands_and_explains_each(capsys):
    assert main([]) == 0
    assert "job:show" in capsys.readouterr().out

    assert main(["help", "query"]) == 0
    assert "--result" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["job:dance", "dance", "query-all"])
def test_a_command_that_is_not_there_is_said_so(word, capsys):
    with pytest.raises(SystemExit):
        main([word, "3"])

    assert f"'{word}' is not a td command" in capsys.readouterr().err


def test_what_is_wrong_with_a_line_is_one_sentence(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["job:show", "abc"])

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "manage.py td job:show: argument job_id: invalid int value: 'abc'. "
        "See 'manage.py td help job:show'.\n"
    )
