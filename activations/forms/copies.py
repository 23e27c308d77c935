"""What is asked for a copy of an activation, and for a template of one."""

from django import forms

from activations.models import Segment
from activations.segments.folders import paths


class OneSegment(forms.ModelChoiceField):
    """A segment, named with the folders that it is in."""

    def __init__(self):
        super().__init__(Segment.objects.none(), label="Segment", empty_label=None)
        self.paths = {}

    def offer(self, parent):
        self.queryset = Segment.objects.filter(parent_segment=parent).order_by("name")
        self.paths = paths(parent)

    def label_from_instance(self, segment):
        folder = self.paths.get(segment.folder_id)
        return f"{folder} / {segment.name}" if folder else segment.name


class CopyForm(forms.Form):
    name = forms.CharField(max_length=255, error_messages={"required": "Give the copy a name."})
    segment = OneSegment()

    def __init__(self, *given, parent, **more):
        super().__init__(*given, **more)
        self.fields["segment"].offer(parent)


class TemplateForm(forms.Form):
    name = forms.CharField(max_length=255, error_messages={"required": "Give the template a name."})
