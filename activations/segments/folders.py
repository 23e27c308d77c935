"""Folders of segments: a tree without circles, names unique within each folder."""

from django.db import IntegrityError, transaction

from activations.models import Folder, ParentSegment
from activations.segments.references import lock_segments


class FolderError(ValueError):
    """A folder cannot be as it was asked for: why, in a sentence."""


def tree(parent: ParentSegment) -> list[tuple[Folder, int]]:
    """Return the folders of a parent segment in the order of a tree, each with its depth."""
    within: dict[int | None, list[Folder]] = {}
    for folder in Folder.objects.filter(parent_segment=parent):
        within.setdefault(folder.within_id, []).append(folder)

    def walk(key, depth):
        for folder in within.get(key, []):
            yield folder, depth
            yield from walk(folder.pk, depth + 1)

    return list(walk(None, 0))


def path_of(folder: Folder | None) -> list[Folder]:
    """Return the folder and those that it is in, the outermost first."""
    found = []
    while folder is not None:
        found.insert(0, folder)
        folder = folder.within
    return found


def paths(parent: ParentSegment) -> dict[int, str]:
    """Return the names of each folder and those around it: "Growth / Summer"."""
    found: dict[int, str] = {}
    for folder, _ in tree(parent):
        before = f"{found[folder.within_id]} / " if folder.within_id else ""
        found[folder.pk] = before + folder.name
    return found


@transaction.atomic
def save(folder: Folder) -> Folder:
    """Save a folder, new or changed. Raise FolderError where the name or the place is not free."""
    lock_segments()
    around = path_of(Folder.objects.get(pk=folder.within_id)) if folder.within_id else []
    if folder.pk in [each.pk for each in around]:
        raise FolderError("A folder cannot be moved into itself.")
    others = Folder.objects.filter(
        parent_segment=folder.parent_segment, within=folder.within, name=folder.name
    )
    if others.exclude(pk=folder.pk).exists():
        raise FolderError(f"There is a folder “{folder.name}” here already.")
    try:
        with transaction.atomic():
            folder.save()
    except IntegrityError:
        raise FolderError(f"There is a folder “{folder.name}” here already.") from None
    return folder


@transaction.atomic
def delete(folder: Folder) -> None:
    """Delete an empty folder. Raise FolderError where something is in it."""
    lock_segments()
    segments, folders = folder.segments.count(), folder.folders.count()
    if segments or folders:
        parts = [counted(segments, "segment"), counted(folders, "folder")]
        inside = " and ".join(part for part in parts if part)
        raise FolderError(
            f"“{folder.name}” is not empty: {inside} in it. Move or delete that first."
        )
    folder.delete()


def counted(number, what):
    return f"{number:,} {what}{'' if number == 1 else 's'}" if number else ""
