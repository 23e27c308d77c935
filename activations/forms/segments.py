"""What the pages of segments ask for: a segment, a folder, where something moves to."""

from django import forms

from activations.models import Folder, Segment
from activations.segments import shape
from activations.segments.folders import paths
from activations.segments.saving import mark_of

TOP = "At the top"


class FolderChoice(forms.ModelChoiceField):
    """A folder of one parent segment, by its path; nothing is the top."""

    def __init__(self, **more):
        super().__init__(Folder.objects.none(), required=False, empty_label=TOP, **more)

    def of(self, parent):
        self.queryset = Folder.objects.filter(parent_segment=parent)
        self.names = paths(parent)

    def label_from_instance(self, folder):
        return self.names[folder.pk]


class SegmentForm(forms.ModelForm):
    """A segment to save: the rules come as JSON."""

    folder = FolderChoice(label="Folder")
    rules = forms.CharField(widget=forms.Textarea, strip=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Segment
        fields = ["name", "description", "folder"]
        error_messages = {"name": {"required": "Give the segment a name to save it."}}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["folder"].of(self.instance.parent_segment)
        self.initial["seen"] = mark_of(self.instance) if self.instance.pk else ""
        self.fields["description"].widget = forms.Textarea(attrs={"rows": 2})

    def clean_rules(self):
        try:
            self.instance.rules = shape.read(self.cleaned_data["rules"])
        except shape.BadShape as error:
            raise forms.ValidationError(str(error)) from None
        return self.cleaned_data["rules"]


class FolderForm(forms.ModelForm):
    """A folder: its name, and the one that it is in."""

    within = FolderChoice(label="In the folder")

    class Meta:
        model = Folder
        fields = ["name", "within"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["within"].of(self.instance.parent_segment)


class MoveForm(forms.Form):
    """Where a segment moves to."""

    folder = FolderChoice(label="Move to")

    def __init__(self, *args, parent, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["folder"].of(parent)
