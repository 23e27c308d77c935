"""Trouble on this side: no room, damaged results, gpg that dies, things that change meanwhile."""

import os
import random
import shutil
import stat
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.urls import reverse

from console import jobs, tables
from console.engines import process
from console.models import Job
from integrations.errors import PermanentError, TransientError
from integrations.models import Authentication
from tests.faults.deliveries import OLD, run, texts
from tests.faults.disks import small_disk
from tests.faults.line import Cut
from tests.integrations.openpgp import Receiver
from tests.servers import local_delivery

pytestmark = [
    pytest.mark.needs("sshd", "ssh-keygen"),
    pytest.mark.usefixtures("impatient"),
    pytest.mark.django_db(transaction=True),  # other processes and threads see the rows
]


@contextmanager
def in_mid_upload(job, line):
    """Run the job in a thread, and do what is inside while half of its file is sent."""
    hold = line.hold(line.in_mid_upload)
    worker = threading.Thread(target=lambda: (jobs.run(job.pk), connection.close()))
    worker.start()
    hold.wait()
    try:
        yield
    finally:
        hold.let_go()
        line.mend()
        worker.join()
    job.refresh_from_db()


# What is in use may change.


def test_an_authentication_deleted_in_mid_upload_has_its_file_delivered(submit, drop, line):
    job = submit()

    with in_mid_upload(job, line):
        Authentication.objects.all().delete()

    drop.has_once(job)


def test_an_authentication_changed_in_mid_upload_is_used_from_the_next_job_on(
    submit, drop, line, reach, marketer
):
    job = submit()

    with in_mid_upload(job, line):
        reach(username="nobody-there")

    drop.has_once(job)
    job = run(jobs.retry(job, marketer))
    assert (job.status, job.attempt) == ("error", 1)
    assert "as nobody-there: the server refused the user" in job.error
    assert job.remedy


def test_an_authentication_that_a_query_uses_is_not_deleted(client, people, sftp, marketer):
    people.authentication = sftp
    people.save()
    client.force_login(marketer)

    answer = client.post(reverse("delete-authentication", args=[sftp.pk]))

    assert answer.status_code == 409
    assert "People" in answer.content.decode()
    assert Authentication.objects.get() == sftp


def test_a_table_dropped_in_mid_upload_has_its_rows_delivered(submit, drop, line, database):
    numbers = range(1, 20_001)
    rows = pa.table({"n": numbers, "text": [f"{n:.>60}" for n in numbers]})
    fill(database, "numbers", rows)
    job = submit("SELECT n, text FROM numbers ORDER BY n")

    with in_mid_upload(job, line):
        tables.drop(database, "numbers")
        shutil.rmtree(tables.files.new_file("shop", "numbers").parent)

    drop.has_once(job)


def test_a_table_replaced_while_a_query_starts_has_its_old_rows_delivered(
    submit, drop, start, database
):
    fill(database, "prices", pa.table({"n": [1, 2]}))
    job = submit("SELECT n FROM prices ORDER BY n")
    worker = start(job, "console.engines.process.run_child")
    worker.wait_at_step()

    fill(database, "prices", pa.table({"n": [3, 4, 5]}), replace=True)
    tables.collect_garbage()
    worker.go_on()
    worker.wait()

    job.refresh_from_db()
    drop.has_once(job, b"n\n1\n2\n")


def fill(database, name, rows, **more):
    path = tables.files.new_file(database.name, name)
    pq.write_table(rows, path)
    kinds = {"int64": "bigint", "string": "varchar"}
    columns = [(field.name, kinds[str(field.type)]) for field in rows.schema]
    tables.create_from(database, name, path, columns, **more)


# Results that are damaged.

LARGE = (
    "SELECT x AS n, sha256(to_utf8(cast(x AS varchar))) AS h FROM UNNEST(sequence(1, 200000)) t(x)"
)


@pytest.mark.parametrize("damage", ["overwritten", "cut off"])
def test_a_damaged_result_is_told_and_made_anew(damage, submit, drop, line, reach, marketer):
    drop.keep()
    reach(max_connection_retry=0)
    line.faults = [Cut(3_000)]
    job = run(submit(LARGE, attempts=2))
    assert (job.status, job.rows) == ("queued", 200_000)
    path = jobs.rows_of(job).path
    spoil(path, damage)
    Job.objects.update(not_before=None)

    job = run(job)

    assert (job.status, job.traceback) == ("error", "")
    assert "is damaged" in job.error and job.remedy
    drop.is_as_before(OLD)
    again = run(jobs.retry(job, marketer))
    assert (again.status, again.rows) == ("success", 200_000)


