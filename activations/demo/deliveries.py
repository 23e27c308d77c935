"""The activations of the demo: one every hour, one every day, and one that fails."""

from functools import partial
from typing import NamedTuple

from activations.activating import saving
from activations.demo.rules import AT_RISK, LAPSED, SUBSCRIBERS
from activations.models import Activation, ParentSegment, Segment
from console.demo.authentications import complete, named
from console.demo.destinations import CLEVERTAP_ACCOUNT, DESTINATION
from console.schedules import schedule_query


class Delivery(NamedTuple):
    segment: str
    name: str
    description: str
    authentication: str
    export: dict
    cron: str
    columns: list[dict]


def column(source, name="", *, hash=False):
    return {"kind": "attribute", "source": source, "name": name or source, "hash": hash}


def string(name, *parts):
    return {"kind": "string", "name": name, "parts": [*parts]}


def said(value):
    return {"type": "string", "value": value}


CLEVERTAP_PROFILES = {"target": "user_profiles", "profile_operation": "upload_profiles"}
WIN_BACK = Delivery(
    LAPSED.name,
    "Win back by SFTP",
    "Every hour as a file, without an address: the partner matches by its hash.",
    DESTINATION,
    {
        "user_directory_is_root": True,
        "path_prefix": "win_back/{yyyy}{MM}{dd}_{HH}{mm}.csv",
        "rename_file_after_upload": True,
    },
    "@hourly",
    [
        column("td_client_id", "customer"),
        column("email", "email_sha256", hash=True),
        column("first_name"),
        column("loyalty_tier", "tier"),
        column("lifetime_value"),
        string("campaign", said("win-back/"), {"type": "segment_name"}),
        string("sent_at", {"type": "timestamp", "format": "yyyy-MM-dd HH:mm:ss"}),
    ],
)
WELCOME = Delivery(
    SUBSCRIBERS.name,
    "Welcome in CleverTap",
    "Every day as profiles, for the welcome campaign.",
    CLEVERTAP_ACCOUNT,
    CLEVERTAP_PROFILES,
    "@daily",
    [
        column("td_client_id", "identity"),
        column("first_name", "Name"),
        column("email", "Email"),
        column("acquisition_channel"),
        string("td_segment", {"type": "segment_name"}),
    ],
)
# CleverTap has to be told whom a row is of: adding td_client_id as `identity` mends it.
WITHOUT_IDENTITY = Delivery(
    AT_RISK.name,
    "At risk, to be mended",
    "It fails on purpose: CleverTap wants a column identity. Edit it, add td_client_id under that "
    "name, and run it again.",
    CLEVERTAP_ACCOUNT,
    CLEVERTAP_PROFILES,
    "@daily",
    [column("first_name", "Name"), column("email", "Email"), column("lifecycle")],
)
DELIVERIES = (WIN_BACK, WELCOME, WITHOUT_IDENTITY)


def make(parent: ParentSegment, segments: dict[str, Segment]) -> dict[str, Activation]:
    """Make the activations; return by name those that were not there before."""
    return {
        delivery.name: activation(parent, segments[delivery.segment], delivery)
        for delivery in DELIVERIES
        if is_missing(segments[delivery.segment], delivery)
    }


def is_missing(segment, delivery):
    """Return whether it is to be made: its destination is there, and nobody has changed that."""
    there = Activation.objects.filter(segment=segment, name=delivery.name).exists()
    return not there and named(delivery.authentication) is not None


def activation(parent, segment, delivery):
    authentication = named(delivery.authentication)
    new = Activation(
        segment=segment,
        name=delivery.name,
        description=delivery.description,
        mapping={"all_columns": False, "columns": delivery.columns},
    )
    return saving.save(
        new,
        by=parent.owner,
        authentication=authentication,
        export=complete(authentication.connector.Export.from_json(delivery.export)),
        timing=partial(schedule_query, wanted=delivery.cron, timezone=parent.timezone),
    )
