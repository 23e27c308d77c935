"""What is sent to Salesforce DMP."""

from django import forms

from integrations.connectors.guard import GuardSettings
from integrations.connectors.remote_name import BadName, check_characters
from integrations.connectors.s3.export import check_bucket
from integrations.settings_form import FlagField, SpelledChoiceField, advanced

ENDINGS = {"": ".txt", "gz": ".txt.gz"}
OURS = "Salesforce does not publish where this connector's files go: change it only on its advice."
SKIPPED = (
    "Leave out rows that break a rule, and list them on the page of the job: no user_id; neither "
    "a segment nor an attribute; a value that holds a separator (^ ; , or :) or a line break; a "
    "value of 255 characters or more. Otherwise such a row ends the export before anything is sent."
)


class Export(GuardSettings):
    export_type = forms.ChoiceField(
        label="Export Data",
        initial="first_party_segment",
        choices={"first_party_segment": "First-party segment"},
        help_text="The first-party segment type is supported.",
    )
    skip_invalid = FlagField(label="Skip invalid records", help_text=SKIPPED)
    append = FlagField(
        label="Append exported results into same date folder path",
        help_text="If selected, new files are created when you export many times on one day. If "
        "clear, data is replaced: the second run of a UTC day replaces the file of the first.",
    )
    empty_result = advanced(
        SpelledChoiceField(
            label="Empty result",
            initial="send",
            required=False,
            choices={
                "send": "Send an empty file",
                "skip": "Send nothing, and say so",
                "fail": "Fail",
            },
            spellings={"": "send"},
            help_text="What happens when the query finds no rows. Skipping leaves the file of the "
            "day as it is.",
        )
    )
    bucket = advanced(
        forms.CharField(
            label="Bucket",
            initial="krux-partners",
            max_length=63,
            help_text="The bucket in which Salesforce DMP looks for files.",
        )
    )
    folder = advanced(
        forms.CharField(
            label="Folder",
            initial="{client}/uploads/first_party_segment",
            max_length=500,
            help_text="The folder in which there is one for each UTC day, such as 2026-03-31. "
            f"{{client}} is the client name. {OURS}",
        )
    )
    file_name = advanced(
        forms.CharField(
            label="File name",
            initial="first_party_segment",
            max_length=200,
            help_text="Without ending: that is .txt, or .txt.gz when compressed. The time and the "
            "number of the job are added when the export appends.",
        )
    )
    encoders = advanced(
        SpelledChoiceField(
            label="Compression",
            initial="",
            required=False,
            choices={"": "None", "gz": "gz"},
            spellings={"none": "", "None": "", "gzip": "gz"},
            help_text="How the file is compressed.",
        )
    )
    field_separator = advanced(
        forms.ChoiceField(
            label="Separator of user and attributes",
            initial="^",
            choices={"^": "^", "|": "|", "~": "~"},
            help_text="Krux's published line format has ^.",
        )
    )
    attribute_separator = advanced(
        forms.ChoiceField(
            label="Separator of attributes",
            initial=";",
            choices={";": ";", ",": ",", "|": "|"},
            help_text="Krux's published line format has ; between one attribute and the next.",
        )
    )
    value_separator = advanced(
        forms.ChoiceField(
            label="Separator of values",
            initial=",",
            choices={",": ",", ";": ";", "|": "|"},
            help_text="Krux's published line format has , between the values of one attribute.",
        )
    )
    segment_attribute = advanced(
        forms.RegexField(
            r"^[A-Za-z0-9_. -]+$",
            label="Name of the segment attribute",
            initial="segment",
            max_length=200,
            error_messages={"invalid": "Use letters, digits, blanks, dots and hyphens only."},
            help_text="The attribute that the values of td_segment are written as.",
        )
    )

    def clean_bucket(self):
        check_bucket(self.cleaned_data["bucket"])
        return self.cleaned_data["bucket"]

    def clean_folder(self):
        folder = self.cleaned_data["folder"].strip("/")
        rest = folder.replace("{client}", "client")
        if "{" in rest or "}" in rest:
            raise forms.ValidationError("There is no placeholder but {client}.")
        return with_characters(folder)

    def clean_file_name(self):
        name = self.cleaned_data["file_name"]
        if "/" in name:
            raise forms.ValidationError("Give the name alone; the folder is a setting of its own.")
        return with_characters(name)

    def clean(self):
        settings = super().clean()
        names = ("field_separator", "attribute_separator", "value_separator")
        given = [settings[name] for name in names if name in settings]
        if len(set(given)) < len(given):
            self.add_error("value_separator", "The separators have to differ from each other.")
        return settings


def with_characters(name):
    """Return the name. Raise ValidationError where it holds a character that no name should."""
    try:
        check_characters(name)
    except BadName as error:
        raise forms.ValidationError(str(error)) from None
    if {".", ".."} & set(name.split("/")):
        raise forms.ValidationError("'.' and '..' are not allowed as a name.")
    return name
