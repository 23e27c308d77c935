"""Webhooks hear of the same as mail: signed or for Slack, once, though their server was away."""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from console.models import Database, Notice, Query
from console.notifications import outbox, send_waiting, send_webhooks, tell_stop, webhooks
from console.notifications.payload import delivered
from console.queries.saving import delete
from console.queries.webhooks import keep_webhook, new_secret
from console.schedules import schedule_query
from console.watch import call_outside
from integrations.models import Webhook
from integrations.transports.http import Limits
from tests.console.hourly import NOON, slots_of
from tests.endpoint import busy, endless, hangs, redirects
from tests.servers import free_port

DOCUMENT = Path(__file__).parents[2] / "docs/webhooks.md"
GOOD, BAD = "SELECT 1 AS a", "SELECT nope"


@pytest.fixture(autouse=True)
def _near(settings, monkeypatch):
    """Webhooks may be on this machine, and are not waited for long."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(webhooks, "LIMITS", Limits(connect=1, silence=0.4, total=0.8, body=0))


@pytest.fixture
def query(marketer):
    database = Database.objects.create(name="shop", owner=marketer)
    query = Query.objects.create(name="Buyers <1>", database=database, sql=GOOD, owner=marketer)
    schedule_query(query, "0 * * * *", "Europe/Berlin", now=NOON)
    return query


@pytest.fixture
def run(query):
    return slots_of(query)


@pytest.fixture
def slack(query, endpoint):
    keep_webhook(query, url=endpoint.url("/services/hush-hush-1"), shape="slack")
    return query.webhook


@pytest.fixture
def signed(query, endpoint):
    """Return the secret of the query's webhook."""
    return keep_webhook(query, url=endpoint.url("/hush-hush-1"), shape="signed", on_success=True)


def verified(secret, received):
    """Check a signature from the words of the Standard Webhooks specification alone."""
    key = base64.b64decode(secret.split("_", 1)[1])
    head = received.headers
    text = f"{head['webhook-id']}.{head['webhook-timestamp']}.{received.body.decode()}"
    made = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    return f"v1,{made}" in head["webhook-signature"].split(" ")


def documented():
    """Return the function that the document gives to receivers."""
    [code] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S)
    names = {}
    exec(code, names)
    return names["verified"]


def test_a_webhook_hears_of_the_changes_that_the_owner_hears_of(run, slack, endpoint, marketer):
    for sql in (GOOD, BAD, BAD, GOOD):
        run(sql)

    assert send_webhooks() == 2
    texts = [json.loads(received.body)["text"] for received in endpoint.requests]
    assert [text.split("\n")[0] for text in texts] == [
        "*Failed: Buyers &lt;1&gt;*",
        "*Works again: Buyers &lt;1&gt;*",
    ]
    assert "for Mon 02 Mar 2026 15:00 (Europe/Berlin) failed." in texts[0]
    assert Notice.objects.filter(user=marketer).count() == 2


def test_signed_json_says_all_and_is_verified_by_others(run, signed, endpoint, settings):
    settings.PUBLIC_URL = "https://console.example.com"
    job = run(BAD)

    assert send_webhooks() == 1

    [received] = endpoint.requests
    assert verified(signed, received)
    assert not verified("whsec_" + base64.b64encode(b"x" * 32).decode(), received)
    assert documented()(signed, received.headers, received.body)
    assert abs(int(received.headers["webhook-timestamp"]) - time.time()) < 60
    event = json.loads(received.body)
    assert (event["type"], event["id"]) == ("run.failed", received.headers["webhook-id"])
    told = event["data"]
    assert told["query"]["name"] == "Buyers <1>"
    assert told["job"] == {
        "id": job.pk,
        "url": f"https://console.example.com/workbench/jobs/{job.pk}/",
    }
    assert told["slot"] == "2026-03-02T13:00:00+00:00"
    assert (told["status"], told["error"], told["remedy"]) == ("error", job.error, job.remedy)
    assert (told["rows"], told["bytes"], told["files"]) == (0, 0, [])


def test_the_documented_check_refuses_what_is_old_or_changed(run, signed, endpoint):
    run(BAD)
    send_webhooks()
    [received] = endpoint.requests
    check = documented()

    assert not check(signed, received.headers, received.body + b" ")
    old = received.headers | {"webhook-timestamp": str(int(time.time()) - 3600)}
    assert not check(signed, old, received.body)


