"""Which list goes to Rokt, under which name, and how."""

from datetime import UTC, datetime

from django import forms

from integrations.connectors.guard import GuardSettings
from integrations.connectors.placeholders import expanded
from integrations.connectors.remote_name import BadName, check_characters, check_path
from integrations.connectors.sftp.uploading import UploadSettings, checked
from integrations.formats import FormatSettings
from integrations.settings_form import FlagField, SpelledChoiceField, advanced, only_when, sampled

LONGEST = datetime(2999, 12, 31, tzinfo=UTC), 12 * "9"  # what makes the longest name
AUDIENCES = {"include": "Include Audience", "exclude": "Exclude Audience"}
CONVERSIONS = "conversions"
ENDINGS = (".csv", ".txt")


def check_folder(name: str) -> None:
    """Raise BadName where the text is not the name of one directory."""
    check_characters(name)
    if "/" in name or name in (".", ".."):
        raise BadName("Give the name of one directory, without slashes.")


def check_file_name(name: str) -> None:
    """Raise BadName for a name that Rokt does not process."""
    check_characters(name)
    if "/" in name:
        raise BadName("Give the name of the file alone: the directory follows from the list.")
    if name.startswith("."):
        raise BadName("Rokt takes files whose names begin with a dot for temporary ones.")
    if not name.lower().endswith(ENDINGS):
        raise BadName("Rokt takes files whose names end with .csv or .txt.")


def only_audiences(field):
    """Ask for the field only where the list is an audience."""
    field.conditions = tuple(("list_kind", kind) for kind in AUDIENCES)
    return field


class Export(GuardSettings, UploadSettings, FormatSettings):
    list_kind = forms.ChoiceField(
        label="List",
        choices=AUDIENCES | {CONVERSIONS: "Conversions"},
        widget=forms.RadioSelect,
        help_text="People to target, people to keep offers from, or what people did. "
        "The directory on Rokt's server follows from it.",
    )
    advertiser_database = only_audiences(
        forms.CharField(
            label="Advertiser database",
            max_length=200,
            validators=[checked(check_folder)],
            help_text="The directory that Rokt gave you, as AdvertiserDatabase in "
            "/upload/custom-audience/include/AdvertiserDatabase/filename.csv.",
        )
    )
    list_name = only_audiences(
        forms.CharField(
            label="List name",
            required=False,
            initial="",
            max_length=200,
            validators=[checked(check_folder)],
            help_text="A directory below it that names the list, such as MyList. "
            "Blank: the file goes into the directory above.",
        )
    )
    file_name = sampled(
        forms.CharField(
            label="File name",
            max_length=250,
            validators=[checked(check_file_name)],
            help_text="Ends with .csv or .txt, such as customers-{yyyy}{MM}{dd}.csv. "
            "{yyyy}{MM}{dd}-{HH}{mm}{ss} is the time the schedule was due, in its time zone; {job} "
            "is the number of the job. Write {{ for a brace.",
        ),
        "customers-{yyyy}{MM}{dd}.csv",
    )
    email_format = SpelledChoiceField(
        label="E-mail addresses",
        initial="sha256",
        choices={"sha256": "Hash with SHA-256", "plain": "Send as they are"},
        spellings={"SHA-256": "sha256", "SHA256": "sha256", "sha-256": "sha256"},
        help_text="Hashing trims an address and writes it in lower case first; what is a SHA-256 "
        "already stays one. Sent as they are, all have to be plain or all hashed: only blanks "
        "around them are removed.",
    )
    email_column = advanced(
        forms.CharField(
            label="E-mail column",
            required=False,
            initial="",
            max_length=200,
            help_text="The column of the addresses. Blank: the only column of the result, or the "
            "only one that is called email, email_sha256, hashed_email or alike.",
        )
    )
    skip_invalid = FlagField(
        label="Skip invalid records?",
        help_text="Rows without a valid address are left out and listed on the page of the job. "
        "Otherwise one of them stops the export.",
    )
    rename_file_after_upload = FlagField(
        label="Rename file after upload finish",
        initial=True,
        help_text="The file is uploaded with the suffix .tmp, which is removed after the transfer "
        "is completed. Without it, the name begins with a dot until then, where the server can "
        "rename: Rokt ignores such files.",
    )
    encoders = advanced(
        SpelledChoiceField(
            label="Encoders",
            initial="",
            required=False,
            choices={"": "None"},
            spellings={"none": "", "None": ""},
            help_text="Rokt takes files that are neither compressed nor encrypted.",
        )
    )
    header_line = advanced(
        only_when(
            FlagField(
                label="Header line?",
                help_text="Write the names of the columns as the first line. Rokt asks for files "
                "without one; lists of audiences never have it.",
            ),
            list_kind=CONVERSIONS,
        )
    )

    field_order = [
        "list_kind",
        "advertiser_database",
        "list_name",
        "file_name",
        "email_format",
        "skip_invalid",
        "rename_file_after_upload",
    ]

    def clean(self):
        settings = super().clean()
        settings.setdefault("header_line", False)  # Of an audience nobody is asked.
        if not self.errors:
            try:
                check_path(remote_name(settings, *LONGEST))
            except BadName as error:
                self.add_error("file_name", str(error))
        return settings


def remote_name(settings: dict, slot: datetime, job: str) -> str:
    """Return the path of the file as Rokt wants it for such a list."""
    return "/".join((folder_of(settings), expanded(settings["file_name"], slot, job)))


def folder_of(settings: dict) -> str:
    if settings["list_kind"] == CONVERSIONS:
        return "/upload/conversions"
    parts = (settings["advertiser_database"], settings.get("list_name", ""))
    return "/".join(filter(None, ("/upload/custom-audience", settings["list_kind"], *parts)))
