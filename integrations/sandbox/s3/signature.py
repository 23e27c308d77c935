"""Signatures of version 4, checked as S3 does: who asks, when, and for what."""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote, urlsplit

from integrations.sandbox.s3 import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from integrations.sandbox.s3.refusing import Refusal

FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<day>\d{8})/(?P<region>[^/]+)/s3/aws4_request,"
    r"\s*SignedHeaders=(?P<headers>[^,]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
UNSIGNED = "UNSIGNED-PAYLOAD"
SKEW = timedelta(minutes=15)
STAMP = "%Y%m%dT%H%M%SZ"


def check(method: str, target: str, headers, body: bytes, *, ahead: int = 0) -> None:
    """Raise Refusal where the request was not signed by the one user there is."""
    found = FORM.fullmatch(headers.get("Authorization", ""))
    if not found:
        raise Refusal(403, "AccessDenied")
    if found["key"] != ACCESS_KEY_ID:
        raise Refusal(403, "InvalidAccessKeyId")
    if found["region"] != REGION:
        raise Refusal(400, "AuthorizationHeaderMalformed", more=f"<Region>{REGION}</Region>")
    stamp = headers.get("x-amz-date", "")
    check_clock(stamp, ahead)
    digest = headers.get("x-amz-content-sha256", "")
    signed = canonical(method, target, headers, found["headers"], digest)
    if not hmac.compare_digest(signature(signed, stamp, found), found["signature"]):
        raise Refusal(403, "SignatureDoesNotMatch")
    if digest not in (UNSIGNED, hashlib.sha256(body).hexdigest()):
        raise Refusal(400, "XAmzContentSHA256Mismatch")


def check_clock(stamp, ahead):
    try:
        then = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise Refusal(403, "AccessDenied") from None
    if abs(datetime.now(UTC) + timedelta(seconds=ahead) - then) > SKEW:
        raise Refusal(403, "RequestTimeTooSkewed")


def canonical(method, target, headers, signed, digest):
    """Return the request in the one form that is signed."""
    parts = urlsplit(target)
    pairs = sorted(map(encoded_pair, filter(None, parts.query.split("&"))))
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}" for name in signed.split(";")]
    query = "&".join(f"{name}={value}" for name, value in pairs)
    path = quote(unquote(parts.path), safe="/-_.~")
    return "\n".join([method, path, query, *lines, "", signed, digest])


def encoded_pair(text):
    name, _, value = text.partition("=")
    return quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")


def signature(request, stamp, found):
    scope = f"{found['day']}/{found['region']}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, digest])
    key = f"AWS4{SECRET_ACCESS_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
