"""The settings of delimited files, as the export panel and a `--result` have them."""

from copy import deepcopy

from django import forms

from integrations.settings_form import FlagField, SettingsForm, SpelledChoiceField, advanced


class FormatSettings(SettingsForm):
    """How rows become a file."""

    format = forms.ChoiceField(
        label="Format",
        initial="csv",
        choices={"csv": "csv", "tsv": "tsv"},
        help_text="csv is comma separated, tsv is tab separated.",
    )
    header_line = FlagField(
        label="Header line?",
        initial=True,
        help_text="Write the names of the columns as the first line.",
    )
    delimiter = SpelledChoiceField(
        label="Delimiter",
        initial="default",
        required=False,
        choices={"default": "Default", ",": ",", "tab": "tab", "|": "|"},
        spellings={"": "default", "Default": "default", "\t": "tab", r"\t": "tab"},
        help_text=(
            "The character between columns. "
            "Default goes by the format: a comma for csv, a tab for tsv."
        ),
    )
    quote_policy = SpelledChoiceField(
        label="Quote policy",
        initial="MINIMAL",
        required=False,
        choices={"ALL": "ALL", "MINIMAL": "MINIMAL", "NONE": "NONE"},
        spellings={"": "MINIMAL", "all": "ALL", "minimal": "MINIMAL", "none": "NONE"},
        help_text=(
            "ALL quotes every value but null. MINIMAL quotes values that contain the delimiter, "
            "the quote or an end of line, or that equal the null string. NONE quotes nothing and "
            "puts a backslash before a delimiter or an end of line inside a value."
        ),
    )
    quote = SpelledChoiceField(
        label="Quote",
        initial='"',
        required=False,
        choices={'"': 'Double quote (")', "'": "Single quote (')"},
        spellings={"": '"'},
        help_text="The character around quoted values. Inside them it is doubled.",
    )
    null_string = SpelledChoiceField(
        label="Null string",
        initial="default",
        required=False,
        choices={
            "default": "Default",
            "": "empty string",
            r"\N": r"\N",
            "NULL": "NULL",
            "null": "null",
        },
        spellings={"Default": "default"},
        help_text=(
            "What stands for null. Default goes by the format: "
            r"an empty string for csv, \N for tsv."
        ),
    )
    newline = SpelledChoiceField(
        label="End-of-line character",
        initial="CRLF",
        required=False,
        choices={"CRLF": "CRLF", "LF": "LF", "CR": "CR"},
        spellings={
            "": "CRLF",
            "\r\n": "CRLF",
            r"\r\n": "CRLF",
            "\n": "LF",
            r"\n": "LF",
            "\r": "CR",
            r"\r": "CR",
        },
        help_text="What ends each line, the last one too.",
    )
    empty_result = advanced(
        SpelledChoiceField(
            label="Empty result",
            initial="send",
            required=False,
            choices={
                "send": "Send a file without rows",
                "skip": "Send nothing, and say so",
                "fail": "Fail",
            },
            spellings={"": "send", "header": "send"},
            help_text=(
                "What happens when the query finds no rows. A file without rows is the header "
                "line, if there is one. Skipping leaves the files at the destination as they are."
            ),
        )
    )


def delimited_only(name):
    """Return the field of that name, asked for only where the file is a delimited one."""
    field = deepcopy(FormatSettings.base_fields[name])
    field.conditions = (("format", "csv"), ("format", "tsv"))
    return field


class AnyFormatSettings(FormatSettings):
    """How rows become a file, of any format there is."""

    format = SpelledChoiceField(
        label="Format",
        initial="csv",
        choices={"csv": "csv", "tsv": "tsv", "jsonl": "JSON lines", "parquet": "Parquet"},
        spellings={"json": "jsonl", "ndjson": "jsonl", "json_lines": "jsonl"},
        help_text="csv is comma separated, tsv is tab separated. JSON lines is one object a row. "
        "Parquet has the types of the columns, and is compressed already.",
    )
    header_line = delimited_only("header_line")
    delimiter = delimited_only("delimiter")
    quote_policy = delimited_only("quote_policy")
    quote = delimited_only("quote")
    null_string = delimited_only("null_string")
    newline = delimited_only("newline")
