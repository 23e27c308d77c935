"""Results that become tables of the console: three modes, once, with the owner's rights."""

import re
import threading
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from console import jobs, tables
from console.jobs import delivering
from console.jobs.lease import Lease, claim
from console.models import Job, Query, Table
from console.queries.saving import save
from integrations.connectors import CONNECTORS
from integrations.delivery import Delivery
from integrations.errors import PermanentError, Stopped
from integrations.models import Authentication, inline_authentication
from integrations.result import parse_result
from tests.integrations.exports import stored

TD = CONNECTORS["treasure_data"]
DOCUMENT = Path(__file__).parents[2] / "docs/treasure_data.md"
ANN, BOB = "SELECT 1 AS id, 'ann' AS name", "SELECT 2 AS id, 'bob' AS name"
CUSTOMERS = """CREATE TABLE customers AS SELECT * FROM (VALUES
('k1', 'gold', true, DATE '2026-03-01'), ('k2', 'none', true, DATE '2025-03-01'),
('k3', 'gold', false, DATE '2026-03-01'), ('', 'gold', true, DATE '2025-01-01')
) AS t(kuid, tier, opted_in, last_order)"""


@pytest.fixture
def krux(marketer):
    return tables.create_database("activate_to_krux", marketer)


@pytest.fixture
def authentication(marketer):
    made = Authentication(name="Tables", type="treasure_data", owner=marketer)
    made.settings = {}
    made.save()
    return made


@pytest.fixture
def submit(krux, authentication, marketer):
    def submit(sql, table="segments", mode="append", *, into="activate_to_krux", **more):
        given = {"database": into, "table": table, "mode": mode}
        export = TD.Export.from_json(given)
        assert export.is_valid(), export.errors
        given = {"owner": marketer, "database": "activate_to_krux"} | more
        given |= {"authentication": authentication, "export": export.cleaned_data}
        return jobs.submit(sql, **given)

    return submit


@pytest.fixture
def run(submit):
    return lambda *args, **more: ran(submit(*args, **more))


def ran(job):
    jobs.run(job.pk)
    return Job.objects.get(pk=job.pk)


def rows(name="segments"):
    return sorted(tables.rows(Table.objects.get(name=name)), key=str)


def test_a_table_is_made_and_appended_to_with_a_receipt_that_says_so(run):
    first, second = run(ANN), run(BOB)

    assert (first.status, first.error) == ("success", "")
    assert rows() == [(1, "ann"), (2, "bob")]
    assert second.receipt["summary"] == "Appended 1 row to activate_to_krux.segments."
    assert second.receipt["rows"] == 1 and second.receipt["bytes"] == second.sent_bytes > 0
    table = Table.objects.get(name="segments")
    assert (table.rows, len(table.files)) == (2, 2)
    assert "Appended 1 row" in "\n".join(second.lines.values_list("text", flat=True))


def test_replace_makes_the_table_anew_with_other_columns(run):
    run(ANN)

    job = run("SELECT 'x' AS kuid", mode="replace")

    assert job.receipt["summary"] == (
        "Replaced activate_to_krux.segments: it is made anew, of 1 row."
    )
    assert rows() == [("x",)]
    assert Table.objects.get(name="segments").columns == [["kuid", "varchar"]]


def test_truncate_keeps_the_columns(run):
    run("SELECT CAST(1 AS BIGINT) AS id, 'ann' AS name")

    job = run("SELECT 'bob' AS name, 2 AS id", mode="truncate")

    assert job.receipt["summary"] == "Emptied activate_to_krux.segments and wrote 1 row."
    assert rows() == [(2, "bob")]
    assert Table.objects.get(name="segments").columns == [["id", "bigint"], ["name", "varchar"]]


@pytest.mark.parametrize("mode", ["replace", "truncate"])
def test_the_old_rows_stay_where_the_new_ones_cannot_be_written(run, mode, settings):
    run(ANN)
    settings.QUERY_RESULT_MB = 0

    job = run(BOB, mode=mode)

    assert job.status == Job.Status.ERROR
    assert rows() == [(1, "ann")]


@pytest.mark.parametrize("mode", ["append", "truncate"])
def test_columns_go_by_name_and_those_that_lack_are_null(run, mode):
    run(ANN)
    run("SELECT 'bob' AS NAME", mode=mode)

    assert (None, "bob") in rows()


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        (
            "SELECT 2 AS id, 'bob' AS name, 1 AS age",
            "activate_to_krux.segments does not have the column age of the result. "
            "It has id, name.",
        ),
        (
            "SELECT 'two' AS id, 'bob' AS name",
            'Column "id" is integer in the table, the query gives varchar: use CAST.',
        ),
    ],
)
@pytest.mark.parametrize("mode", ["append", "truncate"])
def test_columns_that_do_not_fit_are_named_and_nothing_is_written(run, mode, sql, sentence):
    run(ANN)

    job = run(sql, mode=mode)

    assert (job.status, job.failure, job.error) == ("error", "lasting", sentence)
    assert "Replace makes the table anew" in job.remedy
    assert rows() == [(1, "ann")]


