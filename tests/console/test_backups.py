"""Backups and the way back, by the commands that a person runs."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from console import backups, locks
from console.backups.databases import postgresql
from console.backups.renaming import check_movable
from console.backups.restoring import Wishes
from console.jobs import prune
from console.models import Job, Pulse
from console.tables import collect_garbage
from console.tables import files as table_files
from tests.churn import churned, churning
from tests.installation import Installation
from tests.servers import wait_until
from tests.workbench import PASSWORD

PASSPHRASE = "correct horse battery"
FILL = f"""\
import pyarrow as pa, pyarrow.parquet as pq
from datetime import timedelta
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from console import jobs, tables
from console.models import Delivered, Job, Notice, Query, Schedule
from console.schedules import schedule_query
from console.tables.files import new_file
from integrations.models import Authentication

mia = User.objects.create_user("mia", "mia@example.com")
shop = tables.create_database("shop", mia)
path = new_file("shop", "people")
pq.write_table(pa.table({{"id": [1, 2], "name": ["ann", "bob"]}}), path)
tables.create_from(shop, "people", path, [("id", "bigint"), ("name", "varchar")])
drop = Authentication(name="Drop", type="sftp_v2", owner=mia)
drop.settings = {{"host": "sftp.example.com", "port": 22, "username": "mia",
                 "auth_method": "password", "password": "{PASSWORD}"}}
drop.save()
query = Query.objects.create(name="People", database=shop, sql="SELECT * FROM people", owner=mia,
                             authentication=drop, export={{"path_prefix": "/people.csv"}})
delivered = settings.DELIVERED_DIR / str(query.pk)
delivered.mkdir(parents=True)
for name in ("rows", "sent"):
    pq.write_table(pa.table({{"id": [1]}}), delivered / f"{{name}}.parquet")
Delivered.objects.create(query=query, path=f"{{query.pk}}/rows.parquet", rows=1,
                         unsure=[{{"path": f"{{query.pk}}/sent.parquet"}}])
schedule_query(query, "@hourly")
Schedule.objects.update(next_slot=timezone.now() - timedelta(hours=5))
done = jobs.submit("SELECT * FROM people ORDER BY id", database="shop", owner=mia)
assert jobs.run(done.pk)
export = jobs.submit_query(query)
late = timezone.now() - timedelta(minutes=5)
export = {{"export": {{"path_prefix": "/x.csv"}}, "authentication": drop, "database": "shop"}}
for sql, more in (("SELECT 1 AS a", {{}}), ("SELECT 2 AS a", export)):
    running = Job(sql=sql, owner=mia, **{{"database": "shop"}} | more)
    running.status, running.attempt, running.worker, running.lease_until = "running", 1, "w", late
    running.save()
Job(sql="SELECT 3 AS a", owner=mia, held_because="The result has no rows.", **export).save()
Notice.objects.create(kind="failed", user=mia, subject="People failed", body="It did.")
"""
LOGGED = """\
from django.conf import settings
from django.utils import timezone
from console.deliveries import keys
from console.deliveries.writing import Carried, Log
from console.jobs import rows_of
from console.jobs.carrying import facts_of
from console.models import Delivery, Job

job, key = Job.objects.get(pk=1), keys.current()
job.authentication = Authentication.objects.get()
path = settings.DELIVERIES_DIR / "2026-11-27/job-1.parquet"
log = Log(path, keys.keyed(key), {"name": "customer_id"}, key.number)
done = log.write(rows_of(job), Carried(), facts_of(job), lambda: None)
Delivery.objects.create(job=job, key=key, at=timezone.now(), status="delivered", entries=2,
                        path="2026-11-27/job-1.parquet", identifiers=done.identifiers)
