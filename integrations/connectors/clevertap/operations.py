"""What CleverTap's API can be asked for with rows, and its limits."""

from dataclasses import dataclass

from integrations.connectors.few_rows import FewRows, no_test

TWICE = no_test(
    "CleverTap counts each event, and campaigns answer it: five would be there twice, once from "
    "the test and once from the next run."
)
FOR_GOOD = no_test("What this operation does to five real people is not undone by the next run.")
FIRST = "those of the five rows that come first. Without ORDER BY these can be others each time."
ONE_LIST = no_test(
    "A list is uploaded as a whole: five people would be the segment, or take the place of those "
    "who are in it."
)
IDENTITIES = ("identity", "objectId", "FBID", "GPID")
UPLOADS, OTHERS = 15, 3  # requests that an account may have under way


@dataclass(frozen=True)
class Operation:
    """One kind of request that rows are sent in."""

    path: str
    noun: str  # what a row is, in words
    deed: str  # what was done with them
    fields: tuple[str, ...]  # what CleverTap calls columns that it knows
    few: FewRows  # what a test with a few rows does
    required: tuple[str, ...] = ()
    most: int = 1000  # records of a request
    at_once: int = OTHERS
    opening: bytes = b'{"d":['
    closing: bytes = b"]}"
    properties: bool = False  # whether all other columns are properties
    repeatable: bool = True  # whether twice is the same as once
    ordered: tuple[str, ...] = ()  # fields that tell whose rows are to come in their order


OPERATIONS = {
    "upload_profiles": Operation(
        path="/1/upload",
        noun="profile",
        deed="Uploaded",
        fields=(*IDENTITIES, "ts"),
        few=FewRows(
            "Five real profiles are changed at CleverTap, as the next run would change them: "
            f"{FIRST}"
        ),
        at_once=UPLOADS,
        properties=True,
        ordered=IDENTITIES,
    ),
    "user_events": Operation(
        path="/1/upload",
        noun="event",
        deed="Uploaded",
        fields=(*IDENTITIES, "ts", "evtName"),
        few=TWICE,
        required=("evtName",),
        at_once=UPLOADS,
        properties=True,
        repeatable=False,
    ),
    "upload_tokens": Operation(
        path="/1/upload",
        noun="device token",
        deed="Uploaded",
        fields=("objectId", "id", "type", "keys"),
        few=FewRows(
            "Five real device tokens are added at CleverTap, as the next run would add them: "
            f"{FIRST}"
        ),
        required=("objectId", "id", "type"),
        at_once=UPLOADS,
        ordered=("objectId",),
    ),
    "demerge": Operation(
        path="/1/demerge/profiles.json",
        noun="profile",
        deed="Demerged",
        fields=("identity",),
        few=FOR_GOOD,
        required=("identity",),
        most=100,
        opening=b'{"identities":[',
    ),
    "subscribe": Operation(
        path="/1/subscribe",
        noun="subscription",
        deed="Updated",
        fields=("type", "value", "status"),
        few=FewRows(
            "Five real subscriptions are changed at CleverTap, as the next run would change them: "
            f"{FIRST}"
        ),
        required=("type", "value", "status"),
        ordered=("value",),
    ),
    "disassociate": Operation(
        path="/1/disassociate",
        noun="phone number",
        deed="Disassociated",
        fields=("value",),
        few=FOR_GOOD,
        required=("value",),
    ),
    "custom_list": Operation(
        path="/upload_custom_list_segment_completed",
        noun="person",
        deed="Uploaded",
        fields=("type", "identity"),
        few=ONE_LIST,
        required=("type", "identity"),
    ),
}


def operation_name(settings: dict) -> str:
    target = settings["target"]
    return settings["profile_operation"] if target == "user_profiles" else target


def operation_of(settings: dict) -> Operation:
    return OPERATIONS[operation_name(settings)]


def requests_at_once(operation: Operation, settings: dict) -> int:
    if settings["target"] == "custom_list":
        return 1  # It is one upload, and is then told of.
    return min(operation.at_once, settings.get("thread_count") or operation.at_once)
