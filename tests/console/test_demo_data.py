"""The demo's rows: always the same, made quickly, and made once."""

from datetime import date

import duckdb
import pyarrow.parquet as pq

from console.demo.data import load_demo, write_demo
from console.models import Database, Table

DAY = date(2026, 11, 22)
FINGERPRINT = (
    "SELECT md5(string_agg(customer_profile::VARCHAR, '|' ORDER BY customer_id))"
    " FROM '{}' AS customer_profile WHERE customer_id <= 500"
)


def fingerprint(made):
    path, _ = made["demo", "customer_profile"]
    with duckdb.connect() as connection:
        return connection.execute(FINGERPRINT.format(path)).fetchone()[0]


def test_the_rows_depend_on_nothing_but_the_day(tmp_path):
    few = fingerprint(write_demo(tmp_path / "few", 600, DAY))
    more = fingerprint(write_demo(tmp_path / "more", 2_000, DAY))
    assert few == more == "53a6867d55c6d3d80dd43ddd0314de07"


def test_the_tables_have_the_shape_of_a_shop(tmp_path):
    made = write_demo(tmp_path, 25_000, DAY)
    counts = {table: pq.read_metadata(path).num_rows for (_, table), (path, _) in made.items()}
    assert counts["customers"] == counts["customer_profile"] == 25_000
    assert counts["www_access"] == 5_000
    assert 500_000 < sum(counts.values()) < 700_000
    profile, _ = made["demo", "customer_profile"]
    lapsed = (
        "SELECT count(*) FROM '{}' WHERE loyalty_tier IN ('Gold', 'Platinum')"
        " AND lifecycle IN ('lapsed', 'at_risk')"
    )
    with duckdb.connect() as connection:
        assert 100 < connection.execute(lapsed.format(profile)).fetchone()[0] < 3_000


def test_samples_have_the_columns_of_the_originals(tmp_path):
    made = write_demo(tmp_path, 10, DAY)
    columns = {table: [name for name, _ in columns] for (_, table), (_, columns) in made.items()}
    access = "host path referer code agent user size method time"
    assert columns["www_access"] == access.split()
    assert columns["nasdaq"] == ["symbol", "open", "volume", "high", "low", "close", "time"]


def test_a_second_load_reuses_the_first(marketer):
    load_demo(marketer, 50, DAY)
    files = list(Table.objects.values_list("files", flat=True))
    load_demo(marketer, 50, DAY)
    assert list(Table.objects.values_list("files", flat=True)) == files
    assert list(Database.objects.values_list("name", flat=True)) == ["demo", "sample_datasets"]
    assert Table.objects.get(name="customers").rows == 50
