"""Find the deliveries that carried an identifier, the latest first, a while at a time."""

import logging
import time
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from console.deliveries.asking import Token
from console.models import Delivery

if TYPE_CHECKING:
    from console.deliveries.files import Hit

logger = logging.getLogger(__name__)
THREADS, TOGETHER = 2, 16
AT_ONCE = 200  # deliveries that are asked of the database
DAMAGED = "unreadable"  # the status of a match in a file that is damaged
NAMES = {"email": "e-mail address", "phone": "phone number", "hash": "hash", "sha256": "SHA-256"}
RELATED = ("job__query", "job__authentication", "job__owner")


class Damaged(Exception):
    """The file of a delivery cannot be read, so that nobody knows what is in it."""


@dataclass(frozen=True)
class Match:
    """A delivery that carried it, or one whose file cannot be read any more."""

    delivery: Delivery
    columns: list[str]  # it was in
    types: list[str]
    status: str

    @property
    def what(self) -> str:
        """Where it was, in words: email (e-mail address)."""
        pairs = zip(self.columns, self.types, strict=True)
        return ", ".join(f"{column} ({worded(kind)})" for column, kind in pairs)


@dataclass
class Portion:
    """What was found in some of the deliveries."""

    matches: list[Match]
    looked_at: int
    next: int | None  # the delivery before which to go on; None at the end


def worded(kind: str) -> str:
    """Return the type of an identifier in words."""
    stem = kind.removesuffix("_sha256")
    plain = NAMES.get(stem, stem.replace("_", " "))
    return f"SHA-256 of the {plain}" if kind.endswith("_sha256") else plain


def search(tokens: list[Token], *, before: int | None = None, seconds: float = 2.0) -> Portion:
    """Look through deliveries, the latest first, for a while."""
    ends = time.monotonic() + seconds
    portion = Portion([], 0, before)
    with closing(looked_through(tokens, before)) as looked:
        for some, matches in looked:
            portion.matches += matches
            portion.looked_at += len(some)
            portion.next = some[-1].pk
            if time.monotonic() > ends:
                return portion
    portion.next = None
    return portion


def every(tokens: list[Token]) -> Iterator[Match]:
    """Yield all deliveries that carried it."""
    for _, matches in looked_through(tokens, None):
        yield from matches


def looked_through(tokens, before) -> Generator[tuple[list[Delivery], list[Match]]]:
    """Yield deliveries, the latest first and some at a time, with those of them that match."""
    deliveries = kept(before)
    with ThreadPoolExecutor(THREADS, "search") as pool:  # Arrow reads outside of Python's lock.
        while some := list(islice(deliveries, TOGETHER)):
            found = pool.map(lambda delivery: matched(delivery, tokens), some)
            yield some, list(filter(None, found))


def kept(before: int | None) -> Iterator[Delivery]:
    """Yield the deliveries with a file, the latest first."""
    found = Delivery.objects.exclude(path="").select_related(*RELATED, "key").order_by("-pk")
    while some := list(found.filter(pk__lt=before)[:AT_ONCE] if before else found[:AT_ONCE]):
        yield from some
        before = some[-1].pk


def matched(delivery: Delivery, tokens: Iterable[Token]) -> Match | None:
    """Return in which columns a delivery carried it, if it did or nobody can tell."""
    try:
        hits = hits_of(delivery, tokens)
    except Damaged:
        return Match(delivery, [], [], DAMAGED)
    sections = list(dict.fromkeys(hit.section for hit in hits))
    if not sections:
        return None
    sure = any(section.status == Delivery.Status.DELIVERED for section in sections)
    return Match(
        delivery,
        [section.column for section in sections],
        [section.type for section in sections],
        Delivery.Status.DELIVERED if sure else Delivery.Status.UNSURE,
    )


def hits_of(delivery: Delivery, tokens: Iterable[Token]) -> list["Hit"]:
    """Return the entries of a delivery that are the identifier. Raise Damaged."""
    from console.deliveries.files import find  # It loads Arrow.

    types = {kind for _, kind in delivery.identifiers}
    mine = [token for token in tokens if token.key == delivery.key.number]
    mine = [token for token in mine if any(map(token.fits, types))]
    if not mine:
        return []
    try:
        return find(Path(settings.DELIVERIES_DIR, delivery.path), mine)
    except FileNotFoundError:  # It came to the end of its time meanwhile.
        return []
    except (OSError, ValueError) as error:  # Arrow raises both.
        logger.error("The log of what job %s delivered is damaged: %s", delivery.job_id, error)
        raise Damaged from error
