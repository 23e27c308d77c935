"""Credentials of the role that a cloud gave this machine, from its metadata address."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from botocore.credentials import RefreshableCredentials

from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError
from integrations.transports.http import Client, Limits

ADDRESS = "http://169.254.169.254"
NETWORK = "169.254.169.254/32"  # that may be reached for this, and for nothing else
ROLES = "/latest/meta-data/iam/security-credentials/"
SECONDS = "21600"  # of the token; the longest there is
LIMITS = Limits(connect=2.0, silence=5.0, total=10.0)
REMEDY = "Give the machine a role in its cloud, or use an access key."
# Seconds before its end from which on the next key is asked for, and waited for. There is one
# from five minutes before.
ASKED, WAITED = 240, 60
CLOCK = timedelta(minutes=5)  # how long one is used that has ended, going by this machine's clock


class Role:
    """Credentials as botocore asks for them: each of them ends, and is followed by another."""

    def __init__(self, delivery: Delivery):
        self.delivery = delivery

    def load_credentials(self) -> RefreshableCredentials:
        found, times = self.fetch(), {"advisory_timeout": ASKED, "mandatory_timeout": WAITED}
        return RefreshableCredentials.create_from_metadata(found, self.fetch, "role", **times)

    def fetch(self) -> dict[str, str]:
        return credentials(self.delivery)


def credentials(delivery: Delivery) -> dict[str, str]:
    """Return access key, secret and token of the machine's role, and when they end."""
    with Client(replace(delivery, networks=(NETWORK,)), LIMITS) as client:
        try:
            return role_of(client)
        except ExportError as error:
            raise type(error)(
                f"This machine has no instance role to use: {error}", remedy=REMEDY
            ) from error


def role_of(client):
    seconds = {"X-aws-ec2-metadata-token-ttl-seconds": SECONDS}
    token = asked(client, "PUT", "/latest/api/token", seconds)
    headers = {"X-aws-ec2-metadata-token": token}
    roles = asked(client, "GET", ROLES, headers).split()
    if not roles:
        raise PermanentError("the cloud gave it none.")
    return parsed(asked(client, "GET", ROLES + roles[0], headers))


def asked(client, method, path, headers):
    reply = client.request(method, ADDRESS + path, headers=headers)
    reply.check()
    return reply.body.decode(errors="replace").strip()


def parsed(text):
    try:
        found = json.loads(text)
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["Token"],
            "expiry_time": end_of(found.get("Expiration", "")).isoformat(),
        }
    except (ValueError, KeyError, TypeError):
        raise PermanentError("its answer is not as Amazon's is.") from None


def end_of(told: str) -> datetime:
    """Return when credentials end; soon, where that is not told, or the clock here is wrong."""
    now = datetime.now(UTC)
    try:
        end = datetime.fromisoformat(told).astimezone(UTC)
    except ValueError:
        end = now
    return end if end > now else now + CLOCK
