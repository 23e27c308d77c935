"""Batches on their way: several requests at once, each tried until CleverTap has answered."""

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace

from integrations.connectors.clevertap.answers import Answer, outcome, said_by
from integrations.connectors.clevertap.api import Api
from integrations.connectors.clevertap.batches import Batch, parted
from integrations.connectors.clevertap.ending import records, stop_at
from integrations.connectors.clevertap.operations import Operation
from integrations.connectors.clevertap.order import Line, sent
from integrations.connectors.clevertap.progress import Progress
from integrations.connectors.clevertap.silence import Silence, Unheard, ask
from integrations.connectors.retry import retrying
from integrations.delivery import Delivery
from integrations.errors import ExportError, PermanentError, Stopped, TransientError

WAITS = (1.0, 600.0)  # seconds: the first and the longest between two tries
WAITING = 8  # times as many batches as are sent at once are under way or wait: they come in bursts
# Threads that write down what became of a batch, and wait for the disk, while others send. With one
# request at a time there are none: batches follow each other in order.
FURTHER = 2
# Seconds for which who begins to read an answer leaves Python to who begins a request: CleverTap
# waits for that one. To read takes a third of it.
ASIDE = 0.001
FENCED_EVERY = 1.0  # seconds between questions to the database whose job this is


class Unsure(Exception):
    """Nobody knows whether CleverTap took a batch, and it is not to be sent again."""


@dataclass
class Tried:
    """What became of the tries to send a batch."""

    noted: bool = False  # whether the journal has that it is sent
    doubts: int = 0  # tries of which nobody knows what came


class Turn:
    """Room for one request, until CleverTap begins to answer."""

    def __init__(self, room: threading.Semaphore, aside: float = 0.0):
        self.room, self.aside, self.over = room, aside, False

    def __enter__(self):
        self.room.acquire()
        return self

    def __exit__(self, *_):
        self.end()

    def end(self) -> None:
        """Let another request begin."""
        if not self.over:
            self.over = True
            self.room.release()
            if self.aside:
                time.sleep(self.aside)


