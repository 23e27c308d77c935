"""Only what changed, as events: what may be there already is not sent again unasked."""

import pytest

from console import jobs
from console.models import Database, Query
from integrations.connectors import CONNECTORS
from integrations.models import Authentication
from tests.integrations.clevertap import EVENTS, login

pytestmark = pytest.mark.django_db
ROWS = "SELECT CAST(x AS varchar) AS identity, 'E' AS \"evtName\" FROM UNNEST(sequence(1, {})) t(x)"


@pytest.fixture
def query(account, marketer, settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    shop = Database.objects.create(name="shop", owner=marketer)
    own = Authentication(name="W1", type="clevertap", owner=marketer)
    own.settings = login(account, retry_limit=0)
    own.save()
    query = Query(name="Events", database=shop, sql=ROWS.format(2500), owner=marketer)
    form = CONNECTORS["clevertap"].Export.from_json(EVENTS | {"thread_count": 1})
    assert form.is_valid(), form.errors
    query.authentication, query.export = own, form.cleaned_data
    query.changes = {"key": ["identity"], "removed": False, "by": marketer.pk}
    query.save()
    return query


def run(job):
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def received(account):
    return sorted(int(record["identity"]) for record in account.store.read("events"))


def test_the_run_after_one_that_broke_off_waits_and_a_retry_sends_the_rest(
    query,
    account,
    marketer,
):
    account.switches.faults = ["ok", "401"]
    broken = run(jobs.submit_query(query))
    assert (broken.status, len(received(account))) == ("error", 1000)

    later = run(jobs.submit_query(query))

    assert later.held and later.held_because.startswith("Some of these rows may be there already")
    assert "CleverTap counts what it gets a second time as one more." in later.held_because
    assert len(received(account)) == 1000

    retried = run(jobs.retry(broken, marketer))
    assert (retried.status, received(account)) == ("success", list(range(1, 2501)))
    assert jobs.drop(later, marketer)
    query.sql = ROWS.format(2600)
    query.save()
    assert run(jobs.submit_query(query)).status == "success"
    assert received(account) == list(range(1, 2601))
