"""A segment through its life: save, restore, duplicate, move, delete."""

from django.db import IntegrityError, transaction

from activations.models import Segment, SegmentVersion
from activations.rules import Problem, problems
from activations.segments.references import dependents, lock_segments, users_of, where_used
from activations.segments.rewriting import CannotRewrite, rewrite
from activations.segments.usable import audience_for
from integrations import meanwhile

EDITED = ["name", "description", "folder", "updated_at"]
NOT_REFRESHED = "The parent segment was not refreshed yet, so there is nothing to choose from."


class SavedMeanwhile(Exception):
    """The segment was saved by someone else, or in another window, since it was opened.

    `told` is what the next attempt knows of it: `version` or `seen`, by the names of save().
    """

    def __init__(self, kept):
        self.told = {"version": kept.version}
        latest = kept.versions.select_related("saved_by").first()
        super().__init__(
            f"{latest.saved_by.get_username()} saved version {kept.version} of this segment after "
            "you opened it. Your rules are still here: compare that version under Versions, then "
            "save again to replace it."
        )


class RenamedMeanwhile(SavedMeanwhile):
    """Its name, description or folder was changed since the segment was opened."""

    def __init__(self, kept):
        self.told = {"seen": mark_of(kept)}
        place = f"in the folder “{kept.folder.name}”" if kept.folder else "at the top"
        Exception.__init__(
            self,
            "The name, description or folder was changed in another window, or by somebody else, "
            f"after you opened the segment: it is “{kept.name}” {place} now. What you entered is "
            "still here: save again to replace that.",
        )


class Unsound(Exception):
    """The rules cannot be saved: what is wrong with each."""

    def __init__(self, problems: list[Problem]):
        super().__init__(" ".join(each.text for each in problems))
        self.problems = problems


class NameTaken(Exception):
    """Another segment of the folder has the name."""

    def __init__(self, name):
        super().__init__(f"The folder has a segment “{name}” already. Choose a different name.")


class InUse(Exception):
    """The segment cannot be deleted: what refers to it."""

    def __init__(self, users):
        super().__init__("It is still in use.")
        self.users = users


def mark_of(segment: Segment) -> str:
    """Return what tells whether more than its rules has changed since a segment was shown."""
    return meanwhile.mark(segment.name, segment.description, segment.folder_id)


@transaction.atomic
def save(segment: Segment, *, by, opened: int | None = None, seen: str = "") -> Segment:
    """Save the segment, and its rules as a new version where they changed.

    `opened` is the version that the editor showed, `seen` the mark_of() the segment then; raise
    SavedMeanwhile where that is no longer the latest and both changed the rules, or the rest.
    Raise Unsound where the rules cannot be run, and
    NameTaken. The activations that are made of it get their SQL in the same transaction.
    """
    lock_segments()
    kept = Segment.objects.filter(pk=segment.pk).first()
    if kept and seen not in ("", mark_of(kept)) and mark_of(kept) != mark_of(segment):
        raise RenamedMeanwhile(kept)
    if kept and kept.rules == segment.rules:
        segment.version = kept.version
        written(segment, EDITED)
        return segment if kept.name == segment.name else rewritten(segment, by)
    if kept and opened is not None and opened != kept.version:
        raise SavedMeanwhile(kept)
    check(segment, by)
    segment.version = kept.version + 1 if kept else 1
    segment.customers = segment.counted_at = None  # They were of the rules before.
    written(segment, kept and [*EDITED, "rules", "version", "customers", "counted_at"])
    others = Segment.objects.filter(pk__in=dependents(segment))
    others.update(customers=None, counted_at=None)  # Its rules are a part of theirs.
    SegmentVersion.objects.create(
        segment=segment, number=segment.version, rules=segment.rules, saved_by=by
    )
    return rewritten(segment, by)


def rewritten(segment, by):
    """Let the activations follow: they can have the name in their columns, and have the rules."""
    try:
        rewrite(segment, by=by)
    except CannotRewrite as error:
        raise Unsound([Problem((), str(error))]) from None
    return segment


def written(segment, fields):
    others = Segment.objects.filter(
        parent_segment=segment.parent_segment, folder=segment.folder, name=segment.name
    )
    if others.exclude(pk=segment.pk).exists():
        raise NameTaken(segment.name)
    try:
        with transaction.atomic():
            segment.save(update_fields=fields)
    except IntegrityError:
        raise NameTaken(segment.name) from None
    return segment


def check(segment, by):
    """Raise Unsound where the rules cannot be run by the person who saves them."""
    audience = audience_for(segment.parent_segment, by)
    if audience is None:
        raise Unsound([Problem((), NOT_REFRESHED)])
    found = problems(segment.rules, audience, segment.pk)
    if segment.pk and segment.rules.get("limit") and (users := users_of(segment)):
        names = ", ".join(f"“{each.name}”" for each in users)
        text = f"It cannot have a limit: {names} refers to it. Take it out of there first."
        found.append(Problem((), text))
    if found:
        raise Unsound(found)


def restore(segment: Segment, number: int, *, by) -> Segment:
    """Make the rules of an earlier version the current ones, as a new version."""
    segment.rules = segment.versions.get(number=number).rules
    return save(segment, by=by)


def free_name(segment: Segment, name: str) -> str:
    """Return the name, or the name with the first number that the folder has not used."""
    stem, number = name[:240], 1
    others = Segment.objects.filter(parent_segment=segment.parent_segment, folder=segment.folder)
    while others.filter(name=name).exists():
        number += 1
        name = f"{stem} ({number})"
    return name


def duplicate(segment: Segment, *, by) -> Segment:
    """Return a copy beside the segment that belongs to the person, without activations."""
    copy = Segment(
        parent_segment=segment.parent_segment,
        folder=segment.folder,
        description=segment.description,
        rules=segment.rules,
        owner=by,
    )
    copy.name = free_name(copy, f"Copy of {segment.name}"[:255])
    return save(copy, by=by)


@transaction.atomic
def move(segment: Segment, folder) -> Segment:
    """Put the segment into another folder, or with None to the top. Raise NameTaken."""
    lock_segments()
    segment.folder = folder
    return written(segment, ["folder", "updated_at"])


@transaction.atomic
def delete(segment: Segment) -> None:
    """Delete the segment with its versions. Raise InUse where something refers to it."""
    lock_segments()
    if users := where_used(segment):
        raise InUse(users)
    segment.delete()
