"""Commands to copy: a delivery to each connector, as its declaration makes it."""

from shlex import quote

from console.td.command import COMMANDS, parser_of
from integrations.connectors.base import Connector
from integrations.reference import example

TD = "python3 manage.py td"
DATABASE = "your_database"


def commands() -> list[tuple[str, str, str]]:
    """Return each command with what it does, and its own help."""
    return [(name, each.help, parser_of(name).format_help()) for name, each in COMMANDS.items()]


def delivery(connector: type[Connector], username: str) -> str:
    """Return the line that delivers the connector's example query."""
    parts = [
        f"{TD} query -a {quote(username)} -w -d {DATABASE}",
        legibly(connector.example_query.strip()),
        f"--result {quote(example(connector))}",
    ]
    return " \\\n  ".join(parts)


def legibly(text):
    """Return the text as one word of a shell: in double quotes where its own are single ones."""
    plain = not set(text) & set('"$`\\!')
    return f'"{text}"' if "'" in text and plain else quote(text)