def test_every_type_comes_through_as_a_query_wrote_it(run, krux, marketer, tmp_path):
    sql = """SELECT true AS a, CAST(1.5 AS decimal(10, 2)) AS b, DATE '2026-01-02' AS c,
    TIMESTAMP '2026-01-02 03:04:05' AS d, ARRAY[1, NULL] AS e, MAP(ARRAY['k'], ARRAY[1]) AS f,
    CAST(ROW(1, 'x') AS ROW(n integer, t varchar)) AS g, CAST(NULL AS varchar) AS h"""
    job = run(sql)
    read = run("SELECT * FROM segments", table="again")

    assert (job.status, job.error, read.error) == ("success", "", "")
    assert rows() == rows("again")
    kinds = [kind for _, kind in Table.objects.get(name="segments").columns]
    assert kinds == [kind for _, kind in job.result_columns]


def test_a_result_without_rows_makes_an_empty_table(run):
    job = run("SELECT 1 AS id WHERE false")

    assert job.receipt["summary"] == "Appended 0 rows to activate_to_krux.segments."
    assert rows() == []


def test_a_worker_that_dies_after_the_table_has_the_rows_does_not_double_them(submit, monkeypatch):
    job = submit(ANN)

    def die(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(delivering, "signed", die)
        with pytest.raises(SystemExit):
            jobs.run(job.pk)
    assert rows() == [(1, "ann")]
    Job.objects.filter(pk=job.pk).update(
        status="running", worker="dead", ended_at=None, lease_until=timezone.now()
    )
    jobs.reap()

    again = ran(job)

    assert (again.status, again.attempt) == ("success", 2)
    assert rows() == [(1, "ann")]
    assert Table.objects.get(name="segments").rows == 1


def test_a_retry_by_hand_takes_the_place_of_what_it_repeats(run, marketer):
    job = run(ANN)
    run(BOB)

    again = ran(jobs.retry(job, marketer))
    once_more = ran(jobs.retry(again, marketer))

    assert (again.status, once_more.status) == ("success", "success")
    assert rows() == [(1, "ann"), (2, "bob")]
    assert Table.objects.get(name="segments").rows == 2


def test_the_numbers_of_jobs_are_not_taken_for_each_other(run):
    first = run(ANN)
    table = Table.objects.get(name="segments")
    table.files = [file.replace(f"job-{first.pk}-", f"job-{first.pk}0-") for file in table.files]
    for path, file in zip(tables.paths(Table.objects.get(pk=table.pk)), table.files, strict=True):
        path.rename(path.with_name(Path(file).name))
    table.save()

    again = ran(jobs.retry(first, first.owner))

    assert again.status == "success", again.error
    assert rows() == [(1, "ann"), (1, "ann")]


def test_a_worker_that_lost_its_job_does_not_change_the_table(submit, tmp_path, settings):
    job = claim(submit(ANN).pk)
    around = delivering.delivery(job, Lease(job))
    Job.objects.filter(pk=job.pk).update(worker="another")
    snapshot = tmp_path / "rows.parquet"
    tables.execute(ANN, owner=job.owner, database="activate_to_krux", output=snapshot)

    with pytest.raises(Stopped):
        around.tables.put("activate_to_krux", "segments", snapshot, "append")

    assert not Table.objects.exists()
    assert not list(settings.TABLES_DIR.rglob("*.parquet"))


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_make_one_table_with_the_rows_of_both(submit):
    pks = [submit(sql).pk for sql in (ANN, BOB)]

    def work(pk):
        try:
            jobs.run(pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(pk,)) for pk in pks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert rows() == [(1, "ann"), (2, "bob")]


@pytest.mark.parametrize("mode", ["append", "replace", "truncate"])
def test_the_right_to_write_is_asked_for_when_the_job_runs(run, colleague, mode):
    theirs = tables.create_database("theirs", colleague)  # which everybody reads

    job = run(ANN, mode=mode, into="theirs")

    assert (job.status, job.error) == ("error", "You may not change tables of theirs.")
    assert "ask the owner of the database" in job.remedy
    assert not theirs.tables.exists()


def test_a_database_that_is_hidden_is_not_there(run, colleague):
    tables.create_database("theirs", colleague, everyone_reads=False)

    assert run(ANN, into="theirs").error == "There is no database theirs that you may read."


def test_a_result_json_needs_no_credentials(db):
    connector, authentication, export = parse_result(
        '{"type": "treasure_data", "database": "activate_to_krux", "table": "segments"}'
    )

    assert (connector, authentication, export["mode"]) == (TD, {}, "append")


def test_whoever_gives_the_same_result_has_one_authentication_for_it(marketer):
    pks = {inline_authentication(marketer, TD, {}).pk for _ in range(2)}

    assert len(pks) == 1


@pytest.mark.parametrize("name", ["ab", "Segments", "a-b-c", "a" * 129, "../x"])
@pytest.mark.parametrize("field", ["database", "table"])
def test_a_name_that_no_table_can_have_is_refused_in_the_form(field, name):
    form = TD.Export.from_json({"database": "shop", "table": "people"} | {field: name})

    assert list(form.errors) == [field]


def test_unusual_results_are_held_by_what_was_written_before(krux, marketer, authentication):
    form = TD.Export.from_json(
        {"database": "activate_to_krux", "table": "segments", "hold_unusual": True}
    )
    query = Query(name="Gold", database=krux, sql=ANN, owner=marketer)
    query.authentication, query.export = authentication, form.cleaned_data
    save(query, by=marketer)
    assert ran(jobs.submit_query(query)).status == "success"
    query.sql = f"{ANN} UNION ALL {BOB} UNION ALL {BOB}"
    save(query, by=marketer)

    assert ran(jobs.submit_query(query)).held


def test_without_a_console_there_are_no_tables(tmp_path):
    connector = TD({}, TD.Export.from_json({"database": "shop", "table": "people"}).cleaned_data)

    with pytest.raises(PermanentError, match=r"shop\.people was not written"):
        connector.export(stored(tmp_path / "rows.parquet", id=[1]), Delivery())


def test_its_test_says_that_there_is_nothing_to_connect_to():
    [step] = TD({}).test(Delivery())

    assert (step.name, step.outcome) == ("console", "passed")


def test_an_authentication_is_made_without_credentials(client, marketer):
    client.force_login(marketer)

    page = client.get("/integrations/catalog/treasure_data/new/").text
    named = client.post("/integrations/catalog/treasure_data/new/").url
    client.post(named, {"name": "My tables"})

    assert "It needs no credentials." in page
    assert Authentication.objects.get(name="My tables").settings == {}


def documented():
    """Return the queries of the document by their table, the last one by nothing."""
    text = DOCUMENT.read_text()
    segments = dict(re.findall(r"For the table `(\w+)`:\n +```sql\n(.*?)```", text, re.S))
    return segments, re.findall(r"```sql\n(.*?)```", text, re.S)[-1]


def test_many_segments_become_one_row_for_each_user_as_documented(run, krux, marketer, tmp_path):
    crm = tables.create_database("crm", marketer)
    tables.execute(CUSTOMERS, owner=marketer, database=crm.name, output=tmp_path / "made")
    segments, consolidating = documented()
    assert list(segments) == ["segment_gold", "segment_newsletter", "segment_lapsed"]
    for _ in range(2):  # The second day finds the tables of the first.
        for table, sql in segments.items():
            job = run(sql, table=table, mode="replace", database="crm")
            assert (job.status, job.error) == ("success", "")

    job = ran(jobs.submit(consolidating, database="activate_to_krux", owner=marketer))

    assert job.result_columns == [["user_id", "varchar"], ["td_segment", "varchar"]]
    shown = re.findall(r"^\| (k\d) \| (.*?) \|$", DOCUMENT.read_text(), re.M)
    assert len(shown) == 3
    assert [tuple(row) for row in jobs.grid(job)[1]] == shown


def test_segments_that_share_a_table_by_append_give_the_same(run, krux, marketer, tmp_path):
    tables.create_database("crm", marketer)
    tables.execute(CUSTOMERS, owner=marketer, database="crm", output=tmp_path / "made")
    segments, consolidating = documented()
    for sql in segments.values():
        run(sql, database="crm")
    inner = re.search(r"FROM \((.*?)\) AS segments", consolidating, re.S)[0]
    shared = consolidating.replace(inner, "FROM segments")

    job = ran(jobs.submit(shared, database="activate_to_krux", owner=marketer))

    assert [tuple(row) for row in jobs.grid(job)[1]] == [
        ("k1", "gold,newsletter"),
        ("k2", "lapsed,newsletter"),
        ("k3", "gold"),
    ]


EMPTY = f"SELECT * FROM ({ANN}) AS t WHERE id > 1"
BEFORE = [(1, "ann")]


@pytest.mark.parametrize(
    ("mode", "wanted", "rows"),
    [
        ("append", "send", BEFORE),
        ("truncate", "send", []),
        ("replace", "send", []),
        ("truncate", "skip", BEFORE),
        ("replace", "fail", BEFORE),
    ],
)
def test_a_result_without_rows_is_written_skipped_or_an_error(
    submit, krux, marketer, mode, wanted, rows
):
    ran(submit(ANN))
    job = submit(EMPTY, mode=mode)
    Job.objects.filter(pk=job.pk).update(export=job.export | {"empty_result": wanted})

    job = ran(job)

    table = Table.objects.get(database=krux, name="segments")
    assert list(tables.rows(table)) == rows
    failed = wanted == "fail"
    assert (job.status == Job.Status.ERROR, "Empty result" in job.remedy) == (failed, failed)
    assert bool((job.receipt or {}).get("skipped")) == (wanted == "skip")


def test_without_the_setting_no_rows_are_written():
    _, _, export = parse_result({"type": "treasure_data", "database": "shop", "table": "orders"})

    assert export["empty_result"] == "send"
