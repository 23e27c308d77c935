"""Requests to real web servers: what is answered, what is not, and that nothing lasts for ever."""

import socket
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integrations.connectors import retry
from integrations.connectors.retry import retrying
from integrations.delivery import Delivery
from integrations.errors import PermanentError, Stopped, TransientError
from integrations.transports.http import Client, Limits, Reply, Url
from integrations.transports.http.watchdog import Watchdog
from tests.endpoint import (
    Endpoint,
    busy,
    drips,
    endless,
    goes_away,
    hangs,
    is_no_web_server,
    pem_of,
    redirects,
)
from tests.servers import free_port, local_delivery, wait_until

SHORT = Limits(connect=1, silence=0.3, total=0.6, body=1000)


@pytest.fixture
def client():
    with Client(local_delivery()) as client:
        yield client


@pytest.fixture
def hasty():
    """A client that waits for nothing long."""
    with Client(local_delivery(), SHORT) as client:
        yield client


def test_a_request_arrives_and_its_answer_comes_back(client, endpoint):
    endpoint.answers = [lambda handler: handler.say(201, b"made", x_number="7")]

    reply = client.post(endpoint.url("/a?b=1"), b"text", {"Content-Type": "text/plain"})

    assert (reply.status, reply.body, reply.headers["x-number"]) == (201, b"made", "7")
    [received] = endpoint.requests
    assert (received.method, received.path, received.body) == ("POST", "/a?b=1", b"text")
    assert received.headers["content-type"] == "text/plain"
    assert received.headers["host"] == f"127.0.0.1:{endpoint.port}"


def test_who_asks_is_told_when_the_answer_begins_and_not_when_it_ends(client, endpoint):
    begun = threading.Event()

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "4")
        handler.end_headers()
        assert begun.wait(20)
        handler.wfile.write(b"done")

    endpoint.answers = [answer]

    reply = client.post(endpoint.url("/"), b"", {}, begun.set)

    assert (reply.status, reply.body) == (200, b"done")


def test_a_request_without_an_answer_tells_of_none(hasty, endpoint):
    begun = threading.Event()
    endpoint.answers = [hangs]

    with pytest.raises(TransientError):
        hasty.post(endpoint.url("/"), b"", {}, begun.set)

    assert not begun.is_set()


def test_a_file_is_put_a_block_at_a_time_with_its_size(client, endpoint):
    reply = client.put(endpoint.url("/a"), iter([b"one", b"two"]), 6)

    [received] = endpoint.requests
    assert reply.status == 200
    assert (received.method, received.body) == ("PUT", b"onetwo")
    assert received.headers["content-length"] == "6"
    assert "transfer-encoding" not in received.headers


@pytest.mark.parametrize("answer", [goes_away, hangs, is_no_web_server])
def test_a_request_that_was_sent_and_not_answered_is_told_from_others(hasty, endpoint, answer):
    endpoint.answers = [answer]

    with pytest.raises(TransientError) as caught:
        hasty.post(endpoint.url(), b"text", {})

    assert caught.value.unanswered


def test_a_request_that_could_not_be_sent_is_not_unanswered(hasty, endpoint):
    hasty.get(endpoint.url())

    with pytest.raises(TransientError) as caught:
        hasty.get(f"http://127.0.0.1:{free_port()}/")

    assert not caught.value.unanswered


def test_a_connection_is_used_again(client, endpoint):
    for _ in range(3):
        client.get(endpoint.url())

    assert len({received.client for received in endpoint.requests}) == 1


def test_a_connection_that_the_server_has_closed_is_made_anew(client):
    server = Endpoint(protocol="HTTP/1.0")
    try:
        client.get(server.url())
        client.get(server.url())
    finally:
        server.stop()

    assert len({received.client for received in server.requests}) == 2


def test_tls_goes_by_the_name_though_an_address_is_dialled(client, certificate):
    server = Endpoint(certificate)
    try:
        assert client.get(server.url(host="localhost")).status == 200
        assert client.get(server.url(host="localhost")).status == 200
        with pytest.raises(TransientError, match="certificate is not to be trusted") as caught:
            client.get(server.url(host="127.0.0.1"))
    finally:
        server.stop()

    assert "IP address mismatch" in str(caught.value)
    assert len({received.client for received in server.requests}) == 1


@pytest.mark.parametrize(("days", "why"), [(1, "self-signed"), (-1, "expired|self-signed")])
def test_a_certificate_that_nobody_vouches_for_is_refused(client, tmp_path, days, why):
    path = tmp_path / "stranger.pem"
    path.write_bytes(pem_of("localhost", days))
    server = Endpoint(path)
    try:
        with pytest.raises(TransientError, match=why):
            client.get(server.url(host="localhost"))
    finally:
        server.stop()

    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, PermanentError) for status in (301, 302, 400, 401, 403, 404, 410, 413, 422)),
        *((status, TransientError) for status in (408, 425, 429, 500, 502, 503, 599)),
    ],
)
def test_a_status_says_whether_another_try_can_help(client, endpoint, status, error):
    endpoint.answers = [status]

    with pytest.raises(error, match=f"127.0.0.1:{endpoint.port} answered {status}") as caught:
        client.get(endpoint.url("/secret-path")).check()

    assert caught.value.remedy
    assert "secret-path" not in f"{caught.value} {caught.value.remedy}"


