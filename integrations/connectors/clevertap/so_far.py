"""What a job that failed has brought to CleverTap, in words, as its journal has it."""

from integrations.connectors.clevertap.operations import operation_of
from integrations.delivery import NO_ANSWER


def so_far(entries: list[dict], rows: int, settings: dict) -> str:
    """Return how many rows were taken, refused and never answered, and what a retry sends."""
    last = {entry["batch"]: entry for entry in entries}
    settled = [entry for entry in entries if "taken" in entry]
    taken = sum(entry["taken"] for entry in settled)
    refused = sum(refused_of(entry) for entry in settled)
    if refused and taken + refused == rows:
        return f"CleverTap has taken {taken:,} of the {rows:,} rows and refused {refused:,}."
    open_ones = sum(entry["is"] == "unsure" for entry in entries)
    open_ones += sum(entry["is"] == "sent" for entry in last.values())
    parts = [f"CleverTap has taken {taken:,} of the {rows:,} rows"]
    if refused:
        parts.append(f" and refused {refused:,}")
    parts.append(". ")
    if open_ones:
        parts.append(in_doubt(open_ones, settings))
    elif operation_of(settings).repeatable:
        parts.append("Retry sends the others.")
    else:
        parts.append("No request is without an answer. Retry sends the others.")
    return "".join(parts)


def refused_of(entry):
    """Return how many rows of a batch were refused, those that nobody can name too."""
    named = sum(rule != NO_ANSWER for rule, _ in entry["refused"].values())
    return named + entry.get("unnamed", 0)


def in_doubt(requests, settings):
    """Return what is not known of requests without an answer."""
    one = requests == 1
    told = (
        f"{requests:,} request{'' if one else 's'} got no answer: what {'it' if one else 'they'} "
        "held may be there too. "
    )
    if settings.get("unanswered") == "list":
        return told + "Retry sends the others, and lists these rows as not delivered."
    return told + "Retry sends that again, and what had arrived is then there twice."
