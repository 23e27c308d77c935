"""An untrusted analyst's SQL reads its tables and nothing else, and writes nothing."""

import json
import subprocess
import sys
import time

import duckdb
import pytest

from console.engines import Limits, QueryError, Source, get_engine, process, sandbox, starting
from integrations.errors import Stopped
from tests.faults.processes import alive, queries
from tests.servers import wait_until

SECRET = "FILELEAK"


@pytest.fixture
def box(tmp_path, monkeypatch):
    """A table, and secrets around it in every form that DuckDB reads."""
    monkeypatch.setenv("LAB_SECRET_ENV", "ENVLEAK")
    for folder in ("tables/customers", "tables/other", "tables_evil", "out"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n")
    (tmp_path / "secret.csv").write_text(f"a,b\n{SECRET},1\n")
    (tmp_path / "secret.json").write_text(f'{{"a":"{SECRET}"}}')
    (tmp_path / "tables_evil/x.txt").write_text(SECRET)
    (tmp_path / "tables/customers/link.txt").symlink_to(tmp_path / "secret.txt")
    with duckdb.connect() as made:
        made.execute(
            f"COPY (SELECT 1 AS id, 'a@b.c' AS email) TO '{tmp_path}/tables/customers/a.parquet'"
        )
        made.execute(
            f"COPY (SELECT 1 AS id, '{SECRET}' AS email) TO '{tmp_path}/tables/other/b.parquet'"
        )
        made.execute(
            f"ATTACH '{tmp_path}/db2.duckdb' AS d; CREATE TABLE d.t AS SELECT '{SECRET}' AS x"
        )
    return tmp_path


def tables(box):
    return {"demo": {"customers": Source((f"{box}/tables/customers/a.parquet",))}}


def state(box):
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in box.rglob("*")
        if path.is_file() and "/out" not in str(path)
    }


def attempt(sql, box, engine="duckdb", limits=None, **more):
    """Run SQL through the engine; return what it gave."""
    runner = get_engine(engine)
    output = box / "out" / "output.parquet"
    statement = runner.plan(sql, database="demo", tables=tables(box))
    runner.execute(statement, output, limits=limits, **more)
    with duckdb.connect() as connection:
        return str(connection.sql(f"FROM '{output}'").fetchall())


