"""How files are put on an SFTP server, as pages and a `--result` have it."""

from django import forms

from integrations.connectors.remote_name import BadName
from integrations.settings_form import FlagField, SettingsForm, advanced

FIVE_GIB = 5_368_709_120
LARGEST_THRESHOLD = 2**50  # no export comes near


class UploadSettings(SettingsForm):
    """Under which name a file grows, and in which batches."""

    rename_file_after_upload = FlagField(
        label="Rename file after upload finish",
        help_text="The file is uploaded with the suffix .tmp, which is removed after the "
        "transfer is completed. For tools that start as soon as they see the file. Without it, "
        "the name is a hidden one until then, where the server can rename.",
    )
    temp_file_threshold = advanced(
        forms.IntegerField(
            label="Temp filesize threshold",
            initial=FIVE_GIB,
            min_value=0,
            max_value=LARGEST_THRESHOLD,
            error_messages={"max_value": f"Use at most {LARGEST_THRESHOLD:,} bytes (1 PiB)."},
            help_text="In bytes. A larger export is uploaded in batches of this size, appended to "
            "the file. Reduce it after the error 'channel is broken'; 0 never appends.",
        )
    )


def checked(check):
    """Return the check as a validator of a form's field."""

    def validate(value):
        try:
            check(value)
        except BadName as error:
            raise forms.ValidationError(str(error)) from None

    return validate