"""
FOUND = """\
from console.deliveries.asking import asked
from console.deliveries.searching import every
print([match.columns for match in every(asked("ann").tokens)])
"""
STATE = """\
import json
from console import jobs, tables
from console.models import Job, Notice, Query, Schedule, Table
from django_q.models import OrmQ
from integrations.models import Authentication
print(json.dumps({
    "grid": jobs.grid(Job.objects.get(pk=1))[1] if Job.objects.get(pk=1).result_path else None,
    "rows": [list(row) for row in tables.rows(Table.objects.get(name="people"))],
    "settings": Authentication.objects.get().settings["password"],
    "paused": Schedule.objects.get().paused_because,
    "jobs": [[job.sql, job.status, job.held_because] for job in Job.objects.order_by("pk")],
    "notice": Notice.objects.get().error,
    "messages": OrmQ.objects.count(),
}))
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A console that nothing changes."""
    console = Installation(tmp_path_factory.mktemp("filled") / "home")
    console.done("migrate", "-v0")
    console.shell(FILL)
    return console


@pytest.fixture(scope="module")
def backup(filled):
    path = filled.folder.parent / "console.tar.gz"
    filled.done("backup", path)
    return path


@pytest.fixture
def fresh(tmp_path):
    console = Installation(tmp_path / "fresh")
    yield console
    console.close()


@pytest.fixture
def keyed(fresh, filled):
    """A home with nothing in it but the keys."""
    shutil.copytree(filled.folder / "keys", fresh.folder / "keys")
    return fresh


@pytest.fixture
def refused(settings, tmp_path):
    """A function that sees a backup refused, with nothing changed. Return the sentence."""
    settings.HOME = tmp_path / "home-of-refusals"
    (settings.HOME / "tables").mkdir(parents=True)
    (settings.HOME / "tables/old.parquet").write_bytes(b"old")
    before = snapshot(settings.HOME)

    def refused(path):
        with pytest.raises(backups.BackupError) as told:
            backups.restore(path, Wishes(replace=True))
        assert snapshot(settings.HOME) == before
        assert not list(settings.HOME.glob(".*"))
        return str(told.value)

    return refused


def state(console):
    return json.loads(console.shell(STATE))


def snapshot(folder):
    """Return all files of a home with their content, but for locks."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {path.relative_to(folder): path.read_bytes() for path in paths}


def test_a_console_comes_back(keyed, backup):
    said = keyed.done("restore", backup)

    assert "The keys open 1 credentials." in said
    found = state(keyed)
    assert found["rows"] == [[1, "ann"], [2, "bob"]]
    assert found["settings"] == PASSWORD
    assert found["grid"] == [["1", "ann"], ["2", "bob"]]
    assert [path.name for path in keyed.folder.iterdir() if path.name.startswith(".")] == []


def test_a_backup_is_for_its_owner_and_has_no_keys(filled, backup, tmp_path):
    with tarfile.open(backup) as tar:
        names = tar.getnames()
        tar.extractall(tmp_path, filter="data")
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

    assert backup.stat().st_mode & 0o777 == 0o600
    assert names[0] == "backup.json" and names[-1] == "SHA256SUMS"
    assert "console.sqlite3" in names
    assert not [name for name in names if "key" in name]
    for key in (filled.folder / "keys").iterdir():
        assert key.read_text().strip().encode() not in everything


def test_a_backup_can_be_read_without_a_console(backup, tmp_path):
    subprocess.run(["tar", "-xzf", backup, "-C", tmp_path], check=True)

    done = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path)

    assert done.returncode == 0


def test_it_is_told_which_keys_a_backup_needs(filled, backup):
    said = filled.done("backup", "--verify", backup)

    assert "each SHA-256 is right" in said
    assert "The keys are NOT in it" in said
    assert said.count("SHA256:") == 2


def test_an_existing_file_is_not_written_over(filled, backup):
    before = backup.read_bytes()

    assert "is there already" in filled.refused("backup", backup)

    assert backup.read_bytes() == before


@pytest.mark.parametrize("part", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_backup_that_was_cut_off_is_refused(part, backup, refused, tmp_path):
    short = tmp_path / "short.tar.gz"
    short.write_bytes(backup.read_bytes()[: int(backup.stat().st_size * part)])

    with pytest.raises(backups.BackupError, match="is not a whole backup"):
        backups.verify(short)

    assert "is not a whole backup" in refused(short)


def rewritten(backup, path, change):
    """Write the backup anew, with the bytes of each member as the function changes them."""
    with tarfile.open(backup) as old, tarfile.open(path, "w:gz") as new:
        for info in old:
            data = change(info, old.extractfile(info).read())
            info.size = len(data)
            with (path.parent / "member").open("w+b") as file:
                file.write(data)
                file.seek(0)
                new.addfile(info, file)


def test_a_changed_byte_is_noticed_before_anything_is_touched(refused, backup, tmp_path):
    def change(info, data):
        rows = info.name.startswith("tables/")
        return data[:-1] + bytes([data[-1] ^ 1]) if rows else data

    rewritten(backup, tmp_path / "changed.tar.gz", change)

    assert "the SHA-256 of tables/shop/people/" in refused(tmp_path / "changed.tar.gz")


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "tables/../../out", "other/out"])
def test_a_name_that_leads_out_of_the_home_is_refused(name, refused, backup, tmp_path):
    def change(info, data):
        info.name = name if info.name.startswith("tables/") else info.name
        return data

    rewritten(backup, tmp_path / "hostile.tar.gz", change)

    assert "does not belong in it" in refused(tmp_path / "hostile.tar.gz")


