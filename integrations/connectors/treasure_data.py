"""Tables of this console, as Treasure Data writes results into its own."""

import time

from django import forms
from django.core.validators import RegexValidator

from integrations.connectors.base import Connector, Step
from integrations.connectors.few_rows import no_test
from integrations.connectors.guard import GuardSettings
from integrations.connectors.receipt import Receipt
from integrations.settings_form import SettingsForm, SpelledChoiceField, advanced, sampled

NAME = RegexValidator(
    r"\A[a-z0-9_]{3,128}\Z", "Use 3 to 128 lower-case letters, digits and underscores."
)
DONE = {
    "append": "Appended {rows} to {table}.",
    "replace": "Replaced {table}: it is made anew, of {rows}.",
    "truncate": "Emptied {table} and wrote {rows}.",
}
QUERY = """\
SELECT kuid, 'newsletter' AS segment_name
FROM customers
WHERE email_opt_in"""


class Authentication(SettingsForm):
    """Nothing: it is the owner of the query who has to have the right to write."""


class Export(GuardSettings):
    database = sampled(
        forms.CharField(
            label="Database",
            max_length=128,
            validators=[NAME],
            help_text="The database of this console to write to, such as activate_to_krux. The "
            "owner of the query needs the right to write there.",
        ),
        "activate_to_krux",
    )
    table = sampled(
        forms.CharField(
            label="Table",
            max_length=128,
            validators=[NAME],
            help_text="The table to write to, such as segment_newsletter. It is made when there is "
            "none of that name.",
        ),
        "segment_newsletter",
    )
    mode = forms.ChoiceField(
        label="Mode",
        initial="append",
        choices={"append": "Append", "replace": "Replace", "truncate": "Truncate"},
        help_text="Append adds the rows to those that are there. Replace makes the table anew, "
        "with the columns of the result. Truncate empties the table first and keeps its columns. "
        "Readers see the table as it was or as it is to be, never in between.",
    )

    empty_result = advanced(
        SpelledChoiceField(
            label="Empty result",
            initial="send",
            required=False,
            choices={
                "send": "Write no rows",
                "skip": "Write nothing, and say so",
                "fail": "Fail",
            },
            spellings={"": "send"},
            help_text="What happens when the query finds no rows. Without rows, replace and "
            "truncate leave an empty table. Skipping leaves the table as it is.",
        )
    )

    field_order = ["database", "table", "mode"]


class TreasureData(Connector):
    name = "treasure_data"
    label = "Treasure Data"
    description = "Write query results into a table of this console, for other queries to read."
    category = "Database"
    Authentication = Authentication
    Export = Export
    place = ("database", "table")
    goes_out = False
    limits = (
        "Append and truncate take the columns by name, whatever their order. One that the result "
        "lacks is filled with NULL; one that the table lacks ends the export, as does a value of "
        "another type, unless it is only narrower, such as an integer for a bigint.",
        "A table has the rows of a job once: a retry puts them in the place of what the job wrote "
        "before. To append rows once more, run the query again.",
    )
    example_query = QUERY

    def export(self, rows, delivery):
        if not rows.count and (receipt := self.skipped(delivery)):
            return receipt
        began = time.monotonic()
        database, table, mode = self.target()
        size = delivery.tables.put(database, table, rows.path, mode)
        delivery.progress(size)
        counted = f"{rows.count:,} row{'' if rows.count == 1 else 's'}"
        return Receipt(
            rows=rows.count,
            bytes=size,
            seconds=round(time.monotonic() - began, 3),
            summary=DONE[mode].format(rows=counted, table=f"{database}.{table}"),
        )

    def few_rows(self):
        wrong = {
            "append": "five rows would be in the table twice, once from the test and once from the "
            "next run",
            "replace": "five rows would take the place of the table",
            "truncate": "five rows would take the place of all that are in the table",
        }[self.settings["mode"]]
        return no_test(
            f"Whether the table takes the rows is checked here without writing: {wrong}."
        )

    def replaced(self):
        return "" if self.settings["mode"] == "append" else "the table"

    def target(self):
        return tuple(self.settings[name] for name in ("database", "table", "mode"))

    def test(self, delivery):
        yield Step(
            "console", "passed", "The tables are in this console: there is no server to reach."
        )
