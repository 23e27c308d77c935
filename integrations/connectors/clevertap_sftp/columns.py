"""What columns are for CleverTap: ids, the name of an event, operations, properties."""

IDENTITIES = ("identity", "objectid", "guid", "fbid", "gpid")
# What properties are that tell who somebody is; a column of ids need not be called so.
IDENTIFIERS = {"identity": "user_id", "fbid": "user_id", "gpid": "user_id"}
IDENTIFIERS |= {"objectid": "device_id", "guid": "device_id", "email": "email", "phone": "phone"}
EVENT_NAME, TIME = "evtname", "ts"
OPERATION = ".operation"
OPERATIONS = ("$add", "$remove", "$set", "$delete")
CHANNELS = (
    "MSG-sms",
    "MSG-email",
    "MSG-whatsapp",
    "MSG-push",
    "MSG-dndSMS",
    "MSG-dndEmail",
    "MSG-dndWhatsApp",
)
# Names that columns often have -> the property that is meant. Compared by letters and digits.
USUAL = {
    "identity": "identity",
    "customerid": "identity",
    "userid": "identity",
    "objectid": "objectId",
    "cookieid": "objectId",
    "guid": "guid",
    "fbid": "fbId",
    "gpid": "gpId",
    "ts": "ts",
    "timestamp": "ts",
    "time": "ts",
    "evtname": "evtName",
    "eventname": "evtName",
    "name": "Name",
    "email": "Email",
    "phone": "Phone",
} | {"".join(filter(str.isalnum, name.lower())): name for name in CHANNELS}
WHOLE_NUMBERS = ("tinyint", "smallint", "integer")
FRACTIONS = ("real", "double", "decimal")


def property_of(column: str, settings: dict) -> str:
    """Return what the column is called in CleverTap."""
    return settings["columns"].get(column, {}).get("ctName") or column


def columns_of(names: list[str], settings: dict, *properties: str) -> list[str]:
    """Return the columns of such properties, however these are spelled."""
    return [
        name
        for name in names
        if not name.endswith(OPERATION) and property_of(name, settings).lower() in properties
    ]


def identifiers_of(settings: dict) -> dict[str, str]:
    """Return which columns tell who somebody is, by their names: CleverTap's, or the table's."""
    called = {name: property_of(name, settings).lower() for name in settings["columns"]}
    known = {name: IDENTIFIERS[each] for name, each in called.items() if each in IDENTIFIERS}
    return IDENTIFIERS | known


def is_channel(column: str, settings: dict) -> bool:
    """Return whether the column says whether a person wants messages of some kind."""
    return property_of(column, settings).lower().startswith("msg-")


def guess(name: str, kind: str) -> dict:
    """Return what a column of such a name and of a type of Trino's probably is."""
    called = USUAL.get("".join(filter(str.isalnum, name.lower())), "")
    cells = {"ctName": called} if called and called != name else {}
    return cells | {"dataType": "INTEGER" if called == "ts" else data_type(called, kind)}


def data_type(called: str, kind: str) -> str:
    if called in CHANNELS or kind == "boolean":
        return "BOOLEAN"
    if kind == "bigint":
        return "LONG"
    if kind in WHOLE_NUMBERS:
        return "INTEGER"
    return "FLOAT" if kind.startswith(FRACTIONS) else "STRING"
