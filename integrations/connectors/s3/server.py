"""Which S3 server is asked, how, and for how long: what all who use one have to know."""

from urllib.parse import urlsplit

from django import forms
from django.conf import settings

from integrations.errors import PermanentError
from integrations.settings_form import FlagField, SettingsForm, advanced

WHOSE = ("endpoint", "region")  # A bucket is the same one whichever key opens it.
NO_ROLE = "This console may not use the instance role of its machine."
NO_ROLE_REMEDY = (
    "Use an access key. An administrator can allow the role in CONSOLE_S3_INSTANCE_ROLE."
)


class ServerSettings(SettingsForm):
    """Where the server is, and how patient to be with it."""

    region = forms.RegexField(
        r"^[a-z0-9][a-z0-9-]*$",
        label="Region",
        initial="us-east-1",
        max_length=60,
        error_messages={"invalid": "Enter the name of a region, such as eu-west-1."},
        help_text="The region of the bucket, such as eu-west-1.",
    )
    endpoint = advanced(
        forms.CharField(
            label="Endpoint",
            required=False,
            initial="",
            max_length=255,
            help_text="The address of a server other than Amazon's, such as "
            "https://storage.example.com. Blank is Amazon S3.",
        )
    )
    path_style = advanced(
        FlagField(
            label="Path style",
            help_text="Write the bucket into the path of the address, not into the name of the "
            "host. Most servers other than Amazon's need it.",
        )
    )
    max_connection_retry = advanced(
        forms.IntegerField(
            label="Retry limit",
            initial=10,
            min_value=0,
            max_value=100,
            help_text="Number of times to retry after a failure that can pass.",
        )
    )
    timeout = advanced(
        forms.IntegerField(
            label="Timeout",
            initial=60,
            min_value=1,
            max_value=3600,
            help_text="Seconds that the server may be silent.",
        )
    )

    def clean_endpoint(self):
        endpoint = self.cleaned_data["endpoint"].rstrip("/")
        if endpoint:
            check_endpoint(endpoint)
        if endpoint.startswith("http://"):
            self.cautions["endpoint"] = "Over http, whoever is on the way can read what is sent."
        return endpoint


def check_endpoint(endpoint):
    """Raise ValidationError for what is not the address of a server alone."""
    try:
        parts = urlsplit(endpoint)
        whole = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    except ValueError:
        whole = False
    if not whole or not endpoint.isascii() or parts.username is not None:
        raise forms.ValidationError("Enter a whole address, such as https://storage.example.com.")
    if parts.path or parts.query or parts.fragment:
        raise forms.ValidationError("Give the address of the server alone, without a path.")


def address_of(given: dict) -> str:
    """Return the address that requests go to."""
    return given["endpoint"] or f"https://s3.{given['region']}.amazonaws.com"


def account(given: dict):
    """Return the account that the settings are for. PermanentError: it may not be used here."""
    from integrations.transports.s3 import Account

    role = given.get("auth_method") == "instance_role"
    if role and not settings.S3_INSTANCE_ROLE:
        raise PermanentError(NO_ROLE, remedy=NO_ROLE_REMEDY)
    return Account(
        region=given["region"],
        endpoint=given["endpoint"],
        path_style=given["path_style"],
        instance_role=role,
        access_key_id=given.get("access_key_id", ""),
        secret_access_key=given.get("secret_access_key", ""),
        timeout=float(given["timeout"]),
    )
