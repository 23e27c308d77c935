"""What is written to a bucket, where, and how."""

import re
from datetime import UTC, datetime

from django import forms

from integrations.connectors.guard import GuardSettings
from integrations.connectors.placeholders import expanded
from integrations.connectors.remote_name import BadName, check_characters
from integrations.encoders import EncoderSettings
from integrations.formats import AnyFormatSettings
from integrations.settings_form import SpelledChoiceField, advanced, only_when, sampled

LONGEST_KEY = 1024  # bytes
LONGEST = datetime(2999, 12, 31, tzinfo=UTC), 12 * "9"  # what makes the longest name
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PACKED_AGAIN = {"encoders": ("gz", "bzip2"), "compression_type": ("gzip", "bzip2")}
PACKED = (
    "A Parquet file is compressed already, and what reads it could not open it so: choose None. "
    "PGP encryption is possible."
)
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


class Export(GuardSettings, AnyFormatSettings, EncoderSettings):
    bucket = sampled(
        forms.CharField(
            label="Bucket",
            max_length=63,
            help_text="The name of the bucket alone, such as my-company-exports.",
        ),
        "my-company-exports",
    )
    path_prefix = sampled(
        forms.CharField(
            label="Path prefix",
            max_length=4096,
            help_text="The object to write, such as exports/{yyyy}/{MM}/{dd}/customers.csv; one "
            "that is there is replaced. {yyyy}{MM}{dd}-{HH}{mm}{ss} is the time the schedule was "
            "due, in its time zone; {job} is the number of the job. Write {{ for a brace.",
        ),
        "exports/{yyyy}/{MM}/{dd}/customers.csv",
    )
    encryption = SpelledChoiceField(
        label="Server-side encryption",
        initial="",
        required=False,
        choices={
            "": "As the bucket is set",
            "AES256": "AES256 (key of S3)",
            "aws:kms": "aws:kms (key of KMS)",
        },
        spellings={"none": "", "sse-s3": "AES256", "SSE-S3": "AES256", "sse-kms": "aws:kms"},
        help_text="How the server encrypts what it keeps.",
    )
    kms_key_id = only_when(
        forms.CharField(
            label="KMS key ID",
            required=False,
            initial="",
            max_length=2048,
            help_text="ID or ARN of the key. Blank is the key of the bucket.",
        ),
        encryption="aws:kms",
    )
    storage_class = advanced(
        SpelledChoiceField(
            label="Storage class",
            initial="",
            required=False,
            choices={
                "": "As the bucket is set",
                "STANDARD": "STANDARD",
                "STANDARD_IA": "STANDARD_IA",
                "ONEZONE_IA": "ONEZONE_IA",
                "INTELLIGENT_TIERING": "INTELLIGENT_TIERING",
                "GLACIER_IR": "GLACIER_IR",
                "GLACIER": "GLACIER",
                "DEEP_ARCHIVE": "DEEP_ARCHIVE",
                "REDUCED_REDUNDANCY": "REDUCED_REDUNDANCY",
            },
            spellings={"default": ""},
            help_text="What keeping the object costs, and how soon it can be read.",
        )
    )
    part_size = advanced(
        forms.IntegerField(
            label="Part size (MiB)",
            initial=8,
            min_value=5,
            max_value=512,
            help_text="A larger object is sent in parts of this size, four at a time, which are "
            "in memory meanwhile. An object has at most 10,000 parts.",
        )
    )

    field_order = ["bucket", "path_prefix", "format"]

    def clean_bucket(self):
        bucket = self.cleaned_data["bucket"]
        check_bucket(bucket)
        return bucket

    def clean_path_prefix(self):
        prefix = self.cleaned_data["path_prefix"]
        try:
            check_characters(prefix)
            object_key(prefix, *LONGEST)
        except BadName as error:
            raise forms.ValidationError(str(error)) from None
        return prefix

    def clean(self):
        settings = super().clean()
        if settings.get("format") == "parquet":
            for name, wrong in PACKED_AGAIN.items():
                if settings.get(name) in wrong:
                    self.add_error(name, PACKED)
        return settings


def check_bucket(bucket: str) -> None:
    """Raise ValidationError for what cannot be the name of a bucket."""
    if "/" in bucket:
        raise forms.ValidationError("Give the bucket alone, without s3:// and without a path.")
    if not BUCKET.fullmatch(bucket) or ".." in bucket or ADDRESS.fullmatch(bucket):
        raise forms.ValidationError(
            "A bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens."
        )


def object_key(prefix: str, slot: datetime, job: str) -> str:
    """Return the key as it is for a slot and a job. Raise BadName where no object can have it."""
    key = expanded(prefix, slot, job).lstrip("/")
    check_key(key)
    return key


def check_object(path: str) -> None:
    """Raise BadName where no object can be at the path, s3://BUCKET/KEY."""
    check_key(path.removeprefix("s3://").partition("/")[2])


def check_key(key: str) -> None:
    *folders, name = key.split("/")
    if not name:
        raise BadName("The path ends with a slash: add the name of the file.")
    if {".", "..", ""} & {*folders, name}:
        raise BadName("The path must not hold '.', '..' or nothing as a name.")
    if len(key.encode()) > LONGEST_KEY:
        raise BadName(f"The path is longer than {LONGEST_KEY:,} bytes.")
