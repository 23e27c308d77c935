"""Who got what: only the columns that were sent, where a connector does not send all of them."""

import pytest

from console import jobs
from console.models import Database, Delivery
from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from tests.console.deliveries import found, ran
from tests.integrations.clevertap import LIST, login
from tests.integrations.clevertap_imports import Account

PERSON = "'ann@example.com' AS email, '+4917012345678' AS phone, 'c-1' AS customer_id"
SENT = {
    "list": (LIST, "'i' AS \"Type\", 'p-1' AS identity", "p-1", ["Type", "identity"]),
    "tokens": (
        {"profile_operation": "upload_tokens"},
        "'d-1' AS objectid, 't-1' AS id, 'fcm' AS type",
        "t-1",
        ["objectid", "id", "type"],
    ),
    "demerge": ({"profile_operation": "demerge"}, "'p-1' AS identity", "p-1", ["identity"]),
    "subscribe": (
        {"profile_operation": "subscribe"},
        "'email' AS type, 'bob@example.com' AS value, 'Unsubscribe' AS status",
        "bob@example.com",
        ["type", "value", "status"],
    ),
    "disassociate": (
        {"profile_operation": "disassociate"},
        "'+14155551234' AS value",
        "+14155551234",
        ["value"],
    ),
}


@pytest.fixture
def send(account, marketer, settings):
    """A function that sends the result of a query to CleverTap."""
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    Database.objects.create(name="shop", owner=marketer)
    authentication = Authentication(name="W1", type="clevertap", owner=marketer)
    authentication.settings = login(account)
    authentication.save()

    def send(sql, **given):
        form = CONNECTORS["clevertap"].Export.from_json(given)
        assert form.is_valid(), form.errors
        who = {"owner": marketer, "authentication": authentication}
        return ran(jobs.submit(sql, database="shop", export=form.cleaned_data, **who))

    return send


@pytest.mark.parametrize("kind", SENT)
def test_columns_that_an_operation_does_not_send_are_not_in_it(kind, send):
    given, columns, identifier, sent = SENT[kind]

    job = send(f"SELECT {PERSON}, {columns}", **given)

    assert job.status == "success", (job.error, job.traceback)
    assert [job_id for job_id, _ in found(identifier)] == [job.pk]
    assert found("ann@example.com") == found("+4917012345678") == found("c-1") == []
    [delivery] = Delivery.objects.all()
    assert delivery.attributes == sent


def test_all_columns_of_profiles_are_in_it(send):
    job = send(f"SELECT {PERSON}, 'p-1' AS identity")

    assert job.status == "success", (job.error, job.traceback)
    assert found("ann@example.com") == [(job.pk, ["email"])]
    assert found("c-1") == [(job.pk, ["customer_id"])]
    assert found("p-1") == [(job.pk, ["identity"])]


def test_rows_that_were_refused_leave_the_columns_as_they_were_sent(account, send):
    account.switches.faults = ["partial"]
    rows = "SELECT x AS email, x AS identity FROM UNNEST(ARRAY['a@b.de', 'c@d.de']) t(x)"

    job = send(rows, profile_operation="demerge", skip_invalid=True)

    assert (job.status, job.rejected) == ("success", 1), (job.error, job.traceback)
    assert found("a@b.de") == []
    assert found("c@d.de") == [(job.pk, ["identity"])]


def test_ids_are_found_whatever_the_columns_of_an_import_are_called(
    sandbox, tmp_path, marketer, settings
):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    Database.objects.create(name="shop", owner=marketer)
    columns = {"k": {"ctName": "identity"}, "device": {"ctName": "objectId"}}
    columns |= {"line": {"ctName": "Phone"}, "n": {"ctName": "Orders"}}
    connector = Account(sandbox, tmp_path / "sandbox").connector(columns=columns)
    authentication = Authentication(name="C", type="clevertap_sftp", owner=marketer)
    authentication.settings = connector.authentication
    authentication.save()
    who = {"owner": marketer, "authentication": authentication}
    sql = "SELECT 'p-1' AS k, 'D-1' AS device, '0170 123456' AS line, 'n-1' AS n, 'g-1' AS guid"

    job = ran(jobs.submit(sql, database="shop", export=connector.settings, **who))

    assert job.status == "success", (job.error, job.traceback)
    where = {text: found(text) for text in ("p-1", "d-1", "0170123456", "g-1", "n-1")}
    carried = {"p-1": "k", "d-1": "device", "0170123456": "line", "g-1": "guid"}
    assert where == {text: [(job.pk, [name])] for text, name in carried.items()} | {"n-1": []}
    types = dict(Delivery.objects.get().identifiers)
    assert types == {"k": "user_id", "device": "device_id", "line": "phone", "guid": "device_id"}
