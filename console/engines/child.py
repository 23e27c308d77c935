"""The process that does one piece of work in DuckDB, locked down, and answers in JSON lines."""

import datetime
import decimal
import json
import sys
import threading
import uuid
from pathlib import Path

import _duckdb as duckdb  # without the Python layer, which doubles the time to start

from console.engines import sandbox, streaming, types
from console.engines.plain_text import BadFile
from console.engines.work import WORK, Complaint, cut

# DuckDB imports these when it first returns a row, which is too late inside the sandbox.
LOADED = (datetime, decimal, uuid)
PROGRESS_SECONDS = 0.25
WRITTEN = ("output.parquet", "plain", "texts", "samples.parquet", "unsure.parquet")
SESSION = (
    "TimeZone = 'UTC'",
    "errors_as_json = true",
    "enable_progress_bar_print = false",
    "enable_progress_bar = true",
    "arrow_large_buffer_size = true",
    "streaming_buffer_size = '12MB'",  # made while a group of rows is written
)


def tell(**message):
    """Write one message for the parent."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def report_progress(connection, done):
    """Tell the parent how far the query is, while it runs."""
    while not done.wait(PROGRESS_SECONDS):
        percent = connection.query_progress()
        if percent >= 0:
            tell(progress=round(percent / 100, 3))


def connect():
    """Open an in-memory database that prints nothing and has started no threads yet."""
    return duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "async_threads": 0,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
        },
    )


def lock(connection, request):
    """Leave the connection only the request's limits and files, for good."""
    paths = [
        *request["read"],
        *(f"{request['folder']}/{name}" for name in WRITTEN),
    ]
    connection.execute("SET allowed_paths = $1", [paths])
    for setting in (*limits(request), *SESSION):
        connection.execute(f"SET {setting}")
    connection.execute(f"SET integer_division = {request['trino']}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET allowed_configs = ['operator_memory_limit']")  # It is a part of all.
    connection.execute("SET lock_configuration = true")


def limits(request):
    spill = types.literal(f"{request['folder']}/spill")
    return (
        f"threads = {request['threads']}",
        f"memory_limit = '{request['memory_mb']}MB'",
        f"temp_directory = {spill}",
        f"max_temp_directory_size = '{request['temp_mb']}MB'",
    )


def run(connection, request):
    """Do the work of a request inside the sandbox and return its answer."""
    if request.get("streams"):
        streaming.load()
    sandbox.limit_resources(request["memory_mb"], request["file_mb"], request["cpu_seconds"])
    version = sandbox.confine(request["read"], [request["folder"]])
    done = threading.Event()
    reporter = threading.Thread(target=report_progress, args=(connection, done), daemon=True)
    reporter.start()
    try:
        lock(connection, request)
        return {"landlock": version} | WORK[request["work"]](connection, request)
    finally:
        done.set()
        reporter.join()


def main(connection, path: Path) -> None:
    """Do the request at a path, with a connection that nobody has used."""
    request = json.loads(path.read_text())
    try:
        tell(answer=run(connection, request))
    except Complaint as complaint:
        tell(error=complaint.as_dict())
    except BadFile as error:
        tell(error={"type": "File", "message": cut(str(error))})
    except duckdb.Error as error:
        tell(error=Complaint.of(error).as_dict())
    except RecursionError:
        tell(error={"type": "Refused", "message": "The query is nested too deeply."})
    except MemoryError:
        tell(error={"type": "Out of Memory", "message": ""})