def test_success_is_told_with_what_was_delivered(run, signed, endpoint):
    job = run(GOOD)
    file = {"path": "/in/a.csv", "rows": 7, "bytes": 70, "sha256": "ab" * 32}
    job.receipt = {"rows": 7, "bytes": 70, "files": [file | {"server": "x"}]}

    send_webhooks()

    told = json.loads(endpoint.requests[0].body)
    assert (told["type"], told["data"]["rows"]) == ("run.succeeded", 1)
    assert told["data"]["rejected"] == 0
    assert delivered(job) == {"rows": 7, "bytes": 70, "files": [file]}


def test_what_was_delivered_and_is_no_file_has_its_size_too(run):
    job = run(GOOD)
    job.receipt = {"rows": 7, "bytes": 70, "files": [], "summary": "Appended 7 rows to a.b."}

    assert delivered(job) == {"rows": 7, "bytes": 70, "files": []}


def test_a_pause_without_a_run_is_told(signed, query, endpoint):
    tell_stop(query, "What it ran after was deleted.")

    assert send_webhooks() == 1

    told = json.loads(endpoint.requests[0].body)
    assert (told["type"], told["data"]["job"]) == ("schedule.paused", None)
    assert "was deleted." in told["data"]["sentence"]


def test_success_is_told_only_where_that_is_asked_for(run, slack, endpoint):
    run(GOOD)

    assert send_webhooks() == 0
    assert endpoint.requests == []


def test_a_server_in_trouble_gets_the_same_message_later(run, signed, endpoint):
    endpoint.answers = [500, 200]
    run(BAD)
    now = timezone.now()

    assert send_webhooks(now) == 0
    assert "answered 500" in Notice.objects.get(user=None).error
    assert send_webhooks(now + timedelta(seconds=30)) == 0
    assert send_webhooks(now + timedelta(minutes=2)) == 1

    first, second = endpoint.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert verified(signed, first) and verified(signed, second)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 301])
def test_a_refusal_is_given_up_at_once_and_told(run, slack, endpoint, client, marketer, status):
    endpoint.answers = [status]
    run(BAD)

    assert send_webhooks() == 0

    notice = Notice.objects.get(webhook=slack)
    assert notice.given_up_at and f"answered {status}" in notice.error
    client.force_login(marketer)
    page = client.get("/").content.decode()
    assert "Webhooks that did not take their message" in page
    assert f"answered {status}" in page and "hush-hush" not in page


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_what_can_pass_is_tried_for_three_days(run, slack, endpoint, status):
    endpoint.answers = [status] * 2
    run(BAD)
    now = timezone.now()
    send_webhooks(now)
    assert Notice.objects.get(webhook=slack).given_up_at is None

    send_webhooks(now + outbox.KEPT_TRYING + timedelta(hours=1))

    notice = Notice.objects.get(webhook=slack)
    assert notice.given_up_at and notice.error.startswith("Tried for 3 days. ")
    assert len(endpoint.requests) == 1


def test_a_server_is_left_alone_as_long_as_it_asks(run, slack, endpoint):
    endpoint.answers = [busy("1800")]
    run(BAD)
    now = timezone.now()

    send_webhooks(now)

    assert send_webhooks(now + timedelta(minutes=29)) == 0
    assert send_webhooks(now + timedelta(minutes=31)) == 1


def test_a_redirect_to_this_machine_is_not_followed(run, slack, endpoint):
    endpoint.answers = [redirects(endpoint.url("/inside"))]
    run(BAD)

    send_webhooks()

    assert [received.path for received in endpoint.requests] == ["/services/hush-hush-1"]
    assert "which is not followed" in Notice.objects.get(webhook=slack).error


def test_an_answer_without_an_end_is_an_answer(run, slack, endpoint):
    endpoint.answers = [endless]
    run(BAD)

    assert send_webhooks() == 1