def test_a_backup_of_a_newer_console_is_refused(refused, backup, tmp_path):
    def change(info, data):
        if info.name != "backup.json":
            return data
        about = json.loads(data)
        about["migrations"].append("console.9999_later")
        return json.dumps(about).encode()

    rewritten(backup, tmp_path / "newer.tar.gz", change)

    said = refused(tmp_path / "newer.tar.gz")

    assert "of a newer console, 0.1.0 (it has console.9999_later)" in said


def test_a_backup_of_an_older_console_is_brought_up_to_date(fresh, tmp_path):
    old = Installation(tmp_path / "old")
    old.done("migrate", "console", "0006", "-v0")
    old.done("backup", tmp_path / "old.tar.gz")

    fresh.done("restore", tmp_path / "old.tar.gz")

    assert fresh.manage("migrate", "--check").returncode == 0


def test_without_its_keys_a_backup_is_refused(fresh, backup):
    fresh.manage("version")  # It makes keys.
    before = snapshot(fresh.folder)

    said = fresh.refused("restore", backup)

    assert "open 0 of 1 credentials" in said and "keys/encryption_keys" in said
    assert snapshot(fresh.folder) == before


def test_credentials_can_be_given_up(fresh, backup):
    said = fresh.done("restore", backup, "--without-keys")

    assert "No key opens Drop: enter its credentials again." in said
    assert "No key opens authentication" in fresh.refused("check_secrets")


def test_the_log_of_deliveries_comes_back_and_is_searched_with_its_key(keyed, filled, tmp_path):
    console = Installation(tmp_path / "logged")
    shutil.copytree(filled.folder / "keys", console.folder / "keys")
    console.make_database()
    console.shell(FILL + LOGGED)
    console.done("backup", tmp_path / "logged.tar.gz")

    said = keyed.done("restore", tmp_path / "logged.tar.gz")

    assert "The keys open 2 credentials." in said
    assert keyed.shell(FOUND).strip() == "[['name']]"
    assert (keyed.folder / "deliveries/2026-11-27/job-1.parquet").is_file()


def test_keys_travel_under_a_passphrase(filled, fresh, tmp_path):
    path = tmp_path / "keyed.tar.gz"
    assert "too short" in filled.refused(
        "backup", path, "--with-keys", CONSOLE_BACKUP_PASSPHRASE="short"
    )
    filled.done("backup", path, "--with-keys", CONSOLE_BACKUP_PASSPHRASE=PASSPHRASE)
    packed = gzip.decompress(path.read_bytes())
    for key in (filled.folder / "keys").iterdir():
        assert key.read_text().strip().encode() not in packed

    restore = ("restore", path, "--with-keys")
    said = fresh.refused(*restore, CONSOLE_BACKUP_PASSPHRASE=PASSPHRASE + "!")
    assert "The passphrase does not open the keys" in said
    given = {"CONSOLE_SECRET_KEY": "x" * 50, "CONSOLE_BACKUP_PASSPHRASE": PASSPHRASE}
    assert "CONSOLE_SECRET_KEY gives a key already" in fresh.refused(*restore, **given)
    fresh.done(*restore, CONSOLE_BACKUP_PASSPHRASE=PASSPHRASE)

    assert state(fresh)["settings"] == PASSWORD
    for name in ("secret_key", "encryption_keys", "receipt_key"):
        kept = fresh.folder / "keys" / name
        assert kept.read_text() == (filled.folder / "keys" / name).read_text()
        assert kept.stat().st_mode & 0o077 == 0


def test_what_is_there_is_kept_and_moved_aside(keyed, backup):
    keyed.done("restore", backup)
    assert "There is a console" in keyed.refused("restore", backup)
    keyed.shell("from django.contrib.auth.models import User; User.objects.create_user('late')")

    said = keyed.done("restore", backup, "--replace")

    [aside] = keyed.folder.glob("before-restore-*")
    assert str(aside) in said
    assert (aside / "tables/shop/people").is_dir()
    shutil.copytree(keyed.folder / "keys", aside / "keys")
    older = Installation(aside)
    assert older.shell("from console.models import *; print(Job.objects.count())") == "5"
    there = "from django.contrib.auth.models import User; print(User.objects.count())"
    assert (older.shell(there), keyed.shell(there)) == ("2", "1")


