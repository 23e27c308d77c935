"""Which CleverTap account, and where its region is."""

import re

from django import forms

from integrations.settings_form import SecretField, SettingsForm, advanced, only_when, sampled

REGIONS = {
    "in1": "India (in1)",
    "sg1": "Singapore (sg1)",
    "us1": "US (us1)",
    "eu1": "Europe (eu1)",
    "aps3": "Indonesia (aps3)",
    "mec1": "UAE (mec1)",
    "other": "Another host",
}
HOST = re.compile(r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?")
ENDING = ".api.clevertap.com"
OWN_MACHINE = ("127.0.0.1", "localhost", "[::1]")
# What would end a header, or is no part of one.
WORD = re.compile(r"[!-~]+")


def checked_word(value):
    if not WORD.fullmatch(value):
        raise forms.ValidationError("Enter letters and digits without blanks.")


class Authentication(SettingsForm):
    account_id = sampled(
        forms.CharField(
            label="Account ID",
            max_length=100,
            validators=[checked_word],
            help_text="The Project ID in CleverTap under Settings > Project.",
        ),
        "your-account-ID",
    )
    account_passcode = SecretField(
        label="Account Passcode",
        max_length=200,
        validators=[checked_word],
        help_text="The passcode in CleverTap under Settings > Project. Custom lists need one of "
        "an admin.",
    )
    region = forms.ChoiceField(
        label="Region",
        initial="eu1",
        choices=REGIONS,
        help_text="As CleverTap shows it under Settings > Project. Another one refuses the "
        "credentials.",
    )
    api_host = only_when(
        forms.CharField(
            label="API host",
            max_length=255,
            help_text="Name of the host, such as in2.api.clevertap.com.",
        ),
        region="other",
    )
    retry_limit = advanced(
        forms.IntegerField(
            label="Retry limit",
            initial=10,
            min_value=0,
            max_value=100,
            help_text="How often a request is tried again that CleverTap is too busy for, or "
            "that gets no answer. The waits grow from 1 second to 10 minutes.",
        )
    )
    timeout = advanced(
        forms.IntegerField(
            label="Timeout",
            initial=60,
            min_value=1,
            max_value=3600,
            help_text="Seconds to wait for an answer.",
        )
    )

    def clean_api_host(self):
        host = self.cleaned_data["api_host"].strip().rstrip("/")
        found = HOST.fullmatch(host if "://" in host else f"https://{host}")
        if not found:
            raise forms.ValidationError("Give the name of one host, without user and path.")
        scheme, name, _ = found.groups()
        if scheme == "http" and name not in OWN_MACHINE:
            raise forms.ValidationError("Use https: over http, others could read the passcode.")
        return host


def place_of(authentication: dict) -> tuple[str, str]:
    """Return region and host as one spelling of all that lead to the same account."""
    region, host = authentication["region"], authentication.get("api_host") or ""
    if region != "other":
        return region, ""
    host = host.lower().removeprefix("https://").rstrip("/")
    known = host.removesuffix(ENDING)
    return (known, "") if host.endswith(ENDING) and known in REGIONS else (region, host)


def address_of(authentication: dict) -> str:
    """Return the address of the account's API, without a slash at its end."""
    region, host = place_of(authentication)
    host = host or f"{region}{ENDING}"
    return host if "://" in host else f"https://{host}"


def account_of(authentication: dict) -> str:
    """Return the account as people name it, such as W1 (eu1)."""
    region, host = place_of(authentication)
    return f"{authentication['account_id']} ({host or region})"
