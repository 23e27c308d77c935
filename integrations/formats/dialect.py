"""A dialect: the characters that a delimited file is written with."""

from dataclasses import dataclass

DELIMITERS = {"csv": ",", "tsv": "\t"}
NULLS = {"csv": "", "tsv": r"\N"}
NEWLINES = {"CRLF": "\r\n", "LF": "\n", "CR": "\r"}
SPELLED = {"tab": "\t"}


@dataclass(frozen=True)
class Dialect:
    """How values, lines and nulls are told apart."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    policy: str = "MINIMAL"
    null: str = ""
    newline: str = "\r\n"
    newline_in_field: str = "\n"
    header: bool = True

    @property
    def special(self) -> str:
        """Return the characters that make a value need care."""
        quote = "" if self.policy == "NONE" else self.quote
        return f"{self.delimiter}\r\n{quote}"


def dialect_of(settings: dict) -> Dialect:
    """Return what the settings ask for."""
    form = settings.get("format", "csv")
    policy = settings.get("quote_policy", "MINIMAL")
    quote = settings.get("quote", '"')
    delimiter = settings.get("delimiter", "default")
    null = settings.get("null_string", "default")
    return Dialect(
        delimiter=DELIMITERS[form] if delimiter == "default" else SPELLED.get(delimiter, delimiter),
        quote=quote,
        escape=settings.get("escape", "\\" if policy == "NONE" else quote),
        policy=policy,
        null=NULLS[form] if null == "default" else null,
        newline=NEWLINES[settings.get("newline", "CRLF")],
        newline_in_field=NEWLINES[settings.get("newline_in_field", "LF")],
        header=settings.get("header_line", True),
    )
