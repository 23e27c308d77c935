"""SQL functions that DuckDB lacks or has otherwise: Trino's, and TD's time functions."""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "functions"
WORD = re.compile(r"[a-z_][a-z0-9_]*")
# Names of time zones that TD and Java know and DuckDB does not, and offsets.
ZONES = {
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "SGT": "Asia/Singapore",
    "PST": "America/Los_Angeles",
    "PDT": "Etc/GMT+7",
    "MDT": "Etc/GMT+6",
    "CDT": "Etc/GMT+5",
    "EDT": "Etc/GMT+4",
    "CEST": "Etc/GMT-2",
    "Z": "UTC",
    "+03:30": "Asia/Tehran",
    "+04:30": "Asia/Kabul",
    "+05:30": "Asia/Kolkata",
    "+0530": "Asia/Kolkata",
    "+05:45": "Asia/Kathmandu",
    "+06:30": "Asia/Yangon",
    "+09:30": "Australia/Darwin",
} | {
    form.format(hours): f"Etc/GMT{-hours:+d}"
    for hours in range(-12, 15)
    for form in ("{:+03d}:00", "{:+03d}00", "{:+03d}", "{:+d}")
}


# A look-up in a variable, so that what is copied to each place where a zone is named stays short.
ZONE_MACRO = "CREATE MACRO td_zone(z) AS coalesce(getvariable('td_zones')[upper(z)], z, 'UTC')"


def zones():
    """Return the statement that makes the variable of the zones."""
    pairs = ", ".join(f"'{name}': '{zone}'" for name, zone in ZONES.items())
    return f"SET VARIABLE td_zones = MAP {{{pairs}}}"


@cache
def macros():
    """Return {name: CREATE MACRO statement} of all functions."""
    text = ZONE_MACRO + ";\n"
    text += "\n".join(file.read_text() for file in sorted(FOLDER.glob("*.sql")))
    text = re.sub(r"^--.*\n", "", text, flags=re.MULTILINE)
    statements = [statement.strip() for statement in text.split(";\n")]
    return {statement.split("(")[0].split()[-1]: statement for statement in statements if statement}


def needed(sql, scheduled_time):
    """Return the statements that make the functions a query names, and those they name."""
    names = reached(set(WORD.findall(sql.lower())) & macros().keys())
    scheduled = f"CREATE MACRO td_scheduled_time() AS {int(scheduled_time)}::BIGINT"
    first = [zones(), scheduled] if "td_zone" in names else [scheduled]
    return [*first, *(macros()[name] for name in macros() if name in names)]


def reached(names):
    """Return the names with all names their definitions use."""
    used = {word for name in names for word in WORD.findall(macros()[name])} & macros().keys()
    return names if used <= names else reached(names | used)


macros()  # read while files can still be read
