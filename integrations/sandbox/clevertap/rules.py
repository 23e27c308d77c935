"""What CleverTap takes, and the numbers of what it does not."""

import re
import time
from collections.abc import Iterator

from integrations.sandbox.clevertap_rules import RESTRICTED

FORBIDDEN = set('&$",%><!')  # in the names of properties
IDENTITIES = ("identity", "objectId", "FBID", "GPID")
SINGLE = ("Name", "Email", "Education", "Married", "DOB", "Gender", "Phone", "Age", "Birthday")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
MOST_PROPERTIES, MOST_KEY, MOST_VALUE = 256, 120, 512
MOST_IDENTITY = 1024
SCALARS = (str, int, float, bool)


class Refused(Exception):
    """A record is not taken."""

    def __init__(self, code, error):
        super().__init__(error)
        self.code = code


def check_upload(record: dict) -> None:
    """Raise Refused for a record of an upload that is not taken."""
    kinds = {"profile": check_profile, "event": check_event, "token": check_token}
    check = kinds.get(record.get("type")) if isinstance(record, dict) else None
    if check is None:
        raise Refused(524, "Payload is neither of type event nor profile")
    check(record)


def check_identity(record):
    given = [record[name] for name in IDENTITIES if record.get(name) not in (None, "")]
    if not given or any(len(str(each)) >= MOST_IDENTITY for each in given):
        raise Refused(523, "One of identity, objectId, FBID or GPID is mandatory")


def check_ts(record):
    ts = record.get("ts", 0)
    if type(ts) is not int or not 0 <= ts <= time.time() + 1:
        raise Refused(525, "ts is not a valid epoch")


def check_properties(data: dict, *, arrays: bool) -> Iterator[tuple[str, object]]:
    if not isinstance(data, dict):
        raise Refused(512, "Invalid structure")
    if len(data) > MOST_PROPERTIES:
        raise Refused(522, "Too many properties")
    for key, value in data.items():
        check_key(key)
        if key == "Items" and not arrays:
            continue
        for each in values_of(value, key):
            if not isinstance(each, SCALARS) or len(str(each).encode()) > MOST_VALUE:
                raise Refused(512, f"Value of {key} not valid")


def check_key(key):
    if len(key.encode()) > MOST_KEY:
        raise Refused(512, "Key too long")
    if FORBIDDEN & set(key):
        raise Refused(512, f"Key {key} not valid")


def values_of(value, key) -> list:
    """Return the single values of a property: one, or those of an array, replaced or changed."""
    if isinstance(value, dict) and list(value) in (["$add"], ["$remove"]):
        [value] = value.values()
    if not isinstance(value, list):
        return [value]
    if key in SINGLE:
        raise Refused(512, f"{key} is not an array")
    return value


def check_profile(record):
    check_identity(record)
    check_ts(record)
    data = record.get("profileData")
    check_properties(data, arrays=True)
    if "Phone" in data and not PHONE.fullmatch(str(data["Phone"])):
        raise Refused(516, "Phone number is not valid")
    if "Email" in data and not EMAIL.fullmatch(str(data["Email"])):
        raise Refused(515, "Email is not valid")
    if data.get("Gender", "M") not in ("M", "F", "O"):
        raise Refused(514, "Gender is not valid")
    if data.get("Married", "Y") not in ("Y", "N", True, False):
        raise Refused(519, "Marital status is not valid")
    if "Age" in data and not str(data["Age"]).isdigit():
        raise Refused(520, "Age is not valid")


def check_event(record):
    name = record.get("evtName")
    if not name:
        raise Refused(509, "Event name is mandatory")
    if name in RESTRICTED:
        raise Refused(513, "Event name belongs to restricted system events")
    check_identity(record)
    check_ts(record)
    data = record.get("evtData")
    check_properties(data, arrays=False)
    items = data.get("Items", [])
    if "Items" in data and name != "Charged":
        raise Refused(512, "Items belong to the event Charged")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused(512, "Items is not an array of objects")


def check_token(record):
    if not record.get("objectId"):
        raise Refused(530, "objectId is mandatory")
    data = record.get("tokenData")
    if not isinstance(data, dict):
        raise Refused(531, "tokenData is mandatory")
    if not data.get("id"):
        raise Refused(532, "Token id is mandatory")
    if not data.get("type"):
        raise Refused(533, "Token type is mandatory")


def check_subscription(record):
    kind, value = record.get("type"), str(record.get("value"))
    if kind not in ("email", "phone") or record.get("status") not in ("Unsubscribe", "Resubscribe"):
        raise Refused(512, "type or status not valid")
    if kind == "phone" and not PHONE.fullmatch(value):
        raise Refused(516, "Phone number is not valid")
    if kind == "email" and not EMAIL.fullmatch(value):
        raise Refused(515, "Email is not valid")


def check_phone(record):
    if record.get("type") != "phone" or not PHONE.fullmatch(str(record.get("value"))):
        raise Refused(516, "Phone number is not valid")


def check_demerge(identity):
    if not isinstance(identity, str) or not identity:
        raise Refused(523, "Identity is not valid")