def test_where_a_folder_cannot_be_replaced_all_is_as_it_was(keyed, backup, tmp_path):
    keyed.done("restore", backup)
    shutil.rmtree(keyed.folder / "results")
    (tmp_path / "elsewhere").mkdir()
    (keyed.folder / "results").symlink_to(tmp_path / "elsewhere")
    before = snapshot(keyed.folder)

    said = keyed.refused("restore", backup, "--replace")

    assert f"{keyed.folder / 'results'}: Not a directory. Nothing was changed." in said
    assert snapshot(keyed.folder) == before
    assert not list(keyed.folder.glob(".restoring-*"))
    assert not list(keyed.folder.glob("before-restore-*"))


def test_a_folder_on_a_disk_of_its_own_is_refused_first(tmp_path):
    check_movable([tmp_path])

    with pytest.raises(backups.BackupError, match="/ is a mount point, and a restore has to"):
        check_movable([tmp_path, Path("/")])


def test_nothing_is_restored_under_running_processes(keyed, backup):
    keyed.done("restore", backup)
    dispatcher = keyed.start("dispatcher")
    wait_until(lambda: "is running" in keyed.said("dispatcher"), 60)

    assert "Processes of the console work in" in keyed.refused("restore", backup, "--replace")

    dispatcher.send_signal(signal.SIGKILL)
    dispatcher.wait()
    keyed.done("restore", backup, "--replace")


@pytest.mark.parametrize("command", ["web", "workers", "dispatcher"])
def test_no_process_begins_while_a_restore_is_under_way(command, fresh, settings):
    settings.HOME = fresh.folder
    fresh.manage("version")

    with locks.held(locks.IN_USE, alone=True):
        assert "is being restored from a backup" in fresh.refused(command)


def test_nothing_is_sent_a_second_time_by_itself(keyed, backup):
    said = keyed.done("restore", backup)

    found = state(keyed)
    assert "1 schedules are paused and 3 exports held" in said
    assert "slots since then may have been delivered already" in found["paused"]
    held = [sql for sql, status, why in found["jobs"] if why and status == "queued"]
    assert held == ["SELECT * FROM people", "SELECT 2 AS a", "SELECT 3 AS a"]
    assert found["jobs"][-1][2].startswith("The result has no rows. The console was restored")
    assert "is not sent again" in found["notice"]
    assert found["messages"] == 0
    keyed.done("tick")
    found = state(keyed)
    assert [job[1] for job in found["jobs"]] == ["success", *["queued"] * 4]
    assert found["messages"] == 1  # that of the job which exports nothing


@pytest.mark.parametrize("results", [True, False])
def test_what_was_delivered_comes_back_and_is_looked_at_first(filled, keyed, tmp_path, results):
    path = tmp_path / "console.tar.gz"
    filled.done("backup", path, *([] if results else ["--without-results"]))

    keyed.done("restore", path)

    files = sorted(keyed.folder.glob("delivered/*/*"))
    assert [file.name for file in files] == ["rows.parquet", "sent.parquet"]
    code = "from console.models import Delivered; print(Delivered.objects.get().doubt)"
    assert "changes may have been delivered since then" in keyed.shell(code)


def test_schedules_go_on_where_somebody_says_so(keyed, backup):
    keyed.done("restore", backup, "--resume-schedules")

    found = state(keyed)
    assert found["paused"] == ""
    assert [why for _, _, why in found["jobs"]] == [*[""] * 4, "The result has no rows."]
    assert "is not sent again" in found["notice"]
    assert keyed.done("tick").startswith("1 started")  # of five missed slots, the latest


def test_results_can_be_left_out(filled, keyed, tmp_path):
    path = tmp_path / "small.tar.gz"
    filled.done("backup", path, "--without-results")
    with tarfile.open(path) as tar:
        assert not [name for name in tar.getnames() if name.startswith("results")]

    keyed.done("restore", path)

    assert state(keyed)["grid"] is None


def test_a_backup_is_of_one_moment_while_tables_are_replaced_and_tidied_up(filled, tmp_path):
    console = Installation(tmp_path / "busy")
    shutil.copytree(filled.folder, console.folder)
    seen = []
    with churning(console):
        for number in range(2):
            console.done("backup", tmp_path / f"{number}.tar.gz")
            back = Installation(tmp_path / f"back-{number}")
            shutil.copytree(filled.folder / "keys", back.folder / "keys")
            back.done("restore", tmp_path / f"{number}.tar.gz")
            seen.append(churned(back))

    assert seen == sorted(set(seen))


