"""Ask a Trino cluster one statement, and read its answer a page at a time.

Its protocol: the statement is posted, each answer names the address of the next one, and the last
names none. Until a page was asked for, the one before can be asked for again.
"""

import base64
import json
import socket
import time
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError, TransientError
from integrations.transports.http import Client, Limits, Reply

PAGE = "16MB"  # of rows in one answer, unless one row is larger
LIMITS = Limits(silence=60, total=300, body=256 << 20)
FIRST_WAIT, MOST_WAIT = 0.1, 5.0
BUSY = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
LOG_IN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
TELL_ADMIN = "Ask an administrator to look at the cluster."


class Refused(Exception):
    """The cluster ended the statement with an error; `found` tells it."""

    def __init__(self, found):
        super().__init__(found.get("message", ""))
        self.found = found


class Conversation:
    """One statement on its way. Leaving it ends the statement on the cluster too."""

    def __init__(self, url, user, password, sql, watch, patience):
        self.url, self.sql, self.watch, self.patience = url, sql, watch, patience
        self.headers = {
            "X-Trino-User": user,
            "X-Trino-Source": "console",
            "X-Trino-Time-Zone": "UTC",
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
        }
        if password:
            secret = base64.b64encode(f"{user}:{password}".encode()).decode()
            self.headers["Authorization"] = f"Basic {secret}"
        self.client = Client(Delivery(networks=self.networks(), stopped=watch.stopped), LIMITS)
        self.next = self.id = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cancel()
        self.client.close()

    def networks(self):
        """Return the addresses of the cluster: who set it has allowed them."""
        host = urlsplit(self.url).hostname
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return ()  # It is looked up again, and what is wrong is told then.
        return tuple({place[0].partition("%")[0] for *_, place in found})

    def pages(self) -> Iterator[tuple[list, list]]:
        """Yield columns, as the cluster describes them, and rows, as soon as there are any.

        The columns come without rows where there are none. Raise Refused, ExportError, Stopped,
        or QueryError where the statement takes too long.
        """
        answer = self.read(self.again("POST", f"{self.url}/v1/statement", self.sql.encode()))
        told = False
        while True:
            if "error" in answer:
                raise Refused(answer["error"])
            self.watch.progress(share(answer.get("stats", {})))
            rows, columns = answer.get("data") or [], answer.get("columns")
            if rows or (columns and not told):
                told = True
                yield columns, rows
            if not self.next:
                return
            self.watch.check()
            answer = self.read(self.again("GET", f"{self.url}{self.next}"))

    def again(self, method: str, url: str, body: bytes = b"") -> Reply:
        """Return the answer to a request, asking again for a while where there is none."""
        until, wait = time.monotonic() + self.patience, FIRST_WAIT
        while True:
            try:
                reply = self.client.request(method, url, body, self.headers)
                if reply.status not in BUSY:
                    return reply
                trouble = reply.refusal()
            except TransientError as error:
                trouble = error
            if time.monotonic() > until:
                raise trouble
            self.pause(wait)
            wait = min(wait * 2, MOST_WAIT)

    def pause(self, seconds):
        """Wait, and look meanwhile whether somebody asked for an end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.watch.check()
            time.sleep(min(FIRST_WAIT, seconds))

    def read(self, reply):
        """Return what an answer says, and note where the next one is."""
        if reply.status in LOG_IN:
            raise PermanentError(
                f"The Trino cluster at {reply.place} did not let the console in ({reply.named}).",
                remedy="Ask an administrator to check CONSOLE_TRINO_USER and its password.",
            )
        if reply.status in GONE and self.next:
            raise TransientError(
                "The Trino cluster does not know the query any more: it was started anew, or its "
                "administrator ended the query."
            )
        reply.check()
        if reply.cut:
            raise PermanentError(
                f"The Trino cluster sent rows larger than {LIMITS.body >> 20} MB at once.",
                remedy="Select fewer columns, or shorter values.",
            )
        return self.parsed(reply)

    def parsed(self, reply):
        try:
            answer = json.loads(reply.body)
            address = urlsplit(answer.get("nextUri") or "")
        except (ValueError, AttributeError):
            raise PermanentError(
                f"What answers at {reply.place} is not a Trino cluster.",
                remedy="Ask an administrator to check CONSOLE_TRINO_URL.",
            ) from None
        # Whatever host the cluster names: the log-in goes to the one that was set.
        self.next = f"{address.path}?targetResultSize={PAGE}" if address.path else None
        self.id = answer.get("id")
        return answer

    def tables(self) -> set[tuple[str, str, str]]:
        """Return catalog, schema and name of each table and view that the statement names."""
        reply = self.again("GET", f"{self.url}/v1/query/{self.id}?pruned=true")
        reply.check()
        try:
            found = json.loads(reply.body)["referencedTables"]
            named = [each for each in found if each.get("directlyReferenced", True)]
            return {(each["catalog"], each["schema"], each["table"]) for each in named}
        except (ValueError, KeyError, TypeError):
            raise PermanentError(
                "The Trino cluster does not tell which tables a query reads, so nobody's rights "
                "can be checked.",
                remedy="Ask an administrator for a cluster of a version that does.",
            ) from None

    def cancel(self):
        """End the statement on the cluster, which otherwise notices after some minutes."""
        if not self.next:
            return
        client = Client(Delivery(networks=self.networks()), Limits(silence=5, total=5))
        try:
            client.request("DELETE", f"{self.url}{self.next}", b"", self.headers)
        except ExportError:
            pass  # It ends by itself once nobody asks for its rows.
        finally:
            client.close()


def share(stats) -> float:
    """Return how far the statement is, from 0 to 1."""
    return min(max(stats.get("progressPercentage") or 0, 0), 100) / 100