def test_one_that_hangs_holds_up_no_other_and_no_mail(run, slack, endpoint, query, mailbox):
    run(BAD)
    run(GOOD)
    other = Query.objects.create(name="Other", database=query.database, sql=BAD, owner=query.owner)
    keep_webhook(other, url=endpoint.url("/other"), shape="slack")
    Notice.objects.create(kind="failed", webhook=other.webhook, subject="Other", body="")
    endpoint.answers = [hangs]

    assert send_webhooks() == 1
    assert [received.path for received in endpoint.requests] == ["/services/hush-hush-1", "/other"]
    assert send_waiting() == 2


def test_this_machine_is_not_called_unless_its_network_is_listed(run, slack, endpoint, settings):
    settings.EGRESS_NETWORKS = ["10.0.0.0/8"]
    run(BAD)

    assert send_webhooks() == 0

    assert endpoint.requests == []
    notice = Notice.objects.get(webhook=slack)
    assert notice.given_up_at and "may not connect to 127.0.0.1" in notice.error


def test_a_message_that_a_dead_process_had_taken_is_sent_after_a_while(run, signed, endpoint):
    run(BAD)
    now = timezone.now()
    taken = outbox.claimed(Notice.objects.get(user=None).pk, now)  # and its process dies here

    assert send_webhooks(now) == 0
    assert send_webhooks(now + outbox.LEASE) == 1
    assert endpoint.requests[0].headers["webhook-id"] == taken.event["id"]


@pytest.mark.django_db(transaction=True)
def test_of_many_that_send_at_once_one_sends(run, slack, endpoint):
    run(BAD)

    def send():
        send_webhooks()
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(endpoint.requests) == 1


def test_a_new_secret_signs_at_once_and_the_former_one_for_a_day(run, signed, query, endpoint):
    run(BAD)
    query.refresh_from_db()
    secret = new_secret(query)

    send_webhooks()

    assert secret != signed
    [received] = endpoint.requests
    assert verified(secret, received) and verified(signed, received)
    webhook = Webhook.objects.get()
    assert webhook.secrets(timezone.now() + timedelta(hours=25)) == [secret]


def test_the_address_and_the_secret_are_nowhere_to_be_read(run, signed, endpoint, caplog):
    endpoint.answers = [500]
    run(BAD)
    send_webhooks()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_webhook")
        rows = str(cursor.fetchall())
        cursor.execute("SELECT * FROM console_notice")
        rows += str(cursor.fetchall())

    webhook = Webhook.objects.get()
    seen = rows + repr(webhook) + str(webhook) + caplog.text
    assert "hush-hush" not in seen and signed not in seen
    assert str(webhook) == f"127.0.0.1:{endpoint.port} …sh-1"


def test_secrets_are_sealed_anew_and_checked_with_all_others(signed, settings, capsys):
    old, new = settings.ENCRYPTION_KEYS, Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, *old]
    call_command("rotate_secrets")
    settings.ENCRYPTION_KEYS = [new]

    assert Webhook.objects.get().settings["secret"] == signed
    call_command("check_secrets")
    assert "Opened 1 of 1 webhooks." in capsys.readouterr().out


def test_without_its_key_a_webhook_waits(run, slack, endpoint, settings):
    run(BAD)
    keys, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, ["A" * 43 + "="]
    now = timezone.now()

    assert send_webhooks(now) == 0
    settings.ENCRYPTION_KEYS = keys
    assert send_webhooks(now + timedelta(minutes=2)) == 1


def test_the_webhook_goes_with_its_query(slack, query):
    delete(query)

    assert not Webhook.objects.exists()


def test_a_heartbeat_is_called_while_workers_are_there(db, settings, endpoint, monkeypatch):
    settings.HEARTBEAT_URL = endpoint.url("/ping/hush-hush-2")
    monkeypatch.setattr("console.watch.heartbeat.cluster_alive", lambda: True)
    assert call_outside()
    assert endpoint.requests[0].path == "/ping/hush-hush-2"

    monkeypatch.setattr("console.watch.heartbeat.cluster_alive", lambda: False)
    assert not call_outside()
    assert len(endpoint.requests) == 1


def test_a_heartbeat_that_fails_is_logged_without_its_address(settings, monkeypatch, caplog):
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{free_port()}/hush-hush-2"
    monkeypatch.setattr("console.watch.heartbeat.cluster_alive", lambda: True)

    assert not call_outside()

    assert "refused the connection" in caplog.text and "hush-hush" not in caplog.text
