"""What a comparison found, in sentences."""

FIRST = {
    "first": "There is nothing to compare with yet",
    "key": "The key is another one than before",
    "lost": "What was delivered before is not there any more",
}


def counted(counts: dict[str, int]) -> str:
    """Return the numbers of rows in words."""
    return ", ".join(f"{counts[name]:,} {name}" for name in ("added", "changed", "removed"))


def total(compared: dict) -> int:
    return sum(compared["sent"].values())


def in_words(compared: dict) -> str:
    """Return what differs as a line of the log."""
    if compared["why"]:
        opening = f"{FIRST[compared['why']]}: all rows count as added."
    elif compared["reshaped"]:
        opening = f"The columns became others than {', '.join(compared['reshaped'])}: all rows "
        opening += "count as changed."
    elif compared["everything"]:
        opening = "Everything is sent this time, as was asked for."
    else:
        opening = f"Compared with job {compared['against']}."
    found = f"{counted(compared['counts'])}; {compared['counts']['same']:,} are the same."
    left_out = [name for name, sent in compared["sent"].items() if sent != compared["counts"][name]]
    told = f" Not sent, as set: {' and '.join(left_out)}." if left_out else ""
    return f"{opening} {found}{told}"


def would(compared: dict) -> str:
    """Return what a run would send."""
    rows = total(compared)
    sent = f"{rows:,} row{'' if rows == 1 else 's'}: {counted(compared['sent'])}"
    if compared["why"]:
        return f"{FIRST[compared['why']]}, so the next run begins with all rows: {sent}."
    return f"The next run would send {sent}." if rows else "The next run would send nothing."


def nothing_changed(compared: dict) -> str:
    """Return why nothing is sent."""
    if any(compared["counts"][name] for name in ("added", "changed", "removed")):
        return f"nothing of what changed is sent ({counted(compared['counts'])})."
    since = f" since job {compared['against']}" if compared["against"] else ""
    return f"nothing has changed{since}."


ALL_ROWS = (
    "Each run takes the place of {}, so that of changes alone nothing else would be left there."
)
REMOVALS_REMEDY = "Do not send removed rows."
MODE_REMEDY = "Send all rows in each run, or let the export add to what is there."


def bad_keys(key: list[str], bad: dict) -> str:
    """Return what is wrong with the keys of a result, without a value that not all may see."""
    names = " and ".join(key)
    said = []
    if bad["without"]:
        rows = "1 row has" if bad["without"] == 1 else f"{bad['without']:,} rows have"
        said.append(f"{rows} no value in the key {names}.")
    if bad["twice"]:
        keys = (
            f"1 key of {names} is" if bad["twice"] == 1 else f"{bad['twice']:,} keys of {names} are"
        )
        said.append(f"{keys} in the result more than once.")
    return f"{' '.join(said)} Nothing was sent."


def keys_named(key: list[str], bad: dict) -> str:
    """Return the first keys that are there twice, for those who may see the result; or ""."""
    if not bad["twice"]:
        return ""
    first = "; ".join(", ".join(map(str, each)) for each in bad["first"])
    more = ", and further ones" if bad["twice"] > len(bad["first"]) else ""
    return f"In the result more than once, by {' and '.join(key)}: {first}{more}."
