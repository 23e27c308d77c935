"""How to log in to the sandbox with an authentication of one's own, field by field."""

from typing import NamedTuple

from django.urls import reverse

from console.demo.authentications import VENDORS
from console.demo.destinations import CLEVERTAP_ACCOUNT, DESTINATION, S3, SALESFORCE_DMP
from integrations.models import Authentication
from integrations.sandbox import PASSWORD, clevertap, s3

ROKT, CLEVERTAP_IMPORT = (vendor.name for vendor in VENDORS)
SFTP = ("host", "port", "username")
BUCKETS = ("access_key_id", "secret_access_key", "endpoint", "path_style")
# By the demo's authentications, which know where the servers are this time.
FIELDS = {
    DESTINATION: (*SFTP, "auth_method", "password"),
    ROKT: SFTP,
    CLEVERTAP_IMPORT: SFTP,
    S3: BUCKETS,
    SALESFORCE_DMP: ("client_name", *BUCKETS),
    CLEVERTAP_ACCOUNT: ("account_id", "account_passcode", "region", "api_host"),
}
# Secrets are never shown; these are of servers that only this machine reaches, and no secrets.
WELL_KNOWN = {
    "password": PASSWORD,
    "secret_access_key": s3.SECRET_ACCESS_KEY,
    "account_passcode": clevertap.PASSCODE,
}


class Login(NamedTuple):
    """What to enter in the form of a connector."""

    connector: type
    address: str  # of the form
    entries: list[tuple[str, str]]
    with_key: bool  # whether a key pair is needed besides


def logins() -> list[Login]:
    """Return how to log in to each server and vendor of the sandbox; nothing without the demo."""
    known = Authentication.objects.filter(name__in=FIELDS, inline=False)
    found = {each.name: each for each in known if each.readable}
    return [login(found[name], fields) for name, fields in FIELDS.items() if name in found]


def login(authentication, names):
    form, settings = authentication.connector.Authentication, authentication.settings
    entries = [(form.base_fields[name], WELL_KNOWN.get(name, settings[name])) for name in names]
    return Login(
        authentication.connector,
        reverse("new-authentication", args=[authentication.type]),
        [(field.label, said(field, value)) for field, value in entries],
        with_key="auth_method" not in names and "secret_key_file" in form.base_fields,
    )


def said(field, value):
    """Return a value as the form shows it."""
    if value is True:
        return "on"
    return dict(getattr(field, "choices", ())).get(value, str(value))
