"""The reference of a connector as a page of Markdown, for those who read without a console."""

from collections.abc import Iterable, Iterator

from integrations.connectors.base import Connector
from integrations.reference import Setting, conditions_in_words, example, sections

HEAD = ("Parameter", "Key in `--result`", "Value", "Default", "Description")


def index(connectors: Iterable[type[Connector]]) -> str:
    """Return the table of all connectors, by their label."""
    rows = [
        row([f"[{one.label}]({one.name}.md)", one.description, one.category, f"`{one.name}`"])
        for one in sorted(connectors, key=lambda one: one.label.lower())
    ]
    head = row(["Connector", "What for", "Category", "Type in a `--result`"])
    intro = "Where results can be sent. Each page has all settings, rules and limits."
    return "\n".join(["# Connectors", intro, "", head, row(["---"] * 4), *rows]) + "\n"


def page(connector: type[Connector]) -> str:
    """Return everything that is declared of the connector."""
    return "\n".join(lines(connector)) + "\n"


def lines(connector) -> Iterator[str]:
    yield f"# {connector.label}"
    yield f"{connector.description} Type in a `--result`: `{connector.name}`."
    for title, settings in sections(connector):
        yield from ("", f"## {title}", row(HEAD), row(["---"] * len(HEAD)))
        yield from map(setting_row, settings)
    yield from contract(connector)
    if connector.example_query:
        yield from ("", "## Example query", "```sql", connector.example_query.strip(), "```")
    yield from ("", "## Example `--result`", "The shortest that is complete.", "```json")
    yield from (example(connector), "```")


def contract(connector) -> Iterator[str]:
    if connector.contract:
        yield from ("", "## What the rows have to be")
        yield "Checked before anything is sent. Rejected rows are listed on the job's page."
        yield from ("", row(["Rule", "What has to hold", "When", "Source"]), row(["---"] * 4))
        for rule in connector.contract:
            when = conditions_in_words(rule.when)
            yield row([f"`{rule.name}`", rule.sentence, when, rule.source])
    if connector.limits:
        yield from ("", "## Limits", *(f"- {limit}" for limit in connector.limits))


def setting_row(setting: Setting) -> str:
    names = [f"`{name}`" for name in (setting.name, *setting.other_names)]
    choices = ", ".join(f"`{value}` {label}".strip() for value, label in setting.choices)
    default = f"`{setting.default}`" if setting.default else ""
    if setting.page_default:
        default += f", on pages `{setting.page_default}`"
    label = f"**{setting.label}** ({setting.need})"
    return row([label, " or ".join(names), choices or setting.kind, default, setting.help])


def row(cells) -> str:
    inner = " | ".join(cell.replace("|", r"\|") for cell in cells)
    return f"| {inner} |"
