"""Signed requests on their way: over connections of our own, to addresses that were checked."""

import io

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import HTTPResponse

from integrations.delivery import Delivery
from integrations.transports.http import Client, Limits

PIECE = 1 << 16  # bytes that are sent within the time that the server may be silent
DAY = 86_400.0  # seconds for a request: a part of 512 MiB goes through the narrowest line
ANSWER = 8 << 20  # bytes of an answer, such as a list of a thousand names


class Pieces:
    """A body that is sent piece by piece: each has the whole time, however slow the way is."""

    def __init__(self, body: bytes):
        self.body = memoryview(body)

    def __iter__(self):
        for start in range(0, len(self.body), PIECE):
            yield self.body[start : start + PIECE]


class Sender:
    """Sends the requests of any number of threads, each over a connection that nobody else uses."""

    def __init__(self, delivery: Delivery, timeout: float):
        self.delivery = delivery
        self.limits = Limits(connect=min(timeout, 30.0), silence=timeout, total=DAY, body=ANSWER)
        self.idle = []

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Return the server's answer. Raise ExportError where there is none."""
        client = self.idle.pop() if self.idle else Client(self.delivery, self.limits)
        headers = dict(request.headers.items())
        headers.pop("Expect", None)  # It is not signed, and the body is sent without a wait.
        reply = client.request(request.method, request.url, body_of(request), headers)
        self.idle.append(client)
        raw = HTTPResponse(
            io.BytesIO(reply.body),
            headers=reply.headers,
            status=reply.status,
            preload_content=False,
            enforce_content_length=False,
            decode_content=False,
        )
        return AWSResponse(request.url, reply.status, reply.headers, raw)

    def close(self) -> None:
        while self.idle:
            self.idle.pop().close()


def body_of(request):
    """Return what is sent: bytes as they are where they are few, else in pieces."""
    body = request.body
    if hasattr(body, "read"):
        body = body.read()
    return Pieces(body) if body and len(body) > PIECE else body or b""
