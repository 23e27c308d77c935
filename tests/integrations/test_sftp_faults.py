"""Exports to a real OpenSSH server through the faults of a network, and their end when told."""

import threading
import time

import pytest

from integrations.errors import Stopped, TransientError
from tests.integrations.exports import connector, content, files, hashed, names, size
from tests.servers import local_delivery, wait_until

pytestmark = pytest.mark.needs("sshd")


@pytest.mark.parametrize(("rename", "reset"), [(True, True), (False, False)])
@pytest.mark.usefixtures("impatient")
def test_cuts_in_mid_upload_are_made_good(sshd, many, faulty, rename, reset):
    proxy = faulty(sshd, cuts=[3_000, 200_000, 4_000_000], reset=reset)
    log = []
    export = connector(sshd, port=proxy.port, rename_file_after_upload=rename)

    receipt = export.export(many, local_delivery(log=log.append))

    assert (sshd.root / "out.csv").read_bytes() == content(many)
    assert receipt.files[0].sha256 == hashed(content(many))
    assert names(sshd) == ["out.csv"]
    assert proxy.connections == 4
    retries = [line for line in log if "Retrying" in line]
    assert len(retries) == 3
    assert "the connection was lost (channel is broken)" in retries[2]


@pytest.mark.parametrize("rename", [True, False])
def test_when_no_retry_is_left_nothing_is_left_behind(sshd, many, faulty, rename):
    proxy = faulty(sshd, cuts=[3_000_000, 3_000_000])
    export = connector(
        sshd, port=proxy.port, rename_file_after_upload=rename, max_connection_retry=1
    )

    with pytest.raises(TransientError, match="connection was lost") as caught:
        export.export(many, local_delivery())

    assert "reduce the Temp filesize threshold" in caught.value.remedy
    assert names(sshd) == []


def test_a_silent_server_is_given_up(sshd, rows, faulty):
    proxy = faulty(sshd, swallow_after=0)
    export = connector(sshd, port=proxy.port, timeout=1, max_connection_retry=0)
    began = time.monotonic()

    with pytest.raises(TransientError, match=r"Connect to 127.0.0.1:.*did not answer"):
        export.export(rows, local_delivery())

    assert time.monotonic() - began < 4


def test_silence_in_the_log_in_is_no_wrong_password(sshd, rows, faulty):
    proxy = faulty(sshd, swallow_after=2_000)
    export = connector(sshd, port=proxy.port, timeout=1, max_connection_retry=0)

    with pytest.raises(TransientError, match=r"did not answer"):
        export.export(rows, local_delivery())


def test_silence_in_mid_upload_is_noticed(sshd, many, faulty):
    proxy = faulty(sshd, swallow_after=1_000_000)
    export = connector(sshd, port=proxy.port, timeout=2, max_connection_retry=0)
    began = time.monotonic()

    with pytest.raises(TransientError, match="did not answer for 1 seconds"):
        export.export(many, local_delivery())

    assert time.monotonic() - began < 8


def test_a_slow_server_is_not_given_up_while_bytes_move(sshd, many, faulty):
    proxy = faulty(sshd, bytes_per_second=2_000_000)
    export = connector(sshd, port=proxy.port, timeout=2, max_connection_retry=0)

    export.export(many, local_delivery())

    assert (sshd.root / "out.csv").read_bytes() == content(many)


def test_a_refused_connection_is_tried_again(sshd, rows):
    sshd.stop()
    log = []
    export = connector(sshd, max_connection_retry=1)

    with pytest.raises(TransientError, match="refused the connection"):
        export.export(rows, local_delivery(log=log.append))

    assert len(log) == 1
    assert log[0].endswith("Retrying 1/1 after 0.5 seconds.")


@pytest.mark.parametrize(
    ("moment", "rename"),
    [
        *(("connected", False), ("sending", False), ("sending", True)),
        *(("stuck", False), ("waiting", True)),
    ],
)
def test_a_stop_is_obeyed_within_seconds_and_leaves_nothing(sshd, many, faulty, moment, rename):
    faults = {
        "connected": {"swallow_after": 0},
        "sending": {"bytes_per_second": 1_000_000},
        "stuck": {"swallow_after": 2_000_000},
        "waiting": {"cuts": [1_000] * 20},
    }[moment]
    proxy = faulty(sshd, **faults)
    stop = threading.Event()
    ended = []

    def run():
        export = connector(
            sshd, port=proxy.port, max_connection_retry=20, rename_file_after_upload=rename
        )
        with pytest.raises(Stopped):
            export.export(many, local_delivery(stopped=stop.is_set))
        ended.append(time.monotonic())

    running = threading.Thread(target=run)
    running.start()
    if moment in ("sending", "stuck"):
        wait_until(lambda: any(size(path) > 1_000_000 for path in files(sshd)))
    else:
        wait_until(lambda: proxy.connections)
    proxy.swallow_after = None
    stop.set()
    asked = time.monotonic()
    running.join()

    assert ended[0] - asked < 5
    assert names(sshd) == []
