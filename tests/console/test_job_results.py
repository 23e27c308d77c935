"""Huge values of a result: shown in part, downloaded whole, never all in memory."""

import tracemalloc

from console import jobs, tables
from console.models import Job

A = "a" * 300_000
SHOWN = f"{'a' * 1000}… (300,000 characters)"


def test_a_huge_value_is_shown_in_part_and_downloaded_whole(marketer):
    tables.create_database("shop", marketer)
    sql = "SELECT repeat('a', 300000) AS x FROM range(100)"
    job = jobs.submit(sql, database="shop", owner=marketer, engine="duckdb")
    jobs.run(job.pk)
    job = Job.objects.get(pk=job.pk)

    tracemalloc.start()
    _, rows = jobs.grid(job)
    download = sum(map(len, jobs.csv_lines(job)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert rows == [[SHOWN]] * 100
    assert download == len("x\r\n") + 100 * len(f"{A}\r\n")
    assert peak < 25_000_000  # The values have 30,000,000 characters.


def test_the_page_of_a_table_shows_huge_values_in_part(client, marketer):
    tables.create_database("shop", marketer)
    sql = "CREATE TABLE wide AS SELECT repeat('a', 300000) AS x FROM range(30)"
    job = jobs.submit(sql, database="shop", owner=marketer, engine="duckdb")
    jobs.run(job.pk)
    client.force_login(marketer)

    response = client.get("/workbench/databases/shop/wide/")

    assert response.context["rows"] == [[SHOWN]] * 20
