"""The column of e-mail addresses: found, told from hashes, and hashed."""

from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc

HASH = r"^[0-9a-f]{64}$"
ADDRESS = (
    r'^[^\s@"(),:;<>\[\]\\]+@'
    r"[\pL\pN]([\pL\pN-]*[\pL\pN])?(\.[\pL\pN]([\pL\pN-]*[\pL\pN])?)*\.[\pL\pN-]{2,}$"
)
LONGEST = 254  # characters of an address
NAMES = {"email", "emailaddress", "mail", "emailsha256", "sha256email", "hashedemail", "emailhash"}


def plainly(name: str) -> str:
    """Return the letters and digits of a name, in lower case."""
    return "".join(filter(str.isalnum, name.lower()))


def email_columns(names: list[str], settings: dict) -> list[str]:
    """Return the columns that can be that of the addresses: one, where all is well."""
    if wanted := settings.get("email_column"):
        return [name for name in names if name == wanted]
    return names if len(names) == 1 else [name for name in names if plainly(name) in NAMES]


def is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def addresses_of(batch: pa.RecordBatch, settings: dict) -> pa.Array:
    """Return the addresses of a batch, trimmed and in lower case."""
    [name] = email_columns(batch.schema.names, settings)
    return tidy(batch.column(batch.schema.names.index(name)))


def tidy(column: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.utf8_trim_whitespace(column))


def is_hash(tidied: pa.Array) -> pa.BooleanArray:
    return pc.match_substring_regex(tidied, HASH)


def is_address(tidied: pa.Array) -> pa.BooleanArray:
    short = pc.less_equal(pc.utf8_length(tidied), LONGEST)
    return pc.and_(short, pc.match_substring_regex(tidied, ADDRESS))


def with_addresses(batch: pa.RecordBatch, settings: dict) -> pa.RecordBatch:
    """Return the batch with its addresses as Rokt gets them."""
    found = email_columns(batch.schema.names, settings)
    place = batch.schema.names.index(found[0]) if len(found) == 1 else None
    if place is None or not is_text(batch.column(place).type):
        return batch  # The contract refuses it; a preview shows it as it is.
    if settings.get("email_format") == "plain":
        changed = pc.utf8_trim_whitespace(batch.column(place))
    else:
        changed = hashed(tidy(batch.column(place)))
    return batch.set_column(place, batch.schema.field(place).name, changed)


def hashed(tidied: pa.Array) -> pa.Array:
    """Return the SHA-256 of each value that is not one already; null stays null."""
    plain = pc.fill_null(pc.invert(is_hash(tidied)), False)
    digests = [sha256(value.encode()).hexdigest() for value in tidied.filter(plain).to_pylist()]
    return pc.replace_with_mask(tidied, plain, pa.array(digests, tidied.type))
