"""The rules of CleverTap's import, as its documentation tells them, for the sandbox."""

import re

TYPES = {
    "STRING": (str, ""),
    "INTEGER": (int, r"[+-]?\d+"),
    "LONG": (int, r"[+-]?\d+"),
    "FLOAT": (float, r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"),
    "BOOLEAN": (lambda text: text.lower() in ("true", "1"), r"(?i:true|false|0|1)"),
}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
IDS = {"identity", "objectid", "guid", "fbid", "gpid"}
OPERATIONS = {"$add", "$set", "$remove", "$delete"}
RESTRICTED = (
    *("Stayed", "Notification Clicked", "Notification Viewed", "UTM Visited"),
    *("Notification Sent", "App Launched", "App Uninstalled", "Notification Bounced"),
    *("Geocluster Entered", "Geocluster Exited", "SCOutgoing", "SCIncoming", "SCEnd"),
    *("SCCampaignOptOut", "wzrk_d", "App Installed", "Push Impressions", "App Version Changed"),
    *("Notification Replied", "Reply Sent", "State Transitioned", "Session Concluded"),
    *("Channel Unsubscribed", "Identity Set", "Identity Reset", "Identity Error", "Reachable By"),
)
SYSTEM_EVENTS = {name.lower() for name in RESTRICTED}
MOST_PROPERTIES = 100
LONGEST_ID = 1023


class Refused(Exception):
    """A file is not imported at all."""

    def __init__(self, message, *, mailed=True):
        super().__init__(message)
        self.mailed = mailed  # whether CleverTap would send a mail about it


def check_manifest(manifest) -> None:
    """Raise Refused where the manifest is not one."""
    if not isinstance(manifest, dict):
        raise Refused("The manifest is no JSON object", mailed=False)
    if not EMAIL.fullmatch(str(manifest.get("clientEmail", ""))):
        raise Refused("Incorrect details in manifest file: clientEmail", mailed=False)
    if str(manifest.get("type", "")).lower() not in ("event", "profile"):
        raise Refused("Incorrect details in manifest file: type must be EVENT or PROFILE")
    name = str(manifest.get("fileName", ""))
    if "/" in name or not name.endswith((".csv", ".asc")):
        raise Refused("Incorrect details in manifest file: fileName must end with .csv")
    for column, cells in manifest.get("columns", {}).items():
        if (
            not {"ctName", "dataType"} >= cells.keys()
            or cells.get("dataType", "STRING") not in TYPES
        ):
            raise Refused(f"Incorrect details in manifest file: the column {column}")


def properties(row: dict, manifest: dict) -> dict[str, str]:
    """Return the values of a row under their names in CleverTap."""
    columns = manifest.get("columns", {})
    return {columns.get(name, {}).get("ctName", name): value for name, value in row.items()}


def failure(row: dict, manifest: dict) -> str:
    """Return why a row is not imported; nothing where it is."""
    named = properties(row, manifest)
    lower = {name.lower(): value for name, value in named.items()}
    if not any(0 < len(lower.get(name, "")) <= LONGEST_ID for name in IDS):
        return (
            "Atleast one of identity / fbId / gpId / objectId is mandatory under 1024 chars to "
            "identify the user"
        )
    if manifest["type"].lower() == "event" and (wrong := event_failure(named)):
        return wrong
    if any(
        value not in OPERATIONS and value
        for name, value in row.items()
        if name.endswith(".operation")
    ):
        return "Profile operation must be one of $add, $set, $remove, $delete"
    if not re.fullmatch(r"\d*", named.get("ts", "")):
        return "ts must be an epoch"
    return type_failure(row, manifest)


def event_failure(named):
    name = named.get("evtName", "").strip()
    if not name:
        return "Event name is mandatory"
    if name.lower() in SYSTEM_EVENTS:
        return "Event name belongs to CleverTap restricted system events"
    others = [each for each in named if each not in ("evtName", "ts") and each.lower() not in IDS]
    if len(others) > MOST_PROPERTIES:
        return "Cannot have more than 100 event properties"
    return ""


def type_failure(row, manifest):
    for column, text in row.items():
        cells = manifest.get("columns", {}).get(column, {})
        kind = "BOOLEAN" if column.lower().startswith("msg-") else cells.get("dataType", "STRING")
        _, pattern = TYPES[kind]
        if text and pattern and not re.fullmatch(pattern, text):
            return f"{column} is not {kind}"
    return ""


def read_value(text: str, kind: str):
    read, _ = TYPES[kind]
    return read(text)
