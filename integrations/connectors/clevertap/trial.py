"""The test of an account: a connection, and a request that changes nothing."""

from collections.abc import Iterator

from integrations.connectors.base import Step, walk
from integrations.connectors.clevertap.answers import CREDENTIALS, said_by
from integrations.connectors.clevertap.api import Api
from integrations.connectors.clevertap.authentication import address_of
from integrations.delivery import Delivery
from integrations.transports.http import Probe, Url

# No record, and only a rehearsal where there were one: credentials are checked before that.
HARMLESS, NOTHING = "/1/upload?dryRun=1", b'{"d":[]}'


def steps(authentication: dict, delivery: Delivery) -> Iterator[Step]:
    probe = Probe(Url.parse(address_of(authentication)), delivery)

    def log_in():
        with Api(authentication, delivery) as api:
            reply = api.post(HARMLESS, NOTHING)
        if reply.status in CREDENTIALS or reply.status == 429 or reply.status >= 500:
            said_by(reply)
        return f"account {authentication['account_id']}"

    try:
        yield from walk((
            ("resolve", probe.resolve),
            ("connect", probe.connect),
            ("TLS", probe.secure),
            ("credentials", log_in),
        ))  # fmt: skip
    finally:
        probe.close()
