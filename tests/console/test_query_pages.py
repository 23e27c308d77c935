"""The list of queries and the editor, as a browser without scripts and htmx see them."""

import json
import re

import pytest
from django.urls import reverse

from console import jobs
from console.models import Database, Job, Query
from console.queries.exporting import last_result
from console.queries.saving import save
from console.schedules import schedule_query

HTMX = {"HX-Request": "true"}


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def sent(query=None, **changes):
    given = {"name": "People", "database": "shop", "engine": "trino", "sql": "SELECT 1 AS one"}
    if query:
        given |= {"name": query.name, "sql": query.sql, "version": query.version}
    return given | changes


def page_of(query):
    return reverse("query", args=[query.pk])


def test_the_empty_list_offers_samples_to_copy(mia):
    page = mia.get(reverse("queries"))

    assert page.content.count(b"?sample=") == 3
    assert b"No queries yet" in page.content


def test_a_sample_fills_the_editor(mia, shop):
    page = mia.get(reverse("new-query"), {"sample": "revenue-by-month"})

    assert b"Revenue by month" in page.content
    assert b"COUNT(DISTINCT customer_id)" in page.content


def test_the_list_shows_schedule_export_and_last_job(mia, people, sftp, run_query):
    people.authentication, people.export = sftp, {}
    schedule_query(people, "0 6 * * mon", "Europe/Berlin")
    Job.objects.create(
        query=people, owner=people.owner, database="shop", sql=people.sql, status="error"
    )
    people.save()

    page = mia.get(reverse("queries")).content.decode()

    assert "At 06:00 on Mondays." in page and "Europe/Berlin" in page
    assert "Rokt drop" in page and "Failed" in page


@pytest.mark.parametrize(
    ("narrowing", "names"),
    [
        ({}, {"People", "Bills"}),
        ({"q": "peop"}, {"People"}),
        ({"q": "ORDER_ID"}, {"Bills"}),
        ({"show": "scheduled"}, {"Bills"}),
        ({"show": "failed"}, {"People"}),
        ({"show": "mine"}, {"People", "Bills"}),
    ],
)
def test_the_list_is_narrowed(mia, people, shop, marketer, narrowing, names):
    bills = Query(name="Bills", database=shop, sql="SELECT order_id FROM orders", owner=marketer)
    schedule_query(save(bills, by=marketer), "@daily")
    for status in ("success", "error"):
        Job.objects.create(query=people, owner=marketer, database="shop", sql="x", status=status)

    page = mia.get(reverse("queries"), narrowing)

    assert {query.name for query in page.context["page"]} == names


def test_the_list_comes_in_pages(mia, shop, marketer):
    for number in range(30):
        Query.objects.create(name=f"Q{number}", database=shop, sql="SELECT 1", owner=marketer)

    page = mia.get(reverse("queries"), {"page": 2, "q": "q"})

    assert len(page.context["page"]) == 5
    assert b"26\xe2\x80\x9330 of 30" in page.content


def test_what_is_not_mine_does_not_exist(client, people, colleague, run_query):
    run_query(people)
    job = people.jobs.get()
    client.force_login(colleague)

    pages = [
        client.get(page_of(people)),
        client.post(page_of(people), sent(people)),
        client.post(reverse("run-query", args=[people.pk]), sent(people)),
        client.get(reverse("query-history", args=[people.pk])),
        client.get(reverse("query-export", args=[people.pk])),
        client.post(reverse("query-schedule", args=[people.pk]), {"when": "@daily"}),
        client.post(reverse("delete-query", args=[people.pk])),
        client.post(reverse("duplicate-query", args=[people.pk])),
        client.get(reverse("query-version", args=[people.pk, 1])),
        client.get(reverse("query-job", args=[job.pk])),
        client.get(reverse("new-query"), {"job": job.pk}),
    ]

    assert {page.status_code for page in pages} == {404}
    assert client.get(reverse("queries")).context["page"].paginator.count == 0


def test_an_admin_sees_and_edits_every_query(client, people, keeper):
    client.force_login(keeper)

    client.post(page_of(people), sent(people, sql="SELECT 2"))

    people.refresh_from_db()
    assert (people.sql, people.owner.username) == ("SELECT 2", "mia")
    assert people.versions.first().saved_by == keeper


def test_a_new_query_is_saved_and_opened(mia, shop):
    answer = mia.post(reverse("new-query"), sent(sql="SELECT 1\r\n"))

    query = Query.objects.get()
    assert answer.url == page_of(query)
    assert (query.sql, query.database, query.owner.username) == ("SELECT 1\n", shop, "mia")


def test_export_results_on_a_new_query_saves_it_first(mia, shop):
    answer = mia.post(reverse("new-query"), sent(panel="export"))

    assert answer.url == page_of(Query.objects.get()) + "?panel=export"