def test_a_redirect_is_not_followed(client, endpoint):
    endpoint.answers = [redirects(endpoint.url("/elsewhere"))]

    assert client.get(endpoint.url()).status == 302
    assert [received.path for received in endpoint.requests] == ["/hook"]


@pytest.mark.parametrize(
    ("given", "least", "most"),
    [
        ("30", 30, 30),
        ("0", 0, 0),
        (timedelta(hours=2), 7000, 7200),
        (timedelta(hours=-2), 0, 0),
        ("99999999999", 86400, 86400),
    ],
    ids=str,
)
def test_the_server_says_how_long_to_leave_it_alone(client, endpoint, given, least, most):
    date = isinstance(given, timedelta) and format_datetime(datetime.now(UTC) + given)
    endpoint.answers = [busy(date or given)]

    reply = client.get(endpoint.url())

    assert least <= reply.retry_after <= most
    assert reply.refusal().after == pytest.approx(reply.retry_after, abs=60)


@pytest.mark.parametrize("given", ["", "soon", "-3", "²"])
def test_what_is_no_time_is_no_wish(given):
    reply = Reply("example.com", 429, {"retry-after": given}, b"", cut=False, seconds=0)

    assert reply.retry_after is None


def test_retries_wait_as_long_as_the_server_asks(client, endpoint, monkeypatch):
    waits = []
    monkeypatch.setattr(retry, "pause", lambda seconds, _: waits.append(seconds))
    endpoint.answers = [busy("77"), 503]

    retrying(lambda: client.get(endpoint.url()).check(), 5, Delivery())

    assert waits == [77, 1]


def test_no_more_of_the_body_is_read_than_wanted(hasty, endpoint):
    endpoint.answers = [endless]

    reply = hasty.get(endpoint.url())

    assert (reply.status, len(reply.body), reply.cut) == (200, 1000, True)
    assert hasty.get(endpoint.url()).status == 200


def half_a_body(handler):
    handler.close_connection = True
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"half")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (half_a_body, "the answer cannot be read"),
        (hangs, "did not answer in time"),
        (drips, "did not answer in time"),
        (goes_away, "closed the connection"),
        (is_no_web_server, "is not an HTTP server"),
    ],
)
def test_a_server_that_does_not_answer_is_told(hasty, endpoint, answer, reason):
    endpoint.answers = [answer]

    with pytest.raises(TransientError, match=reason) as caught:
        hasty.get(endpoint.url("/secret-path"))

    assert "secret-path" not in str(caught.value)
    assert hasty.get(endpoint.url()).status == 200


def test_a_port_that_nobody_listens_at_is_told(hasty):
    with pytest.raises(TransientError, match="refused the connection"):
        hasty.get(f"http://127.0.0.1:{free_port()}/")


def test_what_does_not_speak_tls_is_told(hasty, endpoint):
    with pytest.raises(TransientError, match=r"no TLS connection|connection was lost"):
        hasty.get(endpoint.url().replace("http:", "https:"))


def watchdogs():
    return [thread for thread in threading.enumerate() if thread.name == "watchdog"]


def test_one_watchdog_sees_to_all_requests_of_a_connection(endpoint):
    with Client(local_delivery()) as client:
        client.get(endpoint.url())
        [first] = watchdogs()
        client.get(endpoint.url())

        assert watchdogs() == [first]
    assert watchdogs() == []


def test_a_socket_is_cut_while_its_request_is_watched_and_not_behind_it():
    ours, theirs = socket.socketpair()
    watchdog, over = Watchdog(), threading.Event()
    with closing(watchdog), ours, theirs:
        with watchdog.over(ours, over.is_set):
            pass
        over.set()
        asked = threading.Event()
        with watchdog.over(theirs, lambda: asked.set() or False):
            asked.wait(10)
        ours.send(b"still open")

        with watchdog.over(ours, over.is_set):
            assert theirs.recv(100) + theirs.recv(100) == b"still open"


def test_a_stop_ends_a_request_that_waits(endpoint):
    endpoint.answers = [hangs]
    stopped = threading.Event()
    ended = []

    def ask():
        with Client(local_delivery(stopped=stopped.is_set)) as client:
            try:
                client.get(endpoint.url())
            except Stopped:
                ended.append("stopped")

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: endpoint.requests)
    stopped.set()
    thread.join(5)

    assert ended == ["stopped"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "2130706433"]
)
def test_this_machine_is_not_reached_unasked(endpoint, host):
    with Client(Delivery()) as client, pytest.raises(PermanentError, match="may not connect"):
        client.get(endpoint.url(host=host))

    assert endpoint.requests == []


@pytest.mark.parametrize(
    "text",
    [
        *("", "hooks.example.com/a", "ftp://example.com/", "https://", "https:///path"),
        *("https://mia:secret-1@example.com/", "https://example.com:port/", "http://[::1/"),
        *("https://exa mple.com/", "https://example.com/a\nb", "https://bücher.example/"),
        "https://example.com:99999/",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text):
    with pytest.raises(PermanentError) as caught:
        Url.parse(text)

    assert caught.value.remedy
    assert "secret-1" not in str(caught.value)


def test_an_address_shows_its_server_and_not_its_path():
    url = Url.parse("https://hooks.example.com/services/secret-1?key=secret-2")

    assert url.place == "hooks.example.com"
    assert "secret" not in repr(url)
    assert Url.parse("http://example.com:8080").place == "example.com:8080"
