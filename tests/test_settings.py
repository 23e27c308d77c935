import json
import logging
import os
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from console import environment, logs
from console.logs import Json, Lines, redact

ROOT = Path(__file__).parent.parent
PRODUCTION = {
    "CONSOLE_HTTPS": "True",
    "CONSOLE_ALLOWED_HOSTS": "console.example.com",
    "CONSOLE_PUBLIC_URL": "https://console.example.com",
}


def start(*arguments, **environ):
    """Start the console with these settings. Return its exit status and what it says."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("DJANGO_ALLOW")}
    done = subprocess.run(
        [sys.executable, "manage.py", *(arguments or ["version"])],
        cwd=ROOT,
        env=own | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_every_setting_is_documented_and_every_documented_one_exists():
    documented = set(re.findall(r"`(CONSOLE_[A-Z0-9_]+)`", (ROOT / "docs/settings.md").read_text()))

    read = {name for name in environment.known if not name.endswith("_FILE")}

    assert documented == read


def test_what_can_come_from_a_file_is_documented_so():
    text = (ROOT / "docs/settings.md").read_text()
    documented = set(re.findall(r"`(CONSOLE_[A-Z0-9_]+)` \*or file\*", text))

    from_file = {name for name in environment.known if name.endswith("_FILE")}

    assert {f"{name}_FILE" for name in documented} == from_file


def test_the_production_settings_pass_the_deploy_check(tmp_path):
    status, said = start(
        "check", "--deploy", "--fail-level", "WARNING", CONSOLE_HOME=str(tmp_path), **PRODUCTION
    )

    assert (status, said.strip()) == (0, "System check identified no issues (2 silenced).")


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"CONSOLE_WORKER": "2"}, "not a setting of the console. Did you mean CONSOLE_WORKERS?"),
        ({"CONSOLE_ZZZ": "2"}, "docs/settings.md lists all there are."),
        ({"CONSOLE_HTTPS": "maybe"}, "CONSOLE_HTTPS is 'maybe'. Use True or False."),
        ({"CONSOLE_WORKERS": "0"}, "Use a whole number of at least 1."),
        ({"CONSOLE_EGRESS_NETWORKS": "10.0.0.0/33"}, "CONSOLE_EGRESS_NETWORKS: '10.0.0.0/33'"),
        ({"CONSOLE_EGRESS_ADDRESSES": "console.example.com"}, "Use addresses like 203.0.113.7"),
        ({"CONSOLE_ENCRYPTION_KEYS": "short"}, "key 1 is not a Fernet key"),
        ({"CONSOLE_SECRET_KEY_FILE": "/no/such"}, "cannot be read (No such file or directory)"),
        ({"CONSOLE_TRUSTED_ORIGINS": "console.example.com"}, "'console.example.com' is no address"),
        ({"CONSOLE_PUBLIC_URL": "ftp://x"}, "CONSOLE_PUBLIC_URL is 'ftp://x'."),
        ({"CONSOLE_LOG_LEVEL": "LOUD"}, "Use one of DEBUG, INFO, WARNING, ERROR."),
        ({"CONSOLE_HOME": "/proc/nowhere"}, "Choose another folder with CONSOLE_HOME"),
        (
            {"CONSOLE_TRINO_URL": "http://trino.example.com", "CONSOLE_TRINO_PASSWORD": "secret"},
            "CONSOLE_TRINO_URL has to begin with https://.",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start(environ, sentence):
    status, said = start(**environ)

    assert status == 1
    assert sentence in said
    assert said.count("\n") == 1


def test_an_empty_key_file_stops_the_start(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/encryption_keys").touch()

    status, said = start(CONSOLE_HOME=str(tmp_path))

    assert status == 1
    assert "is empty. Bring back the key that was in it." in said


def test_no_key_is_made_beside_credentials_that_another_one_sealed(tmp_path):
    with closing(sqlite3.connect(tmp_path / "console.sqlite3")) as database, database:
        for name in ("authentication", "webhook"):
            database.execute(f"CREATE TABLE integrations_{name} AS SELECT 'token' AS sealed")

    status, said = start(CONSOLE_HOME=str(tmp_path))

    assert status == 1
    assert "Give this command the keys that the services have" in said
    assert not (tmp_path / "keys").exists()
    given = {"CONSOLE_ENCRYPTION_KEYS": Fernet.generate_key().decode()}
    assert start(CONSOLE_HOME=str(tmp_path), **given)[0] == 0


def test_keys_are_made_once_for_their_owner_only(tmp_path):
    start(CONSOLE_HOME=str(tmp_path / "home"))
    first = (tmp_path / "home/keys/encryption_keys").read_text()

    start(CONSOLE_HOME=str(tmp_path / "home"))

    assert (tmp_path / "home/keys/encryption_keys").read_text() == first
    assert Fernet(first.strip())
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0
    for key in (tmp_path / "home/keys").iterdir():
        assert key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2",
        "the Passphrase: 'hunter2'",
        '{"password": "hunter2", "host": "x"}',
        "sftp://mia:hunter2@host/",
        "Authorization: Basic hunter2",
        "X-CleverTap-Passcode: hunter2",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2",
    ],
)
def test_what_looks_like_a_secret_is_not_logged(text):
    assert "hunter2" not in redact(text)


def test_a_text_without_secrets_is_logged_as_it_is():
    text = "Job 7: 297 rows in 1.2 s to sftp://mia@host/out.csv; passwords are checked"

    assert redact(text) == text


def test_a_line_of_the_log_has_the_fields_of_its_event():
    record = logging.makeLogRecord({"msg": "token=%s", "args": ("abc",), "job": 7, "name": "jobs"})

    assert json.loads(Json().format(record))["job"] == "7"
    assert Lines().format(record).endswith("jobs token=*** job=7")


def test_what_is_written_is_for_the_consoles_own_user(tmp_path):
    tmp_path.chmod(0o755)

    status, _ = start("migrate", "--verbosity", "0", CONSOLE_HOME=str(tmp_path))

    assert status == 0
    assert [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("name", ["paramiko", "urllib3", "botocore"])
def test_talkative_libraries_only_warn(name, settings):
    assert settings.LOGGING["loggers"][name]["level"] == "WARNING"


def test_the_lines_of_a_job_have_its_number_and_none_of_its_secrets():
    secret = "open-sesame-1"
    with logs.about(7):
        logs.hide(7, [secret])
        lines = [event_of(f"refused for {secret}"), event_in_another_thread(f"sent {secret}")]
    after = event_of("quiet")

    for line in lines:
        assert (line["job"], line["level"], line["process"]) == ("7", "ERROR", os.getpid())
        assert "ValueError" in line["traceback"]
        assert secret not in json.dumps(line)
    assert "job" not in after


def event_of(text):
    try:
        raise ValueError(f"the server said: {text}")
    except ValueError:
        record = logging.getLogger("paramiko").makeRecord(
            "paramiko", logging.ERROR, "", 0, "It failed: %s", (text,), sys.exc_info()
        )
    return json.loads(Json().format(record))


def event_in_another_thread(text):
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(event_of, text).result()


@pytest.mark.django_db(transaction=True)
def test_a_job_that_runs_is_followed_by_its_number_in_the_log(
    people, run_query, caplog, monkeypatch
):
    lines = []
    # Put back afterwards: all tests have the same handler.
    monkeypatch.setattr(
        caplog.handler, "emit", lambda record: lines.append(json.loads(Json().format(record)))
    )

    with caplog.at_level(logging.INFO):
        job = run_query(people)

    told = [line["message"] for line in lines if line.get("job") == str(job.pk)]
    assert told == ["The job started.", "The job is now: success."]
