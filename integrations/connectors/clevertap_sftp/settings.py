"""Who logs in to CleverTap's SFTP server, and what is imported there."""

import uuid

from django import forms
from django.core.validators import RegexValidator

from integrations.connectors.clevertap_sftp.columns import OPERATION, guess
from integrations.connectors.clevertap_sftp.dates import FORMATS
from integrations.connectors.guard import GuardSettings, never_empty
from integrations.connectors.remote_name import BadName, check_characters
from integrations.connectors.sftp.login import (
    KeySettings,
    PatienceSettings,
    ServerSettings,
    host_field,
)
from integrations.connectors.sftp.uploading import checked
from integrations.encoders import EncoderSettings
from integrations.settings_form import FlagField, SpelledChoiceField, advanced, only_when, sampled
from integrations.table_field import Cell, TableField

TYPES = ("STRING", "INTEGER", "FLOAT", "BOOLEAN", "LONG")
CELLS = {
    "ctName": Cell("Property in CleverTap (ctName)"),
    "dataType": Cell("Data type", {"": "—"} | {kind: kind for kind in TYPES}),
    "dateFormat": Cell("Dates in the text", {"": "—"} | {each: each for each in FORMATS}),
}


class Authentication(PatienceSettings, KeySettings, ServerSettings):
    """Who logs in: a CleverTap account, with a key that is registered there."""

    host = host_field(
        help_text="The host name in the server URL at the bottom of the tab Saved Keys, under "
        "Settings > Partner > Import > SFTP in CleverTap."
    )
    username = forms.CharField(
        label="Username",
        help_text="Your CleverTap Account ID. The popup Add new import key shows it, and takes "
        "the public key: paste it under Paste your SSH public key.",
    )


def check_folder(path: str) -> None:
    """Raise BadName where the text is not a directory below that of the log-in."""
    check_characters(path)
    if path.startswith("/") or path.endswith("/") or {".", "..", ""} & set(path.split("/")):
        raise BadName("Give a directory below the one of the log-in, such as imports/daily.")


class Export(GuardSettings, EncoderSettings):
    import_type = SpelledChoiceField(
        label="Type",
        choices={"event": "Event", "profile": "Profile"},
        spellings={"EVENT": "event", "PROFILE": "profile"},
        widget=forms.RadioSelect,
        help_text="What each row is: something that a user did, or a user.",
    )
    client_email = sampled(
        forms.EmailField(
            label="Client e-mail",
            help_text="CleverTap mails it when a file is picked up, when it is imported, and when "
            "that fails, with the rows that failed attached.",
        ),
        "name@example.com",
    )
    columns = TableField(
        label="Columns",
        names="Column",
        cells=CELLS,
        help_text="What the columns of the query are in CleverTap. A column without a property "
        "keeps its name, one without a data type is a STRING. Users need one of identity, "
        "objectId, guid, fbId or gpId; events need evtName; ts is the time. MSG-sms, MSG-email, "
        "MSG-whatsapp, MSG-push, MSG-dndSMS, MSG-dndEmail and MSG-dndWhatsApp are BOOLEAN. "
        "Dates and timestamps are sent as $D_ and the epoch, texts too where their format is "
        "chosen. A column x.operation holds $add, $remove, $set or $delete for the column x.",
    )
    skip_invalid = FlagField(
        label="Skip invalid records?",
        help_text="Rows that CleverTap would not import are left out and listed on the page of "
        "the job. Otherwise one of them stops the export.",
    )
    file_name = forms.CharField(
        label="File name",
        initial="import",
        max_length=100,
        validators=[RegexValidator(r"^[A-Za-z0-9_-]+\Z", "Use letters, digits, - and _.")],
        help_text="How the names of the files begin. The time, the numbers of the job, of the "
        "attempt and of the file, and .csv or .manifest are added: no name is used twice.",
    )
    folder = advanced(
        forms.CharField(
            label="Folder",
            required=False,
            initial="",
            max_length=200,
            validators=[checked(check_folder)],
            help_text="A directory below the one of the log-in. Blank: that one.",
        )
    )
    encoders = SpelledChoiceField(
        label="Encryption",
        initial="",
        required=False,
        choices={"": "None", "encrypt_pgp": "PGP encryption"},
        spellings={"none": "", "None": "", "pgp": "encrypt_pgp"},
        help_text="Encrypted files end with .csv.asc. Use the public half of a key whose private "
        "half and passphrase were uploaded to CleverTap.",
    )
    key_id = only_when(
        forms.CharField(
            label="Key ID in CleverTap",
            max_length=60,
            help_text="The keyId that CleverTap shows for the uploaded key, a UUID.",
        ),
        encoders="encrypt_pgp",
    )
    armor = compression_type = gz_level = None  # Always armoured, and never compressed.
    empty_result = never_empty()

    field_order = [
        "import_type",
        "client_email",
        "columns",
        "skip_invalid",
        "file_name",
        "encoders",
        "public_key",
        "key_identifier",
        "key_id",
    ]

    def clean_key_id(self):
        try:
            return str(uuid.UUID(self.cleaned_data["key_id"].strip()))
        except ValueError:
            raise forms.ValidationError(
                "Give the UUID, such as 3f1d2c9e-6a0b-4a53-9a43-5d1f9f2f7c11."
            ) from None

    def suggest(self, columns):
        """Begin the table with the columns of the query, guessed where nothing was said yet."""
        stored = self.initial.get("columns") or {}
        names = {name: kind for name, kind in columns if not name.endswith(OPERATION)}
        rows = {
            name: stored.get(name, {}) if stored else guess(name, kind)
            for name, kind in names.items()
        }
        self.initial["columns"] = rows | stored
