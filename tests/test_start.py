"""What processes import when they start: heavy libraries only where they are used."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.management import call_command

ROOT = Path(__file__).parent.parent
# Each takes a tenth of a second to load, or several.
HEAVY = (
    *("pyarrow", "numpy", "paramiko", "sqlglot", "duckdb", "_duckdb", "numba"),
    *("boto3", "botocore"),
)
WATCH = f"""\
import sys, traceback

class Watch:
    unseen = {set(HEAVY)}

    def find_spec(self, name, *_):
        library = name.partition(".")[0]
        if library in self.unseen:
            self.unseen.remove(library)
            frames = [frame for frame, _ in traceback.walk_stack(None)]
            modules = [frame.f_globals["__name__"] for frame in frames]
            ours = [m for m in modules if m.startswith(("console", "integrations", "activations"))]
            print(name, "is imported by", ", which is imported by ".join(dict.fromkeys(ours)))
"""
START = """\
sys.meta_path.insert(0, Watch())
import django
django.setup()
import console.urls, console.web
from console.management.commands import cluster, dispatcher, prune, quickstart, tick, workers
"""
JOB = """\
import django
django.setup()
from pathlib import Path
from console.engines import ENGINES, get_engine
from console.jobs.loading import load
from integrations.connectors import CONNECTORS
from integrations.delivery import Delivery
from integrations.rows import Rows
local = Delivery(networks=("127.0.0.0/8",))
load()
sys.meta_path.insert(0, Watch())
for engine in ENGINES:
    get_engine(engine).plan("SELECT a FROM (VALUES (1)) AS t(a)", database="", tables={})
connector, port, rows = CONNECTORS["sftp_v2"], int(sys.argv[1]), Rows(Path(sys.argv[2]))
server = {"host": "127.0.0.1", "port": port, "username": "demo"}
server |= {"auth_method": "password", "password": "demo"}
forms = [
    connector.Authentication.from_json(server),
    connector.Export.from_json({"path_prefix": "a.csv", "user_directory_is_root": True}),
]
assert all(form.is_valid() for form in forms)
connector(*(form.cleaned_data for form in forms)).export(rows, local)
"""
# What takes long there, beside DuckDB itself.
CHILD = """\
from console.engines import forking
forking.child.connect()
print(*({"_duckdb", "dataclasses", "inspect", "sqlglot", "django", "pyarrow"} & sys.modules.keys()))
"""


def said_by(program, home, *arguments):
    """Return which heavy libraries the program imported, and what did so."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH + program, *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"CONSOLE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "console.settings"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_process_loads_a_heavy_library_at_its_start(tmp_path):
    assert said_by(START, tmp_path) == ""


def test_workers_load_all_that_a_job_needs_before_they_fork(tmp_path, sandbox):
    rows = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": [1]}), rows)

    assert said_by(JOB, tmp_path, sandbox.port, rows) == ""

    assert (sandbox.root / "a.csv").read_bytes() == b"a\r\n1\r\n"


def test_the_child_of_a_query_loads_little_at_its_start(tmp_path):
    heavy = said_by(CHILD, tmp_path)

    assert heavy.split() == ["_duckdb"], heavy


def test_what_large_exports_need_is_prepared_on_request(capsys):
    call_command("prepare")

    assert capsys.readouterr().out == "Large exports are prepared for.\n"
