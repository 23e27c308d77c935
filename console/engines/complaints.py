"""DuckDB's errors in the words and positions of the person's own SQL."""

import re

from console.engines.dialects import names
from console.engines.process import disk_trouble, out_of_memory
from console.engines.statement import QueryError
from console.engines.types import TRINO_NAMES

TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+|--[^\n]*|/\*(?:.*?\*/|.*)|[^\s\w]", re.DOTALL
)
INNER_TYPES = {"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint"} | {
    "INT128": "bigint",
    "BOOL": "boolean",
}
MISSING_COLUMN = re.compile(r'Referenced column "(.*?)" (?:was )?not found')
MISSING_IN_TABLE = re.compile(r'(?:Table|Values list) "(.*?)" does not have a column named "(.*?)"')
VALUED = {"Conversion", "Out of Range"}  # kinds of errors that quote what is in a row
NAMES_VALUE = re.compile(r"Malformed JSON|Could not (?:parse|decode|convert) ")
CANDIDATE = re.compile(r'"([^"]+)"')


def told(found, statement, limits):
    """Return the QueryError for what the child answered."""
    kind = found.get("type", "")
    if kind == "Out of Memory":
        return QueryError(out_of_memory(limits))
    message = words(found, kind, statement)
    hidden = words(found | {"message": without_values(found["message"], kind)}, kind, statement)
    return QueryError(message, *place(found, statement), told=hidden)


def without_values(message, kind):
    """Return a message with … in the place of values: names in its first part stay."""
    if not (kind in VALUED or NAMES_VALUE.match(message)):
        return message
    text = message.strip().partition("\n\nLINE ")[0]
    text = re.sub(r"\bvalue [-+\w.]+", "value …", text)
    text = re.sub(r"\(\S+ [-+*/%] \S+\)", "(…)", text)
    text = re.sub(r"(['\"]).*\1", r"\1…\1", text, flags=re.DOTALL)
    return re.sub(r"(?<!\w)(['\"])(?!…\1)(?<!…['\"]).*", r"\1…\1", text, flags=re.DOTALL)


def words(found, kind, statement):
    if kind == "Table" and found.get("table"):
        return missing_table(found["table"], statement)
    if kind == "Statement":
        return "Only SELECT, CREATE TABLE … AS, INSERT INTO and DROP TABLE can be run."
    if kind == "IO":
        return disk_trouble(found["message"])
    if kind == "Refused":
        return found["message"]
    return sentence(column_message(found) or clean(found["message"]))


def missing_table(path, statement):
    if len(path) > 2:
        return f"Write {'.'.join(path[-2:])}: a table's name has at most two parts."
    database = (path[0] if len(path) == 2 else statement.database).lower()
    table = path[-1].lower()
    if (database, table) in statement.readable:  # Then it is none of this engine's.
        return names.elsewhere(database, table)
    return names.missing(database, table, statement.readable)


def column_message(found):
    """Return the message for a name that is not there, with the one probably meant."""
    message = found["message"]
    if match := MISSING_COLUMN.search(message):
        return f'There is no column "{match[1]}" here.{meant(found)}'
    if match := MISSING_IN_TABLE.search(message):
        return f'{match[1]} has no column "{match[2]}".{meant(found)}'
    if found.get("error_subtype") == "MISSING_ENTRY" and "Function" in message:
        return f"There is no function {found.get('name')}."
    return ""


def meant(found):
    candidates = CANDIDATE.findall(found["message"].partition("\n")[2])
    if not candidates and found.get("candidates"):
        candidates = [found["candidates"].split(",")[0].strip()]
    return f" Did you mean {candidates[0]}?" if candidates else ""


def clean(message):
    """Return the first sentence of a message without DuckDB's advice, SQL and type names."""
    text = message.strip().split("\n")[0]
    text = re.sub(
        r"\s*(Use TRY|You might|Add an explicit|LINE \d+:|To disable|in expression \().*", "", text
    )
    text = re.sub(r"""string '"(.*)"' to""", r"string '\1' to", text)  # quotes of trino_whole_text
    text = re.sub(r" when casting from source column (\w+)", r' in column "\1"', text)
    return re.sub(r"\b[A-Z][A-Z0-9_]+\b", trino_word, text)


def trino_word(match):
    word = match[0]
    return INNER_TYPES.get(word) or TRINO_NAMES.get(word, word)


def sentence(text):
    text = text.strip() or "The query failed"
    return text if text.endswith((".", "?")) else f"{text.rstrip('!')}."


def place(found, statement):
    """Return (line, column) in the person's SQL, or nothing when it cannot be told."""
    at = found.get("at")
    if at is None:
        return ()
    made_at = len(statement.body.encode()[:at].decode(errors="ignore"))
    if statement.body_at is not None:
        return line_and_column(statement.sql, statement.body_at + made_at)
    offset = same_word(statement.body, made_at, statement.sql)
    return () if offset is None else line_and_column(statement.sql, offset)


def same_word(made, at, written):
    """Return where the word at a place of the made SQL stands in the written SQL."""
    tokens = [(match.start(), spelled(match[0])) for match in TOKEN.finditer(made)]
    before = [word for start, word in tokens if start <= at]
    if not before:
        return None
    word = before[-1]
    where = [m.start() for m in TOKEN.finditer(written) if spelled(m[0]) == word]
    if not where:
        return None
    return where[min(before.count(word), len(where)) - 1]


def spelled(token):
    return token.strip('"').lower() if not token.startswith("'") else token


def line_and_column(text, offset):
    before = text[:offset].split("\n")
    return len(before), len(before[-1]) + 1