@pytest.fixture
def tried(mia, shop):
    """A job of a text that is not saved yet."""
    mia.post(reverse("new-run"), sent())
    job = Job.objects.get()
    jobs.run(job.pk)
    return job


def test_the_run_of_a_new_query_stays_on_the_page_and_is_one_of_it(mia, tried):
    answer = mia.post(reverse("new-query"), sent(panel="export", job=tried.pk))

    query = Query.objects.get()
    assert answer.url == f"{page_of(query)}?panel=export&job={tried.pk}"
    tried.refresh_from_db()
    assert (tried.query, tried.query_version, tried.name) == (query, 1, query.name)
    assert last_result(query, query.owner) == tried
    assert f"Job {tried.pk}" in mia.get(answer.url).text


def test_the_run_of_another_text_is_none_of_the_query(mia, tried):
    answer = mia.post(reverse("new-query"), sent(sql="SELECT 2", job=tried.pk))

    query = Query.objects.get()
    assert answer.url == page_of(query)  # whose text it shows, and not that of the job
    tried.refresh_from_db()
    assert tried.query is None


def test_a_query_without_a_name_keeps_the_result_on_the_page(mia, tried):
    answer = mia.post(reverse("new-query"), sent(name="", panel="export", job=tried.pk))

    assert answer.status_code == 422
    assert f"Job {tried.pk}" in answer.text


def test_the_job_of_somebody_else_is_not_taken_over(client, keeper, tried):
    client.force_login(keeper)

    client.post(reverse("new-query"), sent(job=tried.pk))

    assert Query.objects.get().owner == keeper
    tried.refresh_from_db()
    assert tried.query is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Give the query a name to save it."),
        ({"sql": "  \n"}, "There is nothing to save. Write a query first."),
        ({"database": "secret"}, "Choose one of the list"),
        ({"engine": "hive"}, "Choose one of the list"),
        ({"name": "People"}, "Another query has this name."),
    ],
)
def test_what_is_wrong_is_said_and_the_text_is_kept(mia, people, wrong, sentence):
    given = sent(name="New") | wrong

    answer = mia.post(reverse("new-query"), given)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert given["sql"].strip() in answer.content.decode()


def test_saving_with_htmx_answers_the_changed_parts(mia, people):
    answer = mia.post(page_of(people), sent(people, sql="SELECT 2", name="Two"), headers=HTMX)

    page = answer.content.decode()
    assert 'name="version" value="2"' in page
    assert '<span id="query-name" hx-swap-oob="true">Two</span>' in page
    assert "version 2" in json.loads(answer.headers["HX-Trigger"])["toast"]["text"]


