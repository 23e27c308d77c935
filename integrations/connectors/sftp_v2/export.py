"""What is written to an SFTP server, where, and how."""

from datetime import UTC, datetime

from django import forms

from integrations.connectors.guard import GuardSettings
from integrations.connectors.placeholders import expanded
from integrations.connectors.remote_name import BadName, check_characters, check_path, sequence
from integrations.connectors.sftp.uploading import UploadSettings, checked
from integrations.encoders import EncoderSettings
from integrations.formats import FormatSettings
from integrations.settings_form import FlagField, advanced, only_when, sampled

LONGEST = datetime(2999, 12, 31, tzinfo=UTC), 12 * "9"  # what makes the longest name


class YesNoField(forms.BooleanField):
    """A yes or no that has to be chosen."""

    widget = forms.RadioSelect(choices=[("True", "Yes"), ("False", "No")])

    def to_python(self, value):
        return None if value in (None, "") else super().to_python(value)

    def validate(self, value):
        if value is None:
            raise forms.ValidationError(self.error_messages["required"], code="required")


class Export(GuardSettings, UploadSettings, FormatSettings, EncoderSettings):
    user_directory_is_root = YesNoField(
        label="Is user directory Root?",
        help_text="Yes: the path starts in the directory the user logs in to. "
        "No: it starts at the server's root, as in /home/john/day1/my_data.csv.",
    )
    path_prefix = sampled(
        forms.CharField(
            label="Path prefix",
            max_length=4096,
            validators=[checked(check_characters)],
            help_text="The file to write, such as /upload/conversions/filename.csv. "
            "Missing directories are created. {yyyy}{MM}{dd}-{HH}{mm}{ss} is the time the schedule "
            "was due, in its time zone; {job} is the number of the job. Write {{ for a brace.",
        ),
        "/upload/conversions/filename.csv",
    )
    sequence_format = advanced(
        forms.CharField(
            label="Sequence format",
            required=False,
            initial="",
            max_length=100,
            validators=[checked(check_characters)],
            help_text="Added to the path: two numbers, for instance .%03d.%02d for .000.00. "
            "Blank adds nothing.",
        )
    )
    file_ext = advanced(
        forms.CharField(
            label="File extension",
            required=False,
            initial="",
            max_length=100,
            validators=[checked(check_characters)],
            help_text="Added after the sequence, such as .gz. Blank adds nothing.",
        )
    )

    write_straight = advanced(
        only_when(
            FlagField(
                label="Write straight under its name",
                help_text="For servers on which a program takes every file as soon as it is "
                "closed, temporary ones too: it would get each one twice. The file is seen while "
                "it grows, and one that has the name is lost as soon as the upload begins.",
            ),
            rename_file_after_upload=False,
        )
    )

    field_order = [
        "user_directory_is_root",
        "path_prefix",
        "sequence_format",
        "file_ext",
        "rename_file_after_upload",
        "format",
    ]

    def clean_sequence_format(self):
        format_ = self.cleaned_data["sequence_format"]
        try:
            sequence(format_, 0, 0)
        except BadName as error:
            raise forms.ValidationError(str(error)) from None
        return format_

    def clean(self):
        settings = super().clean()
        if {"path_prefix", "sequence_format", "file_ext"} <= settings.keys():
            try:
                check_path(remote_name(settings, *LONGEST))
            except BadName as error:
                self.add_error("path_prefix", str(error))
        return settings


def remote_name(settings: dict, slot: datetime, job: str) -> str:
    """Return the path of the file as the settings give it for a slot and a job."""
    number = sequence(settings["sequence_format"], 0, 0)
    return expanded(settings["path_prefix"], slot, job) + number + settings["file_ext"]
