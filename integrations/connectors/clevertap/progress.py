"""What became of the batches: written to the journal, so that no attempt sends one again.

Entries name a batch by its number, and the rows between its first and its last number that were
not in it (`left`); or where these are most of them, those that were (`only`). A batch can have been
sent in two parts, each with an entry. `sent` stands before a request that must not be repeated
lightly; the outcome is one of `answered` (these rows were refused, or can have been), `unsure`
(never answered, and not sent again) and `again` (not taken for sure, or to be repeated). The first
two have the bytes of their request, for the receipt.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from integrations.connectors.clevertap.answers import Answer
from integrations.connectors.clevertap.batches import Batch, Numbered
from integrations.connectors.clevertap.so_far import refused_of
from integrations.delivery import NO_ANSWER, Delivery

UNSURE = (
    "CleverTap got this row and never answered: it may have taken it. See there before you send "
    "it again."
)
UNNAMED = (
    "CleverTap took {} of the {} rows of a request without saying which: it may have taken this "
    "one. See there before you send it again."
)


@dataclass
class Past:
    """What earlier attempts did of a batch."""

    left: set[int] | None = None  # rows that were in no request that was answered
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)  # row -> rule, reason
    taken: int = 0
    open: dict | None = None  # a request that was sent, without an outcome


class Progress:
    """The batches of one delivery."""

    def __init__(self, delivery: Delivery, most: int, *, repeatable: bool):
        self.delivery, self.most = delivery, most
        self.repeatable = repeatable
        self.past = {}
        self.requests = 0  # that were answered
        self.taken = 0  # rows that CleverTap has
        self.unknown = 0  # rows that it may have, and that are not sent again
        self.refused = 0  # rows that it has not taken for sure
        self.bytes = 0  # of the requests of earlier attempts that are not sent again
        for entry in delivery.journal.read():
            self.remember(entry)

    def remember(self, entry: dict) -> None:
        past = self.past.setdefault(entry["batch"], Past())
        if entry["is"] == "sent":
            past.open = entry
            return
        past.open = None
        if entry["is"] == "again":
            return
        left = self.left(entry)
        past.left = left if past.left is None else past.left & left
        past.refused |= {int(row): tuple(why) for row, why in entry["refused"].items()}
        past.taken += entry["taken"]
        self.taken += entry["taken"]
        self.bytes += entry.get("bytes", 0)  # Journals of before do not have it.
        if entry["is"] == "unsure":
            self.unknown += len(entry["refused"])
        else:
            self.requests += 1
            self.refused += refused_of(entry)

    def left(self, entry: dict) -> set[int]:
        """Return the rows that were not in the batch of an entry."""
        if "left" in entry:
            return set(entry["left"])
        first = entry["batch"] * self.most
        return set(range(first, first + self.most)).difference(entry["only"])

    @property
    def in_doubt(self) -> bool:
        """Whether earlier attempts had requests without an answer."""
        return bool(self.unknown or any(past.open for past in self.past.values()))

    @cached_property
    def resumed(self) -> bool:
        return bool(self.past)

    def pending(self, numbers: pa.Array, rows: pa.RecordBatch) -> Numbered:
        """Return the rows without a known answer. Rejects of earlier attempts are kept again."""
        numbers = numbers.to_numpy()
        if not self.resumed:
            return numbers, rows
        mask = np.array([self.is_pending(number) for number in numbers.tolist()], bool)
        self.keep_again(numbers[~mask].tolist(), rows.filter(pa.array(~mask)))
        return numbers[mask], rows.filter(pa.array(mask))

    def is_pending(self, number: int) -> bool:
        past = self.past.get(number // self.most)
        return past is None or past.left is None or number in past.left

    def keep_again(self, numbers, rows):
        """Keep the rows that were refused before, with the values that they have in the result."""
        found = {}
        for place, number in enumerate(numbers):
            if why := self.past[number // self.most].refused.get(number):
                found.setdefault(why, []).append(place)
        for (rule, reason), places in found.items():
            kept = [numbers[place] for place in places]
            self.delivery.rejects.keep(rows.take(places), kept, rule, reason)

    def sent_before(self, batch: Batch) -> list[int]:
        """Return the places of rows that an earlier attempt sent without an answer."""
        past = self.past.get(batch.number)
        if not (past and past.open):
            return []
        return np.flatnonzero(~np.isin(batch.numbers, list(self.left(past.open)))).tolist()

    def sent(self, batch: Batch) -> None:
        """Note before a request that it is going to be sent, where that must be known."""
        if not self.repeatable:
            self.delivery.journal.write(self.entry(batch, "sent"))

    def again(self, batch: Batch) -> None:
        """Note that the batch was not taken, so that it can be sent."""
        if not self.repeatable:
            self.delivery.journal.write(self.entry(batch, "again"))

    def answered(self, batch: Batch, answer: Answer) -> None:
        """Note what was refused of a batch, or can have been; keep it. All else has been taken."""
        refused = answer.refused
        if answer.unnamed:
            refused = dict.fromkeys(range(len(batch.numbers)), unnamed(batch, answer)) | refused
        self.settle(batch, "answered", refused, answer.taken, unnamed=answer.unnamed)

    def unsure(self, batch: Batch) -> None:
        """Note that nobody knows what became of a batch, and keep all of its rows."""
        why = NO_ANSWER, UNSURE
        self.settle(batch, "unsure", dict.fromkeys(range(len(batch.numbers)), why), 0)

    def settle(self, batch, kind, refused, taken, **more):
        by_row = {int(batch.numbers[place]): why for place, why in refused.items()}
        more |= {"refused": by_row, "taken": taken, "bytes": len(batch.body)}
        entry = self.entry(batch, kind) | more
        # Doubles of what can be repeated do no harm: no need to wait for the disk.
        journal = self.delivery.journal
        (journal.note if self.repeatable else journal.write)(entry)
        self.keep(batch, refused)

    def entry(self, batch, kind):
        begun = {"batch": batch.number, "is": kind}
        if 2 * len(batch.numbers) < self.most:  # The last batch can have few rows, or a small one.
            return begun | {"only": batch.numbers.tolist()}
        return begun | {"left": batch.left_out(self.most)}

    def keep(self, batch, refused):
        reasons = {}
        for place, why in sorted(refused.items()):
            reasons.setdefault(why, []).append(place)
        for (rule, reason), places in reasons.items():
            numbers = batch.numbers[places].tolist()
            self.delivery.rejects.keep(batch.taken(places), numbers, rule, reason)


def unnamed(batch: Batch, answer: Answer) -> tuple[str, str]:
    """Return why a row is kept that can be one of those that were refused."""
    return NO_ANSWER, UNNAMED.format(f"{answer.taken:,}", f"{len(batch.numbers):,}")
