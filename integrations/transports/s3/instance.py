"""Credentials of the role that a cloud gave this machine, from its metadata address."""

import json
from dataclasses import replace

from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError
from integrations.transports.http import Client, Limits

ADDRESS = "http://169.254.169.254"
NETWORK = "169.254.169.254/32"  # that may be reached for this, and for nothing else
ROLES = "/latest/meta-data/iam/security-credentials/"
SECONDS = "21600"  # of the token; the longest there is
LIMITS = Limits(connect=2.0, silence=5.0, total=10.0)
REMEDY = "Give the machine a role in its cloud, or use an access key."


def credentials(delivery: Delivery) -> dict[str, str]:
    """Return access key, secret and token of the machine's role."""
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
            "access_key_id": found["AccessKeyId"],
            "secret_access_key": found["SecretAccessKey"],
            "token": found["Token"],
        }
    except (ValueError, KeyError, TypeError):
        raise PermanentError("its answer is not as Amazon's is.") from None