class Sender:
    """Sends the batches of a delivery. The methods are called by several threads."""

    def __init__(
        self,
        authentication: dict,
        settings: dict,
        operation: Operation,
        delivery: Delivery,
        progress: Progress,
    ):
        self.authentication, self.settings = authentication, settings
        self.operation, self.delivery, self.progress = operation, delivery, progress
        self.own, self.room, self.aside = threading.local(), None, 0.0
        self.lock = threading.Lock()
        self.bytes = 0
        self.error = None
        self.over = threading.Event()
        self.listing = settings.get("unanswered") == "list"
        self.silence = None
        # What waits for its next try ends with the others; what is under way is answered first.
        self.patience = replace(delivery, stopped=lambda: self.over.is_set() or delivery.stopped())

    def send_all(self, batches: Iterable[Batch], at_once: int) -> None:
        """Send the batches, so many at a time. Raise the first error, once all have ended."""
        self.room = threading.BoundedSemaphore(at_once)
        self.aside = ASIDE if at_once > 1 else 0.0
        threads = at_once + min(at_once - 1, FURTHER)
        self.silence = Silence(at_once, doubtful=self.listing and self.progress.in_doubt)
        with ExitStack() as self.apis, ThreadPoolExecutor(threads, "clevertap") as pool:
            line, most = Line(self.take, pool, self.settings), WAITING * at_once
            try:
                for done in sent(self.fenced(batches), line, most, self.delivery):
                    done.result()
            except BaseException as error:  # noqa: BLE001  it is raised, unless there was one before
                self.end(error)
                pool.shutdown(wait=False, cancel_futures=True)
                raise self.error from None

    def fenced(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches as long as the job is this process's."""
        asked = None
        for batch in batches:
            now = time.monotonic()
            if asked is None or now - asked > FENCED_EVERY:
                self.delivery.fence()
                asked = now
            yield batch

    def take(self, batch: Batch) -> None:
        """Send a batch, unless another one has failed."""
        try:
            self.patience.check()
            self.send(batch)
        except BaseException as error:
            self.end(error)
            raise

    def end(self, error: BaseException) -> None:
        """Let no other batch begin. The first error is the one to tell of."""
        with self.lock:
            self.error = self.error or error
        self.over.set()

    def send(self, batch: Batch) -> None:
        """Send a batch, and write down what became of it."""
        if sent := self.progress.sent_before(batch):
            batch = self.sendable(batch, sent)
        if batch:
            self.send_on(batch)

    def sendable(self, batch, sent):
        """Return what is to be sent of a batch of which these rows were, or nothing."""
        if not self.listing:
            self.delivery.log(told_of(batch, again=True))
            return batch
        unsure, others = parted(batch, sent, self.settings)
        self.delivery.log(told_of(unsure, again=False))
        self.give_up(unsure)
        return others

    def send_on(self, batch):
        try:
            answer = self.answer_to(batch)
        except Unsure:
            self.give_up(batch)
            return
        self.settle(batch, answer)

    def answer_to(self, batch: Batch) -> Answer:
        """Return CleverTap's answer, for which the batch may have to be sent several times."""
        limit = self.authentication["retry_limit"]
        # What an earlier attempt has sent without an answer can be there, whatever comes now.
        tried = Tried(doubts=int(bool(self.progress.sent_before(batch))))
        try:
            said = retrying(lambda: self.in_turn(batch, tried), limit, self.patience, WAITS)
        except (ExportError, Stopped):
            if tried.doubts:
                self.count_sent(batch)  # Whatever ends the job, it may be there.
            elif tried.noted:
                self.progress.again(batch)
            raise
        return outcome(said, batch.body, len(batch.numbers))

    def in_turn(self, batch, tried):
        """Try once there is room for a request. While it waits, others may have failed."""
        with Turn(self.room, self.aside) as turn:
            self.silence.end(self.be_heard)
            self.patience.check()
            if not tried.noted:  # No sooner: what waits for room has not been sent.
                self.progress.sent(batch)
                tried.noted = True
                self.patience.check()  # Who was stopped meanwhile knows that it is not there.
            return self.one_try(batch, tried, turn)

    def be_heard(self):
        """Ask CleverTap until it answers. Where it does not, no other batch begins."""
        self.patience.check()
        self.delivery.log("Nothing more is sent until CleverTap answers what changes nothing.")
        limit = self.authentication["retry_limit"]
        try:
            retrying(lambda: ask(self.api()), limit, self.patience, WAITS)
        except TransientError as error:
            unheard = Unheard(str(error))
            self.end(unheard)
            raise unheard from error
        except BaseException as error:
            self.end(error)
            raise
        self.delivery.log("CleverTap answers again.")

    def one_try(self, batch, tried, turn):
        tried.doubts += 1
        try:
            return said_by(self.api().post(self.operation.path, batch.body, turn.end))
        except TransientError as error:
            if error.unanswered and self.listing:
                self.silence.add()
                self.delivery.log(f"{error} The rows of the batch are listed as not delivered.")
                raise Unsure from error
            if not error.unanswered:
                tried.doubts -= 1
            raise
        except PermanentError:
            tried.doubts -= 1
            raise

    def settle(self, batch, answer):
        self.silence.ease()
        with self.lock:
            self.progress.requests += 1
            self.progress.taken += answer.taken
            self.progress.refused += len(answer.refused) + answer.unnamed
        self.count_sent(batch)
        self.progress.answered(batch, answer)
        if answer.unnamed:
            self.delivery.log(
                f"CleverTap refused {records(answer.unnamed)} of a request without saying which. "
                "All rows that it can be are listed as not delivered, or unknown."
            )
        if (refused := len(answer.refused) + answer.unnamed) and not self.settings["skip_invalid"]:
            raise stop_at(refused, next(iter(answer.refused.values()), None))

    def give_up(self, batch):
        """List the rows of a batch that nobody knows the end of, and that is not sent again."""
        with self.lock:
            self.progress.unknown += len(batch.numbers)
        self.count_sent(batch)  # It may be there.
        self.progress.unsure(batch)

    def count_sent(self, batch):
        with self.lock:
            self.bytes += len(batch.body)
            self.delivery.progress(self.bytes)

    def api(self) -> Api:
        """Return the connection of this thread."""
        if not hasattr(self.own, "api"):
            self.own.api = Api(self.authentication, self.delivery)
            with self.lock:
                self.apis.push(self.own.api)
        return self.own.api


def told_of(batch: Batch, *, again: bool) -> str:
    first, last = int(batch.numbers[0]) + 1, int(batch.numbers[-1]) + 1
    what = "they are sent again" if again else "they are listed as not delivered"
    return (
        f"Rows {first:,} to {last:,} were sent by an earlier attempt, which got no answer: {what}."
    )