ATTACKS = """
select content from read_text('{D}/secret.txt')
select * from read_csv('{D}/secret.txt', header=false, columns={{'a':'VARCHAR'}})
select * from read_csv('/etc/passwd', header=false, columns={{'a':'VARCHAR'}})
select content from read_blob('{D}/secret.txt')
select * from read_json('{D}/secret.json')
select * from '{D}/secret.csv'
select * from "{D}/secret.csv"
with "{D}/secret.csv" as (select 1) select * from (select * from "{D}/secret.csv"), '{D}/secret.csv'
select * from glob('{D}/*')
select content from read_text('/proc/self/environ')
select * from read_csv('/dev/stdin')
select * from parquet_metadata('{D}/tables/other/b.parquet')
select * from read_parquet('{D}/tables/other/b.parquet')
select * from read_parquet('{D}/tables/customers/a.parquet')
select content from read_text('{D}/tables/../secret.txt')
select content from read_text('{D}/tables_evil/x.txt')
select content from read_text('{D}/tables/customers/link.txt')
select content from read_text('{D}/tables/*/../../secret.txt')
select content from read_text('file://{D}/secret.txt')
select * from sniff_csv('{D}/secret.csv')
copy (select 'OWNED') to '{D}/owned1.csv'
copy (select 'OWNED') to '{D}/tables/customers/owned2.parquet'
copy (select 1 as id,'OWNED' as email) to '{D}/tables/customers/a.parquet'
copy (select 'OWNED' as a, 1 as b) to '{D}/part' (format parquet, partition_by (b))
copy customers from '{D}/secret.txt'
export database '{D}/exp'
import database '{D}/exp0'
attach '{D}/db2.duckdb' as x
attach ':memory:' as x
attach '{D}/db.sqlite3' as x (type sqlite)
attach 'http://127.0.0.1:9/x.duckdb' as x
install httpfs
install '{D}/evil.duckdb_extension'
load '{D}/evil.duckdb_extension'
load parquet
select * from read_csv('http://127.0.0.1:8765/x.csv')
select * from read_parquet('s3://b/x.parquet')
select * from 'hf://datasets/x/y.csv'
create secret s (type s3, key_id 'a', secret 'b')
select * from duckdb_secrets()
select getenv('LAB_SECRET_ENV')
select current_setting('home_directory'), current_setting('temp_directory')
select name, value from duckdb_settings()
select database_name, path from duckdb_databases()
select sql from duckdb_views()
select * from secret_df
select * from query('select * from secret_df')
select * from query_table('{D}/secret.csv')
select * from query('select content from read_text(''{D}/secret.txt'')')
select json_execute_serialized_sql('x')
select * from json_execute_serialized_sql('x')
from json_execute_serialized_sql((select json_serialize_sql('select 1')))
set enable_external_access=true
reset lock_configuration
set allowed_directories=['/']
pragma memory_limit='20GB'
set threads=64
set temp_directory='{D}/tmpx'
call enable_logging(storage='file', storage_path='{D}/owned6.log')
pragma enable_profiling='json'
pragma profile_output='{D}/owned8.json'
set variable a=1
checkpoint
vacuum
update customers set email='OWNED'
delete from customers
drop view customers
create view v as select 1
create or replace view customers as select 'OWNED' as email
create macro f(x) as x+1
create temp table own2 as select 1
pragma storage_info('customers')
pragma database_list
detach demo
use memory
select * from duckdb_connections()
select * from duckdb_logs()
select * from duckdb_temporary_files()
select * from duckdb_external_file_cache()
select current_query()
select * from which_secret('s3://x','s3')
select * from pg_catalog.pg_settings
select * from pg_settings
select * from information_schema.tables
select * from sqlite_master
summarize '{D}/secret.csv'
describe '{D}/secret.csv'
describe customers
show tables
from '{D}/secret.csv'
select * from read_duckdb('{D}/db2.duckdb', table_name='t')
select write_log('x')
select * from read_csv('ls |')
select 1; copy (select 'OWNED') to '{D}/owned10.csv'
with a as (select sql from duckdb_views), duckdb_views as (select 1 as x) select * from a
with recursive duckdb_views as (select sql from duckdb_views) select * from duckdb_views
with duckdb_views as (select sql from duckdb_views) select * from duckdb_views
with a as (copy (select 'OWNED') to '{D}/owned11.csv') select 1
with a as (insert into customers values (1, 'OWNED') returning *) select * from a
with a as (delete from customers returning *) select * from a
with a as (update customers set email = 'OWNED' returning *) select * from a
select * from (copy customers to '{D}/owned12.csv')
select (with a as (copy (select 1) to '{D}/owned13.csv') select 1)
explain analyze copy (select 1) to '{D}/owned14.csv'
explain select 1
prepare p as copy (select 1) to '{D}/owned15.csv'
execute p
merge into customers using customers c on true when matched then delete
pivot (from read_text('{D}/secret.txt')) on size using count(*)
from (pivot (from read_text('{D}/secret.txt')) on size in (1) using count(*))
from (describe from read_csv('{D}/secret.csv'))
from (summarize from read_csv('{D}/secret.csv'))
create table x as select content from read_text('{D}/secret.txt')
create table x as copy (select 1) to '{D}/owned16.csv'
insert into customers select content from read_text('{D}/secret.txt')
select * from memory.main.customers
select * from system.information_schema.tables
select * from demo.customers, read_text('{D}/secret.txt')
select * from customers where email in (select content from read_text('{D}/secret.txt'))
select (select content from read_text('{D}/secret.txt'))
select list_transform([1], lambda x: (select content from read_text('{D}/secret.txt')))
select [c for c in (select content from read_text('{D}/secret.txt'))]
with recursive r as (select 1 union all select content from read_text('{D}/secret.txt')) from r
select * from customers order by (select content from read_text('{D}/secret.txt'))
select * from customers limit (select size from read_text('{D}/secret.txt'))
select count(*) filter ((select size from read_text('{D}/secret.txt')) > 0) from customers
select sum(1) over (order by (select size from read_text('{D}/secret.txt'))) from customers
values ((select content from read_text('{D}/secret.txt')))
select unnest((select list(content) from read_text('{D}/secret.txt')))
select * from (values (1)) t(x) join read_text('{D}/secret.txt') on true
select * from customers positional join read_text('{D}/secret.txt')
select * from customers asof join read_text('{D}/secret.txt') f on customers.id >= f.size
select * from main.read_text('{D}/secret.txt')
select * from system.main.read_text('{D}/secret.txt')
select system.main.getenv('LAB_SECRET_ENV')
select nextval('s')
) to '{D}/owned17.csv' --
select 1) to '{D}/owned18.csv' --
select 1)) to '{D}/owned19.csv' --
""".strip().splitlines()


