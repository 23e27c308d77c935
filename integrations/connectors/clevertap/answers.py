"""What CleverTap answers to a batch, and which rows it speaks of."""

import json
from collections import defaultdict, deque
from dataclasses import dataclass

from integrations.connectors.clevertap.operations import IDENTITIES
from integrations.errors import PermanentError, TransientError
from integrations.transports.http import Reply

STATUSES = ("success", "partial", "fail")
MOST_TEXT = 300  # characters of CleverTap's that are shown
CREDENTIALS = (401, 403)
CREDENTIALS_REMEDY = (
    "Check Account ID, Account Passcode and Region in CleverTap under Settings > Project."
)
BAD_REQUEST_REMEDY = "CleverTap does not take such data. Mend the query, or the export."
NAMED = ("identity", "objectId", "FBID", "GPID", "evtName", "ts", "value", "type")


@dataclass(frozen=True)
class Answer:
    """What became of a batch."""

    refused: dict[int, tuple[str, str]]  # place in the batch -> rule, reason
    taken: int
    unnamed: int = 0  # records that were refused, though nobody knows which


def said_by(reply: Reply) -> dict:
    """Return CleverTap's answer to a request that it took. Raise ExportError for any other."""
    if reply.status in CREDENTIALS:
        raise PermanentError(
            f"{reply.place} refused the credentials ({reply.named}){quoted(reply)}.",
            remedy=CREDENTIALS_REMEDY,
        )
    if not reply.succeeded:
        raise told(reply)
    found = parsed(reply)
    if found is None or found.get("status") not in STATUSES:
        error = TransientError(
            f"{reply.place} gave an answer that cannot be read.",
            remedy="If this goes on, ask CleverTap's support.",
        )
        error.unanswered = True
        raise error
    return found


def told(reply: Reply):
    error = reply.refusal()
    if error.transient:
        # A gateway that gave up does not know what the server behind it did.
        error.unanswered = reply.status in (502, 504)
        return error
    return PermanentError(f"{str(error)[:-1]}{quoted(reply)}.", remedy=BAD_REQUEST_REMEDY)


def quoted(reply: Reply) -> str:
    """Return CleverTap's own words of an error, as part of a sentence, where it has some."""
    found = parsed(reply) or {}
    text = in_words(found.get("error"))
    return f": {text}" if text else ""


def in_words(text) -> str:
    return " ".join(str(text or "").split())[:MOST_TEXT].rstrip(".")


def parsed(reply: Reply) -> dict | None:
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def outcome(said: dict, body: bytes, count: int) -> Answer:
    """Return what became of the records of a request, of which there are so many."""
    listed = [each for each in as_list(said.get("unprocessed")) if isinstance(each, dict)]
    refused, strange = matched(listed, json.loads(body)) if listed else ({}, [])
    left = count - len(refused)
    taken = min(most_taken(said, count, left), left - len(strange))
    if taken > 0:
        return Answer(refused, taken, left - taken)
    why = why_of(strange[0] if strange and not said.get("error") else said)
    return Answer(refused | dict.fromkeys(set(range(count)) - refused.keys(), why), 0)


def most_taken(said: dict, count: int, left: int) -> int:
    """Return how many records can have been taken, of those that are left of so many."""
    processed, failed = said.get("processed"), said["status"] != "success"
    if type(processed) is int and 0 <= processed < count + (not failed):
        return processed
    if said["status"] == "fail":
        return 0
    return left - (failed and left == count)  # One was refused, and none is listed.


def as_list(value):
    return value if isinstance(value, list) else []


def why_of(each: dict) -> tuple[str, str]:
    """Return the name and the sentence of a refusal."""
    code, text = each.get("code"), in_words(each.get("error")) or "no reason given"
    number = f" (code {code})" if code is not None else ""
    return f"CleverTap {code or 'fail'}", f"CleverTap refused it: {text}{number}."


def matched(listed: list[dict], sent: dict) -> tuple[dict[int, tuple[str, str]], list[dict]]:
    """Return the refused records by their place in the request, and what is told of no such one.

    A record comes back as it was sent, or at least with whom it was of.
    """
    [records] = sent.values()
    exact, named = places_by(records, whole), places_by(records, name_of)
    refused, strange = {}, []
    for each in listed:
        record = each.get("record")
        place = free(exact[whole(record)], refused)
        if place is None:
            place = free(named[name_of(record)], refused)
        if place is None:
            strange.append(each)
        else:
            refused[place] = why_of(each)
    return refused, strange


def places_by(records, key) -> dict[str, deque]:
    places = defaultdict(deque)
    for place, record in enumerate(records):
        places[key(record)].append(place)
    return places


def free(places: deque, refused: dict) -> int | None:
    """Return the first of the places that is not spoken of yet."""
    while places:
        if (place := places.popleft()) not in refused:
            return place
    return None


def whole(record) -> str:
    return json.dumps(record, sort_keys=True)


def name_of(record) -> str:
    if not isinstance(record, dict) or not any(name in record for name in (*IDENTITIES, "value")):
        return whole(record)
    return json.dumps([record.get(name) for name in NAMED])