@pytest.mark.django_db(transaction=True)
def test_no_file_is_deleted_while_a_backup_reads(shop, people, run_query, settings, monkeypatch):
    monkeypatch.setattr(table_files, "KEEP", timedelta(0))
    job = run_query(people)
    settings.JOB_SECONDS = -1
    old = settings.TABLES_DIR / "shop/people/old.parquet"
    old.parent.mkdir(parents=True)
    old.touch()
    Job.objects.update(ended_at=timezone.now() - timedelta(days=365))

    with locks.held(locks.FILES):
        assert collect_garbage() == 0
        assert prune()["results"] == 0
        assert old.exists() and (settings.RESULTS_DIR / job.result_path).exists()

    assert collect_garbage() == 1
    assert prune()["results"] == 1
    assert not old.exists() and not (settings.RESULTS_DIR / job.result_path).exists()


def test_the_latest_backups_are_kept(filled, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in (1, 2):
        (folder / f"console-2020010{day}T000000Z.tar.gz").touch()
    (folder / "mine.tar.gz").touch()

    said = filled.done("backup", folder, "--keep", "2")

    names = sorted(path.name for path in folder.iterdir())
    assert names[0] == "console-20200102T000000Z.tar.gz"
    assert len(names) == 3 and "mine.tar.gz" in names
    assert "console-20200101T000000Z.tar.gz is deleted." in said


def test_a_file_that_is_gone_is_told_and_the_last_whole_backup_stays(filled, backup, tmp_path):
    console, folder = Installation(tmp_path / "torn"), tmp_path / "backups"
    shutil.copytree(filled.folder, console.folder)
    [lost] = console.folder.glob("tables/shop/people/*")
    lost.unlink()
    folder.mkdir()
    older, whole = (folder / f"console-2020010{day}T000000Z.tar.gz" for day in (1, 2))
    for path in (older, whole):
        shutil.copy(backup, path)

    said = console.refused("backup", folder, "--keep", "1")

    assert f"tables/shop/people/{lost.name}" in said
    assert not older.exists()
    assert whole.exists()
    assert len(list(folder.iterdir())) == 2
    told = console.shell("from console.models import Alarm; print(Alarm.objects.get().text)")
    assert f"not in the backup: tables/shop/people/{lost.name}" in told


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_be_moved_aside_is_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(postgresql, "found", lambda program: program)
    monkeypatch.setattr(postgresql, "SCHEMA", "not there")

    told = pytest.raises(backups.BackupError, match="The database could not be moved aside: ")
    with told, postgresql.loaded(tmp_path, "aside"):
        pass


def test_what_a_killed_backup_left_is_cleared_away(filled, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    for name in (".old.tar.gz.partial", ".old.tar.gz.database"):
        (folder / name).touch()

    filled.done("backup", folder / "new.tar.gz")

    assert [path.name for path in folder.iterdir()] == ["new.tar.gz"]


def test_a_folder_that_is_not_there_is_told(filled, tmp_path):
    said = filled.refused("backup", tmp_path / "none/x.tar.gz")

    assert "No such file or directory" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk_leaves_nothing_behind(filled, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True)
    try:
        said = filled.refused("backup", small / "x.tar.gz")
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)

    assert "No space left on device" in said or "disk is full" in said


@pytest.mark.django_db
def test_administrators_are_told_of_the_last_backup(client, marketer, keeper):
    client.force_login(marketer)
    assert "backup" not in client.get("/").content.decode()
    assert "backup" not in client.get("/settings/").content.decode()
    client.force_login(keeper)
    assert "No backup of this console has been made yet" in client.get("/").content.decode()

    Pulse.objects.create(name="backup", at=timezone.now() - timedelta(days=8))
    assert "The last backup is of" in client.get("/").content.decode()

    Pulse.objects.update(at=timezone.now() - timedelta(days=1))
    assert "backup" not in client.get("/").content.decode()
    assert "Last backup" in client.get("/settings/").content.decode()


def test_a_name_of_a_backup_tells_its_time(tmp_path):
    now = timezone.now().replace(year=2026, month=11, day=27, hour=1, minute=2, second=3)

    assert backups.dated(tmp_path, now).name == "console-20261127T010203Z.tar.gz"
