"""What ends a query of a Trino cluster, and what is told of it; and a job that goes well."""

import socket
import threading
import time
import uuid
from contextlib import suppress

import pytest

from console import jobs
from console.engines import Limits, QueryError
from console.engines.cluster import Cluster
from console.models import Job
from integrations.errors import PermanentError, Stopped, TransientError
from integrations.models import Authentication
from tests.console.lake import refused
from tests.servers import free_port, wait_until

pytestmark = pytest.mark.needs("trino")


def test_the_first_rows_are_fetched_and_the_rest_is_given_up(run, trino_server, lake_schema):
    mark = uuid.uuid4().hex
    found, rows = run(f"SELECT n, '{mark}' AS mark FROM numbers", most=5)

    assert found.rows == rows.num_rows == 5
    wait_until(lambda: states(trino_server, mark) - {"FINISHED", "FAILED"} == set(), 20)


def states(server, mark):
    """Return the states of queries with the mark in their text, but for the one that asks."""
    sql = "SELECT state, query FROM system.runtime.queries"
    return {
        state for state, text in server.run(sql) if mark in text and "runtime.queries" not in text
    }


LONG = "SELECT count(*) AS n, '{}' AS mark FROM numbers a, numbers b, numbers c WHERE a.n < b.n"


def test_a_query_that_is_stopped_ends_on_the_cluster_too(run, trino_server):
    mark, asked = uuid.uuid4().hex, threading.Event()

    def stopped():
        if not asked.is_set() and "RUNNING" in states(trino_server, mark):
            asked.set()
        return asked.is_set()

    with pytest.raises(Stopped):
        run(LONG.format(mark), stopped=stopped)
    wait_until(lambda: states(trino_server, mark) == {"FAILED"}, 20)


def test_a_query_that_is_ended_on_the_cluster_ends_here(run, trino_server):
    mark, ended = uuid.uuid4().hex, []

    def end():
        """End it from elsewhere as soon as it runs."""
        for query in [] if ended else running(trino_server, mark):
            ended.append(query)
            trino_server.run(f"CALL system.runtime.kill_query('{query}', 'too long')")
        return False

    error = refused(run, LONG.format(mark), stopped=end)
    assert str(error) == (
        "The query was ended on the Trino cluster, by its administrator: too long."
    )


def running(server, mark):
    sql = "SELECT query_id, query FROM system.runtime.queries WHERE state = 'RUNNING'"
    return [query for query, text in server.run(sql) if mark in text]


def test_a_query_has_so_many_seconds(run, trino_server):
    mark = uuid.uuid4().hex
    error = refused(run, LONG.format(mark), limits=Limits(seconds=1))

    assert str(error) == "The query was stopped after 1 seconds."
    wait_until(lambda: states(trino_server, mark) == {"FAILED"}, 20)


def test_a_result_has_so_many_megabytes(run):
    sql = "SELECT n, to_hex(sha512(to_utf8(often || CAST(n AS varchar)))) AS h FROM numbers"
    error = refused(run, sql, limits=Limits(result_mb=1))
    assert str(error) == "The result is larger than the 1 MB it may have."


@pytest.mark.parametrize(
    ("sql", "message", "at"),
    [
        ("SELECT n,\n  nope FROM visits", 'There is no column "nope" here.', (2, 3)),
        (
            "SELECT TD_TIME_STRING(time, 'd!'), nope(n) FROM visits",
            'There is no function "nope" here.',
            (1, 36),
        ),
        ("SELECT n + who FROM visits", "Cannot apply operator: integer + varchar(4).", (1, 10)),
        (
            "SELECT n FROM visits WHERE TD_TIME_RANGE(time, who)",
            "On the Trino cluster TD_TIME_RANGE takes times that are the same for all rows.",
            (1, 28),
        ),
        ("SELECT TD_TIME_STRING(time) FROM visits", "TD_TIME_STRING takes 2 to 3 values.", (1, 8)),
        (
            "SELECT TD_TIME_FORMAT(time, 'yyyy', who) FROM visits",
            "On the Trino cluster TD_TIME_FORMAT takes a time zone as a text, such as "
            "'Asia/Tokyo'.",
            (1, 8),
        ),
        (
            "SELECT n AS a, who AS A FROM visits",
            'Two columns are named "A": give each its own name with AS.',
            (None, None),
        ),
    ],
)
def test_what_is_wrong_with_a_query_is_told_where_it_is(run, sql, message, at):
    error = refused(run, sql)
    assert (str(error), (error.line, error.column)) == (message, at)


def test_a_value_is_not_told_to_those_who_may_not_see_it(run):
    error = refused(run, "SELECT CAST(who AS bigint) FROM visits WHERE who = 'ann'")
    assert "ann" in str(error) and "ann" not in error.told


def test_what_the_query_itself_fails_with_is_told(run):
    assert str(refused(run, "SELECT fail(' ') FROM visits")).endswith(".")


def test_a_cluster_that_is_away_is_tried_again_later(run, settings, monkeypatch):
    monkeypatch.setattr("console.engines.cluster.PATIENCE", 0.2)
    settings.TRINO_URL = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TransientError, match="refused the connection"):
        run("SELECT * FROM visits")


def test_something_else_in_its_place_is_told(run, settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.TRINO_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=greet, args=(server,), daemon=True).start()
        with pytest.raises(PermanentError, match="is not a Trino cluster") as error:
            run("SELECT * FROM visits")
    assert "CONSOLE_TRINO_URL" in error.value.remedy


def test_a_cluster_that_is_silent_does_not_hold_up_a_stop(run, settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.TRINO_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(Stopped):
            run("SELECT * FROM visits", stopped=lambda: time.monotonic() > began + 0.5)
    assert time.monotonic() - began < 5


def greet(server):
    """Answer one request with a page."""
    connection, _ = server.accept()
    with connection, suppress(OSError):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html></>")


def test_a_console_without_a_cluster_says_so(run, settings):
    settings.TRINO_URL = ""
    assert "CONSOLE_TRINO_URL" in str(refused(run, "SELECT * FROM visits"))


@pytest.mark.needs("sshd", "ssh-keygen")
def test_a_job_delivers_what_the_cluster_has(lake, marketer, sshd, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    drop = Authentication(name="Drop", type="sftp_v2", owner=marketer)
    drop.settings = sshd.settings
    drop.save()
    export = drop.connector.Export.from_json(
        {"path_prefix": "/in/lake.csv", "user_directory_is_root": True, "newline": "LF"}
    )
    assert export.is_valid(), export.errors
    job = jobs.submit(
        "SELECT n, who FROM visits WHERE n < 4 ORDER BY n",
        database="lake",
        owner=marketer,
        authentication=drop,
        export=export.cleaned_data,
    )
    jobs.run(job.pk)
    job.refresh_from_db()

    assert job.status == Job.Status.SUCCESS, job.error
    assert (sshd.root / "in/lake.csv").read_text() == "n,who\n1,ann\n2,bob\n3,\n"
    assert job.receipt["rows"] == 3


def test_the_cluster_can_be_asked_by_whoever_has_its_address(trino_server, lake_schema):
    found = Cluster(trino_server.address, "console").columns_of("lake", lake_schema)
    assert found["visits"][:2] == [("n", "integer"), ("time", "bigint")]
    with pytest.raises(QueryError, match="nowhere"):
        Cluster(trino_server.address, "console").columns_of("nowhere", lake_schema)
