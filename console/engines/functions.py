"""SQL functions that DuckDB lacks or has otherwise: Trino's, and TD's time functions."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "functions"
WORD = re.compile(r"[a-z_][a-z0-9_]*")


@cache
def macros():
    """Return {name: CREATE MACRO statement} of all functions."""
    text = "\n".join(file.read_text() for file in sorted(FOLDER.glob("*.sql")))
    text = re.sub(r"^--.*\n", "", text, flags=re.MULTILINE)
    statements = [statement.strip() for statement in text.split(";\n")]
    return {statement.split("(")[0].split()[-1]: statement for statement in statements if statement}


def needed(sql, scheduled_time):
    """Return the statements that make the functions a query names, and those they name."""
    names = reached(set(WORD.findall(sql.lower())) & macros().keys())
    scheduled = f"CREATE MACRO td_scheduled_time() AS {int(scheduled_time)}::BIGINT"
    return [scheduled, *(macros()[name] for name in macros() if name in names)]


def reached(names):
    """Return the names with all names their definitions use."""
    used = {word for name in names for word in WORD.findall(macros()[name])} & macros().keys()
    return names if used <= names else reached(names | used)


macros()  # read while files can still be read
