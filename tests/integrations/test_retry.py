import threading
import time

import pytest

from integrations.connectors import retry
from integrations.connectors.files import FileConnector
from integrations.connectors.retry import retrying
from integrations.delivery import Delivery
from integrations.errors import PermanentError, Stopped, TransientError


class Attempts:
    """Fails with each of the errors in turn, and then succeeds."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.made = 0

    def __call__(self):
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def log(monkeypatch):
    """The lines that are logged, while no time passes."""
    monkeypatch.setattr(retry, "pause", lambda seconds, delivery: None)
    return []


def test_transient_errors_are_tried_again_after_waits_that_double(log):
    attempts = Attempts(*[TransientError("The server is busy.")] * 8)

    assert retrying(attempts, 10, Delivery(log=log.append)) == "done"

    waits = ("0.5 seconds", "1 second", *(f"{wait} seconds" for wait in (2, 4, 8, 16, 30, 30)))
    assert log == [
        f"The server is busy. Retrying {number}/10 after {wait}."
        for number, wait in enumerate(waits, start=1)
    ]


def test_a_receiver_may_have_waits_of_its_own(log):
    attempts = Attempts(*[TransientError("busy")] * 3, TransientError("busy", after=60))

    assert retrying(attempts, 10, Delivery(log=log.append), (1.0, 3.0)) == "done"

    assert [line.partition(" after ")[2] for line in log] == [
        *("1 second.", "2 seconds.", "3 seconds.", "60 seconds."),
    ]


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_the_limit_counts_the_retries(log, limit):
    attempts = Attempts(*[TransientError("busy")] * 10)

    with pytest.raises(TransientError, match="busy"):
        retrying(attempts, limit, Delivery(log=log.append))

    assert attempts.made == limit + 1


def test_what_failed_before_for_another_reason_does_not_use_up_few_tries(log):
    lost = [TransientError("the line broke")] * 5
    attempts = Attempts(*lost, TransientError("closed while logging in", retries=3))

    assert retrying(attempts, 10, Delivery(log=log.append)) == "done"

    assert log[-1].startswith("closed while logging in Retrying 6/8")


def test_permanent_errors_are_not_tried_again(log):
    attempts = Attempts(PermanentError("wrong password"))

    with pytest.raises(PermanentError, match="wrong password"):
        retrying(attempts, 10, Delivery(log=log.append))

    assert (attempts.made, log) == (1, [])


def test_an_error_can_be_worth_fewer_tries_than_the_limit(log):
    attempts = Attempts(*[TransientError("no reason", retries=2)] * 10)

    with pytest.raises(TransientError):
        retrying(attempts, 10, Delivery(log=log.append))

    assert attempts.made == 3


def test_a_wait_ends_at_once_when_stopped(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_WAIT", 30)
    stop = threading.Event()
    log = []

    def note(line):
        log.append(line)
        stop.set()

    began = time.monotonic()
    with pytest.raises(Stopped):
        retrying(Attempts(TransientError("busy")), 3, Delivery(stopped=stop.is_set, log=note))

    assert time.monotonic() - began < 1
    assert len(log) == 1


class Unlucky(FileConnector):
    """Reads a bit of the file at each try, and keeps hold of it. It is its own destination."""

    host_key = ""

    def __init__(self):
        super().__init__({}, {"encoders": "gz"})
        self.readings = []

    def destination(self, delivery):
        return self

    def path(self, delivery):
        return "out.csv"

    def retry_limit(self):
        return 1

    def doubt(self):
        return ""

    def deliver(self, path, content):
        self.readings.append(iter(content))
        next(self.readings[-1])
        raise TransientError("The server is busy.")

    def found(self):
        return None

    def clear(self):
        pass


def test_a_try_that_failed_ends_its_reading_at_once(many, monkeypatch):
    unlucky, left = Unlucky(), []

    def pause(seconds, delivery):
        left.append([thread for thread in threading.enumerate() if thread.name == "overlap"])
        with pytest.raises(ValueError, match="after the end"):
            next(unlucky.readings[0])

    monkeypatch.setattr(retry, "pause", pause)
    with pytest.raises(TransientError):
        unlucky.export(many, Delivery())

    assert left == [[]]
    assert len(unlucky.readings) == 2
