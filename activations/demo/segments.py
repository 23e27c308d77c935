"""Making the segments of the demo, in their folders, each with its size."""

from activations.demo.rules import SEGMENTS, Made, tree
from activations.models import Folder, ParentSegment, Segment
from activations.rules import count
from activations.segments.counting import note_size
from activations.segments.running import Wait, ask
from activations.segments.saving import save
from activations.segments.usable import audience_for


def make(parent: ParentSegment) -> dict[str, Segment]:
    """Make the segments that are not there; return those of the demo by their names."""
    found, new = {}, []
    for made in SEGMENTS:
        kept = Segment.objects.filter(parent_segment=parent, name=made.name).first()
        found[made.name] = kept or segment(parent, made)
        new += [] if kept else [found[made.name]]
    note_sizes(parent, new)
    return found


def segment(parent: ParentSegment, made: Made) -> Segment:
    folder, _ = Folder.objects.get_or_create(parent_segment=parent, within=None, name=made.folder)
    new = Segment(
        parent_segment=parent,
        folder=folder,
        name=made.name,
        description=made.description,
        rules=tree(made.rules),
        owner=parent.owner,
    )
    return save(new, by=parent.owner)


def note_sizes(parent: ParentSegment, segments: list[Segment]) -> None:
    """Count the segments, all with one question, so that the list shows their sizes at once."""
    if not segments:
        return
    audience = audience_for(parent, parent.owner)
    parts = [
        f"SELECT {place} AS place, customers FROM ({one}) AS counted"  # noqa: S608
        for place, one in enumerate(count(each.rules, audience, each.pk) for each in segments)
    ]
    rows = ask(
        "\nUNION ALL\n".join(parts),
        user=parent.owner,
        database=audience.database,
        wait=Wait(patient=True),
    )
    for row in rows:
        note_size(segments[row["place"]], row["customers"])
        segments[row["place"]].customers = row["customers"]
