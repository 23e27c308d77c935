"""Lines that break, fall silent or are slow, between the console and a real server."""

import random
import threading
import time
from contextlib import contextmanager

import pytest

from integrations.errors import PermanentError, TransientError
from tests.faults.deliveries import OLD
from tests.faults.line import Cut, FarCut, Slow, Swallow
from tests.integrations.exports import content, hashed
from tests.servers import keygen, local_delivery

pytestmark = pytest.mark.needs("sshd", "ssh-keygen")


@contextmanager
def watched(file, *wholes):
    """Assert that whoever looks at the file meanwhile sees one of the contents, or none."""
    sizes, seen, over = set(map(len, wholes)), set(), threading.Event()

    def watch():
        while not over.wait(0.001):
            if file.exists():
                seen.add(file.stat().st_size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    assert seen <= sizes


@pytest.mark.parametrize("reset", [False, True], ids=["ended", "reset"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.usefixtures("impatient")
def test_cuts_at_any_byte_are_made_good(seed, reset, export, drop, line, data):
    drop.keep()
    chance = random.Random(f"{seed} {reset}")
    ups = [Cut(chance.randrange(len(data)), reset=reset) for _ in range(4)]
    downs = [Cut(chance.randrange(8_000), reset=reset, answers=True) for _ in range(2)]
    line.faults = chance.sample(ups + downs, 6)

    with watched(drop.file, OLD, data):
        receipt = export(max_connection_retry=10, rename_file_after_upload=seed % 2 == 0)

    drop.holds(data)
    assert receipt.files[0].sha256 == hashed(data)


@pytest.mark.parametrize("reset", [False, True], ids=["ended", "reset"])
@pytest.mark.usefixtures("impatient")
def test_cuts_of_several_channels_are_made_good(reset, exporter, many, drop, line):
    whole = content(many)
    chance = random.Random(f"channels {reset}")
    cuts = sorted(chance.randrange(1_000_000, len(whole)) for _ in range(3))
    line.faults = [FarCut(cut, reset=reset) for cut in cuts]
    line.always = Slow(latency=0.015)
    log = []

    with watched(drop.file, whole):
        exporter().export(many, local_delivery(log=log.append))

    drop.holds(whole)
    assert len([text for text in log if "Retrying" in text]) >= 2


@pytest.mark.usefixtures("impatient")
def test_silence_in_mid_upload_is_noticed_and_made_good(export, drop, line, data):
    line.faults = [line.held(line.in_mid_upload)]
    began = time.monotonic()

    export(timeout=4)

    assert time.monotonic() - began < 2 * 4
    drop.holds(data)


@pytest.mark.parametrize("silent", [False, True], ids=["cut", "silent"])
@pytest.mark.usefixtures("impatient")
def test_a_rename_whose_answer_is_lost_is_not_done_twice(silent, export, drop, line, data):
    drop.keep()

    def renamed():
        return drop.sizes().get(drop.file) == len(data)

    line.faults = [line.held(renamed, answers=True) if silent else Swallow(renamed)]
    log = []

    receipt = export(local_delivery(log=log.append), timeout=4)

    drop.holds(data)
    assert line.sent < 1.5 * len(data)
    assert receipt.files[0].remote_bytes == len(data)
    assert any("only the server's last answer was lost" in text for text in log)


def test_a_key_the_server_does_not_know_is_tried_once(export, drop, line, tmp_path):
    log = []

    with pytest.raises(PermanentError, match="refused the user or the credentials") as caught:
        export(
            local_delivery(log=log.append),
            secret_key_file=keygen(tmp_path / "stranger", "-t", "ed25519"),
            max_connection_retry=10,
        )

    assert line.connections == 1
    assert "that the public key is authorized" in caught.value.remedy
    drop.is_as_before()


def test_silence_after_the_key_was_shown_is_no_refusal(export, drop, line, server):
    server.restart("LogLevel DEBUG1")
    said = server.folder / "sshd.log"
    line.hold(lambda: "userauth-request for user" in said.read_text(), answers=True)

    with pytest.raises(TransientError, match=r"Log in to .*did not answer in time") as caught:
        export(timeout=2, max_connection_retry=0)

    assert caught.value.remedy
    drop.is_as_before()


@pytest.mark.parametrize("answers", [1, 100, 1_500])
def test_a_line_that_is_cut_while_connecting_is_told(answers, export, drop, line):
    line.always = Cut(answers, answers=True)

    with pytest.raises(TransientError, match=r"Connect to|Log in to") as caught:
        export(max_connection_retry=0)

    assert caught.value.remedy
    drop.is_as_before()


@pytest.mark.parametrize(
    "slow",
    [
        {"latency": 0.05},
        {"bytes_per_second": 1_000_000},
        {"slices": 100},
        {"latency": 0.02, "bytes_per_second": 2_000_000, "slices": 1_400},
    ],
    ids=["far", "narrow", "sliced", "all of it"],
)
def test_a_slow_line_is_not_given_up_while_bytes_move(slow, export, drop, line, data):
    line.always = Slow(**slow)

    export(timeout=2, max_connection_retry=0)

    drop.holds(data)
