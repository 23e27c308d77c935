"""The commands of td: which there are, how their line is read, and what they answer."""

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

from console.td import jobs, options, people, queries, schedules, tables
from console.td.errors import Refused
from console.td.screen import Screen

PROGRAM = "manage.py td"
INTERRUPTED = 130


def nothing(parser):
    pass


@dataclass(frozen=True)
class Command:
    """One command of td."""

    help: str
    run: Callable
    arguments: Callable = nothing


COMMANDS = {
    "query": Command("Issue a query", queries.query, queries.arguments),
    "job:list": Command("Show list of jobs", jobs.list_jobs, jobs.list_arguments),
    "job:show": Command("Show status and result of a job", jobs.show_job, jobs.show_arguments),
    "job:kill": Command("Kill or cancel a job", jobs.kill_job, jobs.kill_arguments),
    "db:list": Command("Show list of databases", tables.list_databases, options.format_option),
    "db:create": Command("Create a database", tables.create_database, tables.create_arguments),
    "table:list": Command("Show list of tables", tables.list_tables, tables.list_arguments),
    "table:import": Command(
        "Parse and import files to a table", tables.import_files, tables.import_arguments
    ),
    "sched:list": Command(
        "Show list of schedules", schedules.list_schedules, options.format_option
    ),
    "sched:create": Command(
        "Create a schedule", schedules.create_schedule, schedules.create_arguments
    ),
    "sched:delete": Command(
        "Delete a schedule", schedules.delete_schedule, schedules.delete_arguments
    ),
}
ALIASES = {
    "job": "job:show",
    "jobs": "job:list",
    "kill": "job:kill",
    "dbs": "db:list",
    "databases": "db:list",
    "database:list": "db:list",
    "database:create": "db:create",
    "tables": "table:list",
    "scheds": "sched:list",
    "schedules": "sched:list",
    "schedule:list": "sched:list",
    "schedule:create": "sched:create",
    "schedule:delete": "sched:delete",
}


def main(line: list[str], out=None) -> int:
    """Do what the line asks. Return the exit status."""
    out, errors = Screen(out or sys.stdout), Screen(sys.stderr)
    if not line or line[0] in ("help", "-h", "--help"):
        out.write(overview(line))
        return 0
    name, rest = command_of(line)
    try:
        asked = parser_of(name).parse_intermixed_args(with_waits(rest))
        return COMMANDS[name].run(asked, people.person(asked.as_user), out)
    except Refused as refused:
        errors.write(f"{refused}\n")
        return refused.status
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted. A job that was submitted goes on.\n")
        return INTERRUPTED
    except BrokenPipeError:  # The reader, `head` say, has had enough.
        return 1


def command_of(line):
    """Return the command's name and the rest. Without a name it is a query."""
    named = 2 if line[0] in ("-a", "--as") else 1 if line[0].startswith("--as=") else 0
    who, rest = line[:named], line[named:]
    first = ALIASES.get(rest[0], rest[0]) if rest else ""
    if first in COMMANDS:
        return first, who + rest[1:]
    if re.fullmatch(r"\w[\w:-]*", first):  # No SQL is a single word.
        sys.stderr.write(f"'{first}' is not a td command. See '{PROGRAM} help'.\n")
        raise SystemExit(1)
    return "query", who + rest


def with_waits(line):
    """Write -w[=SECONDS] so that it never takes the SQL that follows for its seconds."""
    return [re.sub(r"^(-w|--wait)(?:=?(\d+))?$", wait_of, word) for word in line]


def wait_of(found):
    return f"--wait={found[2] or queries.FOREVER}"


class Parser(argparse.ArgumentParser):
    """Reads the line of a command; says in one line what is wrong with it."""

    def error(self, message):
        command = self.prog.removeprefix(f"{PROGRAM} ")
        self.exit(2, f"{self.prog}: {message}. See '{PROGRAM} help {command}'.\n")


def parser_of(name):
    parser = Parser(f"{PROGRAM} {name}", description=COMMANDS[name].help)
    parser.add_argument("-a", "--as", dest="as_user", metavar="USERNAME", help="whose work this is")
    COMMANDS[name].arguments(parser)
    return parser


def overview(line):
    asked = ALIASES.get(line[-1], line[-1]) if line else ""
    if asked in COMMANDS:
        return parser_of(asked).format_help()
    rows = "".join(f"  {name:<13} # {command.help}\n" for name, command in COMMANDS.items())
    return (
        f"usage: {PROGRAM} [-a USERNAME] COMMAND [options]\n\n{rows}\n"
        f"Type '{PROGRAM} help COMMAND' for more information on a command.\n"
    )
