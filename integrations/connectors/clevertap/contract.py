"""What CleverTap asks of a result, as rules."""

from integrations.connectors.clevertap import column_checks
from integrations.connectors.clevertap.column_checks import FORBIDDEN, MOST_KEY, MOST_PROPERTIES
from integrations.contract import ColumnRule, RowRule

TREASURE_DATA = "CleverTap, documentation of the Treasure Data integration"
PROFILES_API = "CleverTap, Upload User Profiles API"
EVENTS_API = "CleverTap, Upload Events API"
TOKENS_API = "CleverTap, Upload Device Tokens API"
ERRORS = "CleverTap, API errors"
SEGMENTS = "CleverTap, custom list segments"
SDK = "CleverTap, Android SDK"

PROFILES = {"target": "user_profiles", "profile_operation": "upload_profiles"}
EVENTS = {"target": "user_events"}
TOKENS = {"target": "user_profiles", "profile_operation": "upload_tokens"}
SUBSCRIPTIONS = {"target": "user_profiles", "profile_operation": "subscribe"}
PHONES = {"target": "user_profiles", "profile_operation": "disassociate"}
LIST = {"target": "custom_list"}


def row_check(name: str):
    """Return a check of rows, whose module loads Arrow and is imported by whom it checks for."""

    def check(batch, settings, **more):
        from integrations.connectors.clevertap import row_checks

        return getattr(row_checks, name)(batch, settings, **more)

    return check


def columns(name, sentence, source, check, when=None):
    return ColumnRule(name=name, sentence=sentence, source=source, check=check, when=when or {})


def rows(name, sentence, source, check, when=None, *, by_clock=False):
    return RowRule(
        name=name,
        sentence=sentence,
        source=source,
        check=row_check(check),
        when=when or {},
        overlooks=row_check("never_wrong"),
        dictionaries=True,
        by_clock=by_clock,
    )


ALSO_GPID = "A row of a profile or an event is of somebody: there is a column `identity` or "
ALSO_GPID += "`objectId`, or `FBID` or `GPID`."
IDENTITY = "One of `identity`, `objectId`, `FBID` and `GPID` has a value in each row."
CONTRACT = (
    columns("identity-column", ALSO_GPID, TREASURE_DATA, column_checks.identity_columns, PROFILES),
    columns("identity-column", ALSO_GPID, TREASURE_DATA, column_checks.identity_columns, EVENTS),
    columns(
        "required-columns",
        "There are the columns of the operation: events `evtName`; device tokens `objectId`, `id`, "
        "`type`; demerging `identity`; subscriptions `type`, `value`, `status`; phone numbers "
        "`value`; custom lists `type`, `identity`. Capitals make no difference.",
        TREASURE_DATA,
        column_checks.required_columns,
    ),
    columns(
        "column-names",
        f"Names of the columns of profiles and events hold none of {' '.join(FORBIDDEN)}",
        TREASURE_DATA,
        column_checks.forbidden_characters,
    ),
    columns(
        "long-names",
        f"Names of the columns of profiles and events have {MOST_KEY} characters and {MOST_KEY} "
        "bytes at most.",
        TREASURE_DATA,
        column_checks.long_names,
    ),
    columns(
        "duplicates",
        "No two columns have the same name, whatever their capitals.",
        TREASURE_DATA,
        column_checks.duplicates,
    ),
    columns(
        "nested",
        "Columns of profiles and events hold single values or arrays, no rows or maps.",
        PROFILES_API,
        column_checks.nested_columns,
    ),
    columns(
        "single-columns",
        "Columns that an operation names, such as `identity`, hold single values; in profiles so "
        "do CleverTap's own fields, such as Name, Email and Phone.",
        SDK,
        column_checks.single_columns,
    ),
    columns(
        "types",
        "Identities are texts, whole numbers or booleans, in a custom list texts or whole "
        "numbers; `evtName` is a text.",
        TREASURE_DATA,
        column_checks.odd_types,
    ),
    columns(
        "properties",
        f"A profile or an event has {MOST_PROPERTIES} properties at most.",
        EVENTS_API,
        column_checks.too_many_properties,
    ),
    columns(
        "items-columns",
        "Columns of items are named like `Items[0].Category`.",
        TREASURE_DATA,
        column_checks.odd_items,
        EVENTS,
    ),
    rows("identity", IDENTITY, TREASURE_DATA, "no_identity", PROFILES),
    rows("identity", IDENTITY, TREASURE_DATA, "no_identity", EVENTS),
    rows(
        "required-values",
        "The columns that an operation needs have a value in each row.",
        TREASURE_DATA,
        "required_values",
    ),
    rows(
        "long-values",
        "A text has 512 characters and 512 bytes at most; so has each text in an array.",
        TREASURE_DATA,
        "long_values",
    ),
    rows(
        "ts",
        "`ts` is seconds since 1970, a timestamp or an ISO-8601 text that ends in Z, and not in "
        "the future.",
        TREASURE_DATA,
        "unreadable_ts",
        EVENTS,
        by_clock=True,
    ),
    rows(
        "ts",
        "That of a profile is as that of an event.",
        PROFILES_API,
        "unreadable_ts",
        PROFILES,
        by_clock=True,
    ),
    rows(
        "numbers",
        "Numbers are finite, those in arrays too: JSON has no others.",
        EVENTS_API,
        "no_numbers",
    ),
    rows(
        "system-events",
        "`evtName` is not one of CleverTap's own events.",
        ERRORS,
        "system_events",
        EVENTS,
    ),
    rows("items", "Only the event Charged has items.", TREASURE_DATA, "stray_items", EVENTS),
    rows(
        "profile-fields",
        "Phone is a number in E.164, such as +14155551234; Email an e-mail address; Gender M, F "
        "or O; Married Y or N; Age a whole number.",
        ERRORS,
        "odd_profiles",
        PROFILES,
    ),
    rows(
        "single-values",
        "CleverTap's own fields, such as Name, Email and Phone, hold no JSON arrays.",
        SDK,
        "arrays_in_single",
        PROFILES,
    ),
    rows(
        "subscriptions",
        "`type` is email or phone, `status` Unsubscribe or Resubscribe, and `value` an e-mail "
        "address or a number in E.164.",
        TREASURE_DATA,
        "odd_subscriptions",
        SUBSCRIPTIONS,
    ),
    rows("phones", "`value` is a number in E.164.", TREASURE_DATA, "odd_phones", PHONES),
    rows(
        "list-type",
        "`type` is g, of CleverTap's own ids, or i, of identities.",
        SEGMENTS,
        "odd_list_types",
        LIST,
    ),
    rows(
        "token-keys",
        "`keys`, for web push, is a JSON object.",
        TOKENS_API,
        "odd_token_keys",
        TOKENS,
    ),
)
