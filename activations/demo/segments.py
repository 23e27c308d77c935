"""Making the segments of the demo, in their folders, each with its size."""

from activations.demo.rules import SEGMENTS, Made, tree
from activations.models import Folder, ParentSegment, Segment
from activations.segments.counting import count, note_size
from activations.segments.running import Wait
from activations.segments.saving import save
from activations.segments.usable import audience_for


def make(parent: ParentSegment) -> dict[str, Segment]:
    """Make the segments that are not there; return those of the demo by their names."""
    found = {}
    for made in SEGMENTS:
        folder, _ = Folder.objects.get_or_create(
            parent_segment=parent, within=None, name=made.folder
        )
        kept = Segment.objects.filter(parent_segment=parent, name=made.name).first()
        found[made.name] = kept or segment(parent, folder, made)
    return found


def segment(parent: ParentSegment, folder: Folder, made: Made) -> Segment:
    """Make a segment, and count it: the list shows its size at once."""
    new = Segment(
        parent_segment=parent,
        folder=folder,
        name=made.name,
        description=made.description,
        rules=tree(made.rules),
        owner=parent.owner,
    )
    saved = save(new, by=parent.owner)
    audience = audience_for(parent, parent.owner)
    note_size(saved, count(saved.rules, audience, user=parent.owner, wait=Wait(patient=True)))
    saved.refresh_from_db()
    return saved
