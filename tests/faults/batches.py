"""Jobs that send batches to CleverTap, one after the other."""

import pytest

from console import jobs
from console.models import Database
from integrations.connectors.clevertap import CleverTap
from integrations.models import Authentication
from tests.integrations.clevertap import login

ROWS = 4_500
SQL = (
    "SELECT cast(x - 1 AS varchar) AS identity, 'Seen' AS \"evtName\" "
    f"FROM UNNEST(sequence(1, {ROWS})) t(x) ORDER BY x"
)


@pytest.fixture
def send(account, marketer):
    """A function that submits a job that sends one batch after the other."""
    Database.objects.create(name="shop", owner=marketer)
    authentication = Authentication(name="W1", type="clevertap", owner=marketer)
    authentication.settings = login(account, timeout=60)
    authentication.save()

    def send(attempts=1, **given):
        form = CleverTap.Export.from_json({"thread_count": 1, "skip_invalid": True} | given)
        assert form.is_valid(), form.errors
        who = {"owner": marketer, "authentication": authentication, "attempts": attempts}
        return jobs.submit(SQL, database="shop", export=form.cleaned_data, **who)

    return send