def test_a_conflict_is_explained_and_the_next_save_wins(mia, people, keeper):
    theirs = Query.objects.get()
    theirs.sql = "SELECT 'theirs'"
    save(theirs, by=keeper)

    answer = mia.post(page_of(people), sent(people, sql="SELECT 'mine'"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "ada saved version 2" in page and "SELECT &#x27;mine&#x27;" in page
    assert 'name="version" value="2"' in page
    mia.post(page_of(people), sent(people, sql="SELECT 'mine'", version=2))
    people.refresh_from_db()
    assert (people.sql, people.version) == ("SELECT 'mine'", 3)


def test_a_name_that_was_given_meanwhile_is_shown_first(mia, people):
    seen = re.search(r'name="seen" value="(\w+)"', mia.get(page_of(people)).content.decode())[1]
    Query.objects.update(name="Theirs")

    answer = mia.post(page_of(people), sent(people, name="Mine", seen=seen))

    page = answer.content.decode()
    assert answer.status_code == 422 and "it is “Theirs” in shop now" in page
    assert 'value="Mine"' in page and Query.objects.get().name == "Theirs"
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    mia.post(page_of(people), sent(people, name="Mine", seen=seen))
    assert Query.objects.get().name == "Mine"


def test_save_as_makes_a_second_query(mia, people):
    mia.post(reverse("new-query"), sent(people, copy_name="Other people"))

    assert set(Query.objects.values_list("name", flat=True)) == {"People", "Other people"}


def test_the_name_of_a_copy_is_never_the_query_s_own(mia, people):
    mia.post(page_of(people), sent(people, copy_name="Other people"))

    assert [query.name for query in Query.objects.all()] == ["People"]
    assert b'name="copy_name" form="query"' not in mia.get(page_of(people)).content


def test_a_run_uses_the_text_of_the_editor_and_leaves_the_query_alone(mia, people):
    url = reverse("run-query", args=[people.pk])

    answer = mia.post(url, sent(people, sql="SELECT 5 AS five"))

    job = Job.objects.get()
    people.refresh_from_db()
    assert (job.sql, job.query, job.query_version) == ("SELECT 5 AS five", people, None)
    assert people.sql != job.sql
    assert answer.url == page_of(people) + f"?job={job.pk}"
    page = mia.get(answer.url).content.decode()
    assert "SELECT 5 AS five" in page and "Queued" in page


def test_a_run_exports_only_when_asked_to(mia, people, sftp):
    people.authentication, people.export = sftp, {"path_prefix": "/a.csv"}
    people.save()
    url = reverse("run-query", args=[people.pk])

    mia.post(url, sent(people))
    mia.post(url, sent(people, deliver="yes"))

    with_export, without = Job.objects.all()
    assert (without.authentication, without.export) == (None, None)
    assert (with_export.authentication, with_export.query_version) == (sftp, 1)


def test_nothing_to_run_is_said(mia, shop):
    answer = mia.post(reverse("new-run"), sent(sql=" "), headers=HTMX)

    assert answer.status_code == 422
    assert "There is nothing to run." in answer.content.decode()
    assert not Job.objects.exists()


def test_a_running_job_asks_again_and_an_ended_one_does_not(mia, people, run_query):
    waiting = Job.objects.create(owner=people.owner, database="shop", sql="x", query=people)
    done = run_query(people)

    first = mia.get(reverse("query-job", args=[waiting.pk]), headers=HTMX)
    second = mia.get(reverse("query-job", args=[done.pk]), headers=HTMX)

    assert b"hx-trigger" in first.content and b"Stop" in first.content
    assert b"hx-trigger" not in second.content
    assert "job-ended" in second.headers["HX-Trigger"]
    assert b'id="live"' not in first.content
    assert f"Job {done.pk}: Success, 2 rows</div>".encode() in second.content
    assert b"ann" in second.content and b"2 rows" in second.content
    assert reverse("job-csv", args=[done.pk]).encode() in second.content


def test_a_job_is_stopped_from_the_editor(mia, people):
    job = Job.objects.create(owner=people.owner, database="shop", sql="x", query=people)

    answer = mia.post(reverse("stop-query-job", args=[job.pk]), headers=HTMX)

    job.refresh_from_db()
    assert job.status == "killed"
    assert b"mia stopped this job." in answer.content


def test_an_error_shows_its_line_with_a_caret(mia, people, run_query):
    people.sql = "SELECT id,\n  nmae\nFROM people"
    save(people, by=people.owner)
    job = run_query(people)

    page = mia.get(reverse("query-job", args=[job.pk])).content.decode()

    assert 'data-line="2" data-column="3"' in page
    assert "Line 2, column 3" in page
    assert "  nmae\n" in page and "<b>  ^</b>" in page


def test_the_table_of_the_address_is_queried(mia, shop):
    page = mia.get(reverse("new-query"), {"database": "shop", "table": "people"})

    assert b"SELECT *\nFROM people\nLIMIT 100" in page.content


def test_a_new_query_is_of_a_database_that_somebody_made(mia, marketer, keeper):
    def chosen():
        return mia.get(reverse("new-query")).context["form"]["database"].value()

    Database.objects.create(name="cdp_audience_1", owner=marketer)
    assert chosen() is None
    for name, owner in (("archive", keeper), ("demo", keeper), ("shop", marketer)):
        Database.objects.create(name=name, owner=owner, everyone_reads=True)
        assert chosen() == name


def test_columns_and_names_are_those_the_person_may_read(mia, client, shop, colleague):
    columns = mia.get(reverse("query-columns", args=["shop", "people"]))
    names = mia.get(reverse("query-names"), {"database": "shop"}).json()

    assert b"email" in columns.content
    assert names["tables"] == {"people": ["id", "name", "email"], "orders": ["order_id", "amount"]}
    assert names["live"] is True
    shop.everyone_reads = False
    shop.save()
    client.force_login(colleague)
    assert client.get(reverse("query-columns", args=["shop", "people"])).status_code == 404
    assert client.get(reverse("query-names"), {"database": "shop"}).json()["tables"] == {}


def test_formatting_answers_the_text_or_the_place_of_the_mistake(mia):
    good = mia.post(reverse("format-query"), {"sql": "select 1", "engine": "trino"})
    bad = mia.post(reverse("format-query"), {"sql": "select from from", "engine": "trino"})

    assert good.json() == {"sql": "SELECT\n  1"}
    assert bad.status_code == 422 and bad.json()["line"] == 1


def test_a_version_is_compared_and_restored(mia, people):
    people.sql = "SELECT 2"
    save(people, by=people.owner)

    page = mia.get(reverse("query-version", args=[people.pk, 1]))
    answer = mia.post(reverse("restore-version", args=[people.pk, 1]))

    assert b'class="removed"' in page.content and b'class="added"' in page.content
    people.refresh_from_db()
    assert (people.version, people.sql.splitlines()[0]) == (3, "SELECT id, name")
    assert answer.url == page_of(people)


def test_deleting_asks_first(mia, people):
    url = reverse("delete-query", args=[people.pk])

    assert "Delete “People”?" in mia.get(url).content.decode()
    assert Query.objects.exists()
    mia.post(url)
    assert not Query.objects.exists()