def spoil(path, damage):
    size = path.stat().st_size
    if damage == "cut off":
        os.truncate(path, size * 2 // 3)
    else:
        with path.open("r+b") as file:
            file.seek(size * 2 // 3)
            file.write(random.Random(0).randbytes(100_000))


# No room on this server.


def test_a_full_disk_of_ours_is_told_and_the_next_job_recovers(submit, drop, settings, monkeypatch):
    drop.keep()

    def limit(size):
        megabytes = 20_000 if size is None else size >> 20
        monkeypatch.setattr(process, "SPARE_MB", 0 if size else 1024)
        settings.QUERY_RESULT_MB = settings.QUERY_TEMP_MB = megabytes

    with small_disk(settings.RESULTS_DIR, 4 << 20, limit) as disk:
        job = run(submit(LARGE))

        assert job.status == "error"
        assert "no room left" in job.error
        drop.is_as_before(OLD)
        assert [path for path in settings.RESULTS_DIR.rglob("*") if path.is_file()] == []
        disk.make_room()
        drop.has_once(run(submit()))


# gpg that dies.


@pytest.fixture(scope="module")
def receiver():
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        receiver = Receiver(Path(home))
        master = receiver.make("ed25519", "cert")
        receiver.first = receiver.add(master, "cv25519")
        receiver.key = receiver.public()
        yield receiver
        receiver.close()


@pytest.fixture
def pgp(receiver):
    return {"encoders": "encrypt_pgp", "public_key": receiver.key,
            "key_identifier": receiver.first[-16:]}  # fmt: skip


DYING = """\
#!/bin/sh
case "$*" in *--encrypt*) ;; *) exec {gpg} "$@" ;; esac
if [ -e {folder}/died ] && [ {times} = once ]; then exec {gpg} "$@"; fi
touch {folder}/died
{gpg} "$@" | head -c 400000
kill -9 $$
"""


@pytest.fixture
def dying_gpg(tmp_path, monkeypatch):
    """A function that lets gpg be killed when it has encrypted half of a file."""

    def install(times):
        path = tmp_path / "bin/gpg"
        path.parent.mkdir()
        path.write_text(DYING.format(gpg=shutil.which("gpg"), folder=tmp_path, times=times))
        path.chmod(stat.S_IRWXU)
        monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")

    return install


@pytest.mark.needs("gpg")
def test_a_gpg_killed_half_way_is_made_good(export, drop, dying_gpg, receiver, pgp, data):
    dying_gpg("once")

    export(**pgp)

    assert drop.all() == [drop.file]
    assert receiver.decrypt(drop.file.read_bytes()) == data


@pytest.mark.needs("gpg")
def test_a_gpg_killed_each_time_leaves_the_old_file(export, drop, dying_gpg, pgp):
    drop.keep()
    dying_gpg("always")

    with pytest.raises(TransientError, match="gpg was ended by signal 9"):
        export(**pgp, max_connection_retry=1)

    drop.is_as_before(OLD)


@pytest.mark.needs("gpg")
def test_a_missing_gpg_is_told(exporter, rows, drop, pgp, monkeypatch):
    drop.keep()
    exporter = exporter(**pgp)
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(PermanentError, match="needs gpg, which is not installed") as caught:
        exporter.export(rows, local_delivery())

    assert caught.value.remedy == "Install the package gnupg."
    drop.is_as_before(OLD)


# Results of every kind.

ODD = (
    "",
    " a b ",
    'say "no"',
    "one,two",
    "line\nbreak",
    "re\rturn",
    "both\r\nof them",
    "ünï→世界🎉",
    "e\u0301\u200b\u202e",
    "tab\there",
    "null",
)


def test_odd_values_arrive_byte_for_byte(submit, drop):
    values = ", ".join(f"({n}, '{text}')" for n, text in enumerate(ODD))
    sql = f"SELECT n, t FROM (VALUES {values}, (99, NULL)) v(n, t) ORDER BY n"

    job = run(submit(sql))

    lines = [f"{n},{quoted(text)}\n" for n, text in enumerate(ODD)]
    drop.has_once(job, "".join(["n,t\n", *lines, "99,\n"]).encode())


def quoted(text):
    one_end = text.replace("\r\n", "\n").replace("\r", "\n").replace('"', '""')
    return f'"{one_end}"' if not text or set(text) & set('",\r\n') else text


@pytest.mark.parametrize(("rows", "data"), [(0, b"n\n"), (1, b"n\n1\n")])
def test_small_results_arrive(rows, data, submit, drop):
    drop.has_once(
        run(submit(f"SELECT x AS n FROM UNNEST(sequence(1, 1)) t(x) WHERE x <= {rows}")), data
    )


def test_thousands_of_columns_arrive(submit, drop):
    columns = range(4096)
    sql = "SELECT " + ", ".join(f"{n} AS c{n}" for n in columns)

    job = run(submit(sql))

    names, values = (",".join(f"{mark}{n}" for n in columns) for mark in ("c", ""))
    drop.has_once(job, f"{names}\n{values}\n".encode())
    assert any("1 row." in text for text in texts(job))
