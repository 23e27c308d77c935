"""The options that td's commands share, named as in the original."""

import re
from argparse import ArgumentTypeError
from pathlib import Path

from console.td import results

PRIORITIES = {-2: "VERY LOW", -1: "LOW", 0: "NORMAL", 1: "HIGH", 2: "VERY HIGH"}
SPELLINGS = {
    r"very[ _-]?low|-2": -2,
    r"low|-1": -1,
    r"norm(al)?|[-+]?0": 0,
    r"high|\+?1": 1,
    r"very[ _-]?high|\+?2": 2,
}
MOST_RETRIES = 32


def priority(text):
    for pattern, number in SPELLINGS.items():
        if re.fullmatch(pattern, text, re.IGNORECASE):
            return number
    raise ArgumentTypeError(
        f"unknown priority '{text}' should be -2 (very-low), -1 (low), 0 (normal), 1 (high)"
        " or 2 (very-high)"
    )


def retries(text):
    if not text.isascii() or not text.isdigit() or int(text) > MOST_RETRIES:
        raise ArgumentTypeError(f"'{text}' is not a number of retries from 0 to {MOST_RETRIES}")
    return int(text)


def engine(text):
    """Return the engine of a query type."""
    if text.lower() in ("presto", "trino"):
        return "trino"
    if text.lower() == "duckdb":
        return "duckdb"
    raise ArgumentTypeError(f"queries of type '{text}' cannot be run here; use trino")


def text_file(path):
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ArgumentTypeError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ArgumentTypeError(f"{path} is not text in UTF-8") from None


def result_options(parser):
    """Add what says how a result is shown."""
    add = parser.add_argument
    add("-G", "--vertical", action="store_true", help="use vertical table to show results")
    add("-o", "--output", metavar="PATH", help="write result to the file")
    add(
        "-f",
        "--format",
        choices=results.FORMATS,
        metavar="FORMAT",
        help="format of the result to write to the file (tsv, csv, json, msgpack, and msgpack.gz)",
    )
    add("-l", "--limit", type=int, metavar="ROWS", help="limit the number of result rows shown")
    add("-c", "--column-header", action="store_true", help="output of the columns' header")
    add("-x", "--exclude", action="store_true", help="do not automatically retrieve the job result")
    add("--null", metavar="STRING", help="null expression in csv or tsv")


def query_options(parser):
    """Add what says what a query is and where its result goes."""
    add = parser.add_argument
    add("-d", "--database", metavar="DB_NAME", required=True, help="use the database (required)")
    add("-r", "--result", metavar="RESULT", help="write result to the destination, as JSON")
    add("-u", "--user", metavar="NAME", help="set user name for the result")
    add("-p", "--password", action="store_true", help="ask password for the result")
    add("-P", "--priority", type=priority, default=0, help="set priority")
    add("-R", "--retry", type=retries, default=0, metavar="COUNT", help="automatic retrying count")
    add("-q", "--query", type=text_file, metavar="PATH", help="use file instead of inline query")
    add("-T", "--type", type=engine, default="trino", help="set query type (presto, trino)")
    add("--engine-version", metavar="ENGINE_VERSION", help="accepted, without effect here")


def format_option(parser):
    parser.add_argument(
        "-f",
        "--format",
        choices=("tsv", "csv", "json", "table"),
        metavar="FORMAT",
        help="format of the result rendering (tsv, csv, json or table. default is table)",
    )
