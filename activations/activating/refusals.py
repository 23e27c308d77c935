"""Why an activation is not saved: a sentence each, and the part of the form that it is about."""

from django.utils.timezone import localtime

DETAILS, MAPPING, SCHEDULE = "details", "mapping", "schedule"
MOST_NAMED = 8


class NotSaved(Exception):
    """An activation cannot be saved as it is."""

    step = DETAILS
    field = ""  # of the step; none: it is about all of it


class NameTaken(NotSaved):
    """Another activation of the segment has the name."""

    field = "name"

    def __init__(self, name):
        super().__init__(
            f"The segment has an activation “{name}” already. Choose a different name."
        )


class SavedMeanwhile(NotSaved):
    """It was saved in another window, or by someone else, since it was opened."""

    def __init__(self, kept):
        self.opened = opened_at(kept)
        super().__init__(
            f"This activation was saved at {localtime(kept.updated_at):%H:%M:%S}, after you "
            "opened it. Your entries are still here: save again to replace what was saved then."
        )


class Gone(NotSaved):
    """It was deleted since it was opened."""

    def __init__(self, name):
        super().__init__(f"“{name}” was deleted meanwhile. Create a new activation.")


class NoSegment(NotSaved):
    """Its segment was deleted since it was opened."""

    def __init__(self, name):
        super().__init__(f"The segment “{name}” was deleted meanwhile. Choose another one.")


class NotYours(NotSaved):
    """The person may not change it."""

    def __init__(self, activation):
        owner = activation.query.owner.get_username()
        super().__init__(
            f"Only {owner}, its owner, the owner of the parent segment and administrators may "
            "change this activation."
        )


class Unusable(NotSaved):
    """Its owner, or who chose it, may not use the authentication, or it is no longer there."""

    field = "authentication"

    def __init__(self, name, user):
        self.why = (
            f"{user.get_username()} cannot use the authentication “{name}”: it was deleted, or "
            "is not shared."
        )
        super().__init__(f"{self.why} Choose another one.")


class Off(NotSaved):
    """Nothing new can be made with the connector."""

    field = "authentication"

    def __init__(self, off):
        self.why = off.sentence
        super().__init__(f"{self.why} Choose an authentication of another connector.")


class NoCopy(NotSaved):
    """A copy would export with what nothing new can be made with; it has no choice of its own."""

    def __init__(self, refused: Unusable | Off):
        super().__init__(
            f"{refused.why} Save this one as a template instead, and begin a new activation with "
            "it: that asks for a destination."
        )


class NoTable(NotSaved):
    """Its owner, or who chose it, may not write to the table."""

    def __init__(self, database, user):
        super().__init__(
            f"There is no database {database} that {user.get_username()} may write to. Choose "
            "another one, or ask its owner for the right to write there."
        )


class NotRefreshed(NotSaved):
    """There are no customers yet."""

    step = MAPPING

    def __init__(self, parent):
        super().__init__(
            f"{parent.name} was not refreshed yet, so there are no columns to export. Refresh it "
            "first."
        )


class Unsound(NotSaved):
    """The segment or the mapping cannot be run: what is wrong with which part."""

    step, field = MAPPING, "mapping"

    def __init__(self, problems):
        super().__init__(" ".join(dict.fromkeys(each.text for each in problems)))
        self.problems = problems


class NoSuchKey(NotSaved):
    """Rows would be compared by columns that are not in the output."""

    def __init__(self, missing, names):
        super().__init__(
            f"Rows cannot be told apart by {named(missing)}: the output has no such column. It has "
            f"{named(names)}."
        )


class ColumnTaken(NotSaved):
    """The column that tells what became of a row has the name of another one."""

    def __init__(self, name):
        super().__init__(
            f"The output has a column “{name}”, so what became of a row cannot be told in one of "
            "that name. Choose a different name."
        )


class BadTiming(NotSaved):
    """It cannot run when it was asked to."""

    step = SCHEDULE


def named(names) -> str:
    """Return names in quotes, the first of many."""
    shown = ", ".join(f"“{name}”" for name in names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED:,} more" if names[MOST_NAMED:] else shown


def opened_at(activation) -> str:
    """Return what tells whether an activation was saved since it was opened."""
    return activation.updated_at.isoformat() if activation.pk else ""
