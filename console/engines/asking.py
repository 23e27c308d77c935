"""Ask a Trino cluster one statement, and read its answer a page at a time.

Its protocol: the statement is posted, each answer names the address of the next one, and the last
names none. Until a page was asked for, the one before can be asked for again.
"""

import base64
import json
import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import urlsplit

from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError, TransientError
from integrations.transports import egress
from integrations.transports.http import Client, Limits, Reply

PAGE = "8MB"  # of rows in one answer, unless one row is larger; more as text
LIMITS = Limits(silence=30, total=120, body=64 << 20)
TO_END = Limits(connect=1, silence=2, total=2)  # Somebody may wait for the end.
# Whoever set the cluster's address has allowed all that it may stand for.
NETWORKS = ("0.0.0.0/0", "::/0", *egress.OWN_MACHINE)
NEXT = re.compile(r"/v1/statement/[\w/.-]+")
FIRST_WAIT, MOST_WAIT = 0.1, 5.0
BUSY = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
LOG_IN = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}


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
        self.client = self.next = self.id = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cancel()
        if self.client:
            self.client.close()

    def opened(self):
        """Return the client, with the addresses that the cluster has now."""
        if self.client is None:
            host, port = urlsplit(self.url).hostname, urlsplit(self.url).port
            found = egress.look_up(host, port, Delivery(stopped=self.watch.stopped))
            self.networks = (*NETWORKS, *(each.ip for each in found))
            self.client = self.client_of(LIMITS, self.watch.stopped)
        return self.client

    def client_of(self, limits, stopped=lambda: False):
        return Client(Delivery(networks=self.networks, stopped=stopped), limits)

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
        until, wait = None, FIRST_WAIT
        while True:
            try:
                reply = self.opened().request(method, url, body, self.headers)
                if reply.status not in BUSY:
                    return reply
                trouble = reply.refusal()
            except TransientError as error:
                trouble = error
            until = until or time.monotonic() + self.patience
            if time.monotonic() >= until:
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
        return self.parsed(self.answered(reply))

    def answered(self, reply):
        """Return a reply that is an answer, or raise what it is in its place."""
        if reply.status in LOG_IN:
            raise PermanentError(
                f"The Trino cluster at {reply.place} did not let the console in ({reply.named}).",
                remedy="Ask an administrator to check CONSOLE_TRINO_USER and its password.",
            )
        if reply.status in GONE and self.id:
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
        return reply

    def parsed(self, reply):
        """Return an answer, and note which query it is of and where the next one is."""
        try:
            answer = json.loads(reply.body)
            self.id = re.fullmatch(r"\w+", answer["id"])[0]
            path = urlsplit(answer.get("nextUri") or "").path
            # Whatever host the cluster names: the log-in goes to the one that was set.
            self.next = f"{NEXT.fullmatch(path)[0]}?targetResultSize={PAGE}" if path else None
        except (ValueError, TypeError, KeyError):
            raise PermanentError(
                f"What answers at {reply.place} is not a Trino cluster.",
                remedy="Ask an administrator to check CONSOLE_TRINO_URL.",
            ) from None
        return answer

    def tables(self) -> set[tuple[str, str, str]]:
        """Return catalog, schema and name of each table and view that the statement names."""
        reply = self.answered(self.again("GET", f"{self.url}/v1/query/{self.id}?pruned=true"))
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
        client = self.client_of(TO_END)
        try:
            client.request("DELETE", f"{self.url}{self.next}", b"", self.headers)
        except ExportError:
            pass  # It ends by itself once nobody asks for its rows.
        finally:
            client.close()


def share(stats) -> float:
    """Return how far the statement is, from 0 to 1."""
    return min(max(stats.get("progressPercentage") or 0, 0), 100) / 100
