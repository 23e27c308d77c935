"""The way to a server, a step at a time: its addresses, a connection, a request that is signed."""

from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from integrations.errors import ExportError
from integrations.transports import egress
from integrations.transports.dialling import dial_first
from integrations.transports.http.faults import translate as unreachable
from integrations.transports.http.url import PORTS
from integrations.transports.s3.bucket import UNTOLD, Bucket
from integrations.transports.s3.faults import code_of


def place_of(bucket: Bucket) -> tuple[str, int]:
    """Return host and port that requests of the bucket go to."""
    parts = urlsplit(bucket.client.meta.endpoint_url)
    return parts.hostname, parts.port or PORTS[parts.scheme]


def resolve(bucket: Bucket) -> str:
    """Return the addresses of the server, in words."""
    host, port = place_of(bucket)
    found = egress.resolve(host, port, bucket.delivery)
    ips = ", ".join(sorted({address.ip for address in found}))
    return ips if ips == host else f"{host} is {ips}"


def connect(bucket: Bucket) -> str:
    """Return where a connection could be made to."""
    host, port = place_of(bucket)
    addresses = egress.resolve(host, port, bucket.delivery)
    try:
        dialled = dial_first(addresses, bucket.delivery, bucket.sender.limits.connect)
    except OSError as error:
        raise unreachable(error, f"{host}:{port}") from error
    peer = dialled.getpeername()[0]
    dialled.close()
    return f"{peer}, port {port}"


def sign_in(bucket: Bucket) -> str:
    """Return what the account is told of its buckets, or that it is known at least."""
    try:
        if bucket.name:
            bucket.client.head_bucket(Bucket=bucket.name)
            return f"the bucket {bucket.name} is there"
        found = bucket.client.list_buckets()
    except (ClientError, BotoCoreError) as error:
        if isinstance(error, ClientError) and code_of(error) in UNTOLD:
            return known(bucket, error)
        raise bucket.told(error, "Sign in") from error
    return f"the account has {len(found.get('Buckets', []))} buckets"


def known(bucket: Bucket, error: ClientError) -> str:
    """Return that the account may not look, where it is the account that the server knows.

    Answers to HEAD have no text: what is wrong is seen in the one to a list of nothing.
    """
    if error.operation_name == "ListBuckets":
        return "the server knows the account, which may not list its buckets"
    try:
        bucket.ask("list_objects_v2", "Sign in", MaxKeys=1)
    except ExportError as refused:
        cause = refused.__cause__
        if not (isinstance(cause, ClientError) and code_of(cause) in UNTOLD):
            raise
    return "the server knows the account, which may not look into the bucket"
