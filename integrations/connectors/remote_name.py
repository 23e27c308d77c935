"""Names of files at a destination: the sequence format of Java, and what no name may hold."""

import re

CONVERSION = re.compile(r"%(?:(?P<index>[1-9]\d*)\$)?(?P<flags>[-0+ ]*)(?P<width>[1-9]\d*)?d|%%|%")
CLAIM = re.compile(r"%[-+ #,(\d.$]*[a-zA-Z]?")  # what was meant to be one
PACKED = r"(?:\.(?:gz|bz2|zip|xz|zst|pgp|gpg|asc))*"
ENDING = re.compile(rf"(.+?)((?:\.[A-Za-z][A-Za-z0-9]{{0,9}})?{PACKED})", re.DOTALL)
LONGEST_NAME = 255  # bytes, on every common file system
TEMPORARY = ".tmp"


class BadName(ValueError):
    """A name that no file can have, or a sequence format that makes none."""


def sequence(format_: str, *numbers: int) -> str:
    """Return the format filled in as Java's String.format does, for conversions with d."""
    ordinary = iter(range(len(numbers)))

    def fill(found):
        if found.group() == "%%":
            return "%"
        if found.group() == "%":
            raise BadName(
                f"'{CLAIM.match(format_, found.start()).group()}' is not a number format. "
                "Use forms such as %d, %03d or %2$d, and %% for a percent sign."
            )
        index = int(found["index"]) - 1 if found["index"] else next(ordinary, len(numbers))
        if index >= len(numbers):
            raise BadName(f"'{found.group()}' asks for more than {len(numbers)} numbers.")
        return number(numbers[index], found)

    return CONVERSION.sub(fill, format_)


def number(value, found):
    flags, width = found["flags"], int((found["width"] or "0")[:9])
    if width > LONGEST_NAME:
        raise BadName(f"A number {width:,} wide makes a name longer than {LONGEST_NAME} bytes.")
    if not sensible(flags, width):
        raise BadName(f"'{found.group()}' has flags that do not go together.")
    sign = next((flag for flag in "+ " if flag in flags), "")
    if "-" in flags:
        return f"{sign}{value}".ljust(width)
    return f"{value:{sign}{'0' if '0' in flags else ''}{width or ''}d}"


def sensible(flags, width):
    """Return whether Java would take the flags."""
    twice = len(set(flags)) < len(flags)
    both = {"-", "0"} <= set(flags) or {"+", " "} <= set(flags)
    return not twice and not both and (width or not {"-", "0"} & set(flags))


def with_part(path: str, part: str) -> str:
    """Return the path with the name of a part before its ending, .csv.gz as a whole."""
    folder, slash, name = path.rpartition("/")
    stem, ending = ENDING.fullmatch(name).groups()
    return f"{folder}{slash}{stem}-{part}{ending}"


def as_test(path: str, prefix: str, number: str) -> str:
    """Return the path of a test, beside the file itself: no other job has a file of that name."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{prefix}{number}-{name}"


def check_characters(text: str) -> None:
    """Raise BadName where the text holds a character that file names should not."""
    for character in text:
        if character in "*?\\":
            raise BadName(f"'{character}' is not allowed in a file name.")
        if not character.isprintable():
            raise BadName(f"The character U+{ord(character):04X} is not allowed in a file name.")


def check_path(path: str) -> None:
    """Raise BadName where the path cannot be that of a file."""
    *folders, name = path.split("/")
    if not name:
        raise BadName("The path ends with a slash: add the name of the file.")
    if ".." in (*folders, name) or name == ".":
        raise BadName("The path must not hold '.' or '..' as a name.")
    for part, longest in ((name + TEMPORARY, LONGEST_NAME), *((f, LONGEST_NAME) for f in folders)):
        if len(part.encode()) > longest:
            raise BadName(f"A name in the path is longer than {longest} bytes with '{TEMPORARY}'.")