def in_one_process(statements, box, *, checked):
    """Return what each statement gave, with or without the check of its syntax tree."""
    folder = box / "out"
    (folder / "spill").mkdir()
    file = f"{box}/tables/customers/a.parquet"
    request = {
        "memory_mb": 512,
        "temp_mb": 100,
        "threads": 1,
        "folder": str(folder),
        "read": [file],
        "trino": False,
        "database": "demo",
        "tables": {"demo": {"customers": [file]}},
        "into": [],
        "lasts": False,
        "most": None,
        "columns": [],
        "scheduled_time": 0,
    }
    asked = {"request": request, "statements": statements, "checked": checked}
    done = subprocess.run(
        [sys.executable, "-m", "tests.console.sandboxed"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        cwd=starting.ROOT,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def attacks(box):
    return [attack.format(D=box) for attack in ATTACKS]


@pytest.mark.parametrize("checked", [True, False], ids=["all layers", "DuckDB and kernel alone"])
def test_nothing_leaks_and_nothing_is_written(box, checked):
    before = state(box)
    found = in_one_process(attacks(box), box, checked=checked)
    words = [SECRET, "ENVLEAK", "root:"] + ([str(box)] if checked else [])
    leaks = {
        attack: given
        for attack, given in zip(ATTACKS, found, strict=True)
        if given and any(word in given for word in words)
    }
    assert not leaks
    assert state(box) == before


def test_what_is_no_attack_runs(box):
    statements = ["SELECT email FROM customers", "WITH c AS (FROM customers) SELECT id FROM c"]
    assert in_one_process(statements, box, checked=True) == ["[('a@b.c',)]", "[(1,)]"]


NAMED = """WITH {recursive} a AS (SELECT id FROM customers),
    b AS (SELECT id FROM a WHERE id IN (WITH c AS (SELECT id FROM a) SELECT id FROM c)),
    {last} SELECT max(id) AS id FROM {after}"""


@pytest.mark.parametrize("engine", ["duckdb", "trino"])
@pytest.mark.parametrize(
    ("recursive", "last", "after"),
    [
        ("", "customers AS (SELECT id FROM customers, (SELECT 1 FROM b))", "customers"),
        ("RECURSIVE", "r AS (SELECT id FROM b UNION ALL SELECT id + 1 FROM r WHERE id < 1)", "r"),
    ],
)
def test_an_entry_of_a_with_is_known_after_it(box, engine, recursive, last, after):
    assert attempt(NAMED.format(recursive=recursive, last=last, after=after), box, engine)


@pytest.mark.parametrize("engine", ["duckdb", "trino"])
@pytest.mark.parametrize(
    "sql",
    [
        "WITH a AS (SELECT * FROM b), b AS (SELECT 1 AS x) SELECT * FROM a",
        "WITH b AS (SELECT * FROM b) SELECT * FROM b",
        "WITH a AS (WITH b AS (SELECT 1 AS x) SELECT * FROM b) SELECT * FROM a, b",
    ],
    ids=["before it", "in itself", "outside"],
)
def test_an_entry_of_a_with_is_known_nowhere_else(box, engine, sql):
    with pytest.raises(QueryError, match=r"^There is no table demo\.b that you may read"):
        attempt(sql, box, engine)


@pytest.mark.parametrize("engine", ["duckdb", "trino"])
@pytest.mark.parametrize("attack", [0, 5, 20, 22, -3, -2])
def test_attacks_are_refused_with_a_sentence(box, attack, engine):
    before = state(box)
    with pytest.raises(QueryError):
        attempt(attacks(box)[attack], box, engine)
    assert state(box) == before


def test_the_kernel_alone_stops_a_child(tmp_path):
    """Code in the child, not SQL: it may not read, write, connect, execute or signal others."""
    if not sandbox.landlock_version():
        pytest.skip("this kernel has no Landlock")
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "mine").mkdir()
    code = f"""
import os, socket, signal
from console.engines import sandbox
sandbox.confine([], ["{tmp_path}/mine"])
def denied(act):
    try: act()
    except OSError as error: return error.errno in (1, 13)
print([denied(act) for act in (
    lambda: open("{tmp_path}/secret").read(),
    lambda: open("/proc/self/environ").read(),
    lambda: open("{tmp_path}/new", "w"),
    lambda: os.unlink("{tmp_path}/secret"),
    lambda: socket.create_connection(("127.0.0.1", 9), 1),
    lambda: os.execv("/bin/sh", ["sh", "-c", "true"]),
)], open("{tmp_path}/mine/x", "w").write("y"))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=starting.ROOT
    )
    assert done.stdout.strip() == f"{[True] * 6} 1", done.stderr


SMALL = Limits(memory_mb=256, threads=1, temp_mb=100, seconds=3)
BOMBS = [
    "SELECT len(repeat('a', 2000000000)) AS n",
    "SELECT max(x) AS m FROM (SELECT a.range AS x FROM range(1000000) a, range(1000000) b)",
    "SELECT levenshtein(repeat('ab', 100000), repeat('ba', 100000)) AS n",
    "SELECT list_sum(range(1000000000)) AS n",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) AS n FROM r",
]


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_a_bomb_ends_in_a_sentence(box, bomb):
    begun = time.monotonic()
    with pytest.raises(QueryError) as error:
        attempt(bomb, box, limits=SMALL)
    assert "needs more memory than" in str(error.value) or "was stopped after" in str(error.value)
    assert time.monotonic() - begun < SMALL.seconds + 6


def test_a_result_has_a_limit_of_its_own(box):
    rows = "SELECT md5(range::VARCHAR) AS h FROM range({})"
    limits = Limits(temp_mb=0, result_mb=1)

    with pytest.raises(QueryError, match=r"^The result is larger than the 1 MB it may have\.$"):
        attempt(rows.format(200_000), box, limits=limits)

    assert not list((box / "out").iterdir())
    assert attempt(rows.format(1), box, limits=limits)


def test_a_full_disk_is_told_without_the_paths_of_the_server(box, monkeypatch, caplog):
    monkeypatch.setattr(process, "SPARE_MB", 0)  # so that writes fail before the child is stopped
    rows = "SELECT md5(range::VARCHAR) AS h FROM range(200000)"

    with pytest.raises(QueryError, match=r"^This server has no room left for the files of the qu"):
        attempt(rows, box, limits=Limits(temp_mb=1, result_mb=1))

    assert str(box) in caplog.text


ENDLESS = "SELECT max(a.range + b.range) AS m FROM range(10000000) a, range(10000000) b"


def test_a_query_stops_within_two_seconds(box):
    asked = []

    def stopped():
        asked.append(time.monotonic())
        return len(asked) > 10

    with pytest.raises(Stopped):
        attempt(ENDLESS, box, stopped=stopped)
    assert time.monotonic() - asked[-1] < 2
    assert not list((box / "out").iterdir())


WORKER = """
import sys, time
from pathlib import Path
from console.engines import get_engine
runner = get_engine("duckdb")
statement = runner.plan(sys.argv[1], database="demo", tables={})
runner.execute(statement, Path(sys.argv[2]))
"""


def test_a_query_ends_with_the_process_that_asked_for_it(tmp_path):
    command = [sys.executable, "-c", WORKER, ENDLESS, str(tmp_path / "output.parquet")]
    worker = subprocess.Popen(command, cwd=starting.ROOT)
    try:
        [child] = wait_until(lambda: queries(worker.pid), 20)
    finally:
        worker.kill()
        worker.wait()
    wait_until(lambda: not alive(child))
