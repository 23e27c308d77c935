"""Who logs in to which SFTP server, as pages and a `--result` have it.

A connector's form is made of these three, the last one first: its fields come in that order.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django import forms

from integrations.settings_form import SecretField, SettingsForm, only_when, sampled
from integrations.transports.private_keys import KeyProblem, read_private_key

if TYPE_CHECKING:
    from integrations.transports.sftp import Account

HOST = re.compile(r"[^\s/@:]+|\[?[0-9A-Fa-f:.]+\]?")
WHOSE = ("host", "port", "username")  # what tells one account from others
KEY, PASSPHRASE = "secret_key_file", "secret_key_passphrase"
TESTED = (
    "The test resolves the name, connects, checks the host key, logs in, then writes, renames and "
    "deletes a small file."
)


def host_field(**more):
    return sampled(forms.CharField(label="Host", max_length=255, **more), "sftp.example.com")


def key_field():
    return SecretField(
        label="Secret key file",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="The private key in OpenSSH or PEM format: RSA, ECDSA or Ed25519. "
        "One line with \\n for the line breaks is fine.",
    )


def passphrase_field():
    return SecretField(
        label="Passphrase for secret key file",
        required=False,
        help_text="Only where the private key was generated with one.",
    )


class ServerSettings(SettingsForm):
    """Which server, and as whom."""

    host = host_field(help_text="Name or address of the SFTP server, such as ftp.rokt.com.")
    port = forms.IntegerField(label="Port", initial=22, min_value=1, max_value=65535)
    username = forms.CharField(
        label="User", help_text="The user name used to connect to the remote SFTP server."
    )

    def clean_host(self):
        host = self.cleaned_data["host"]
        if not HOST.fullmatch(host):
            raise forms.ValidationError(only_host(host))
        return host.strip("[]").lower()


def only_host(text: str) -> str:
    """Return what to enter instead of an address that holds more than a host."""
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host, own = parts.hostname or "", {"user": parts.username, "port": parts.port}
    except ValueError:
        host = ""
    if not HOST.fullmatch(host) or text.split() != [text]:
        return "Enter the name or address of one host, without blanks, user, port or path."
    others = [f"{name} {value}" for name, value in own.items() if value]
    if not others:
        return f"Enter only {host} here."
    have = "has a field of its own" if len(others) == 1 else "have fields of their own"
    return f"Enter only {host} here: {' and '.join(others)} {have}."


class LoginSettings(SettingsForm):
    """With a password, or with a key."""

    auth_method = forms.ChoiceField(
        label="Authentication mode",
        initial="key_pair",
        choices={"key_pair": "Public / Private key pair", "password": "Password"},
    )
    password = only_when(SecretField(label="Password"), auth_method="password")
    secret_key_file = only_when(key_field(), auth_method="key_pair")
    secret_key_passphrase = only_when(passphrase_field(), auth_method="key_pair")

    def clean(self):
        settings = super().clean()
        if settings.get("auth_method") == "key_pair":
            check_key(self, settings)
        return settings


class KeySettings(SettingsForm):
    """With a key, for servers that know no passwords."""

    secret_key_file = key_field()
    secret_key_passphrase = passphrase_field()

    def clean(self):
        settings = super().clean()
        check_key(self, settings)
        return settings


class PatienceSettings(SettingsForm):
    """How long to wait, and how often to come again."""

    max_connection_retry = forms.IntegerField(
        label="Retry limit",
        initial=10,
        min_value=0,
        max_value=100,
        help_text="Number of times to retry a failed connection.",
    )
    timeout = forms.IntegerField(
        label="Timeout",
        initial=600,
        min_value=1,
        max_value=86_400,
        help_text="Connection timeout in seconds.",
    )


def check_key(form: SettingsForm, settings: dict) -> None:
    """Put what is wrong with the private key, or with its passphrase, beside its field."""
    if not settings.get(KEY):
        return
    try:
        read_private_key(settings[KEY], settings.get(PASSPHRASE, ""))
    except KeyProblem as problem:
        form.add_error(PASSPHRASE if problem.passphrase else KEY, f"{problem} {problem.remedy}")


def account_of(authentication: dict) -> "Account":
    """Return the account that the settings of an authentication describe."""
    # Methods that connect import what does: paramiko takes a while to load.
    from integrations.transports.sftp import Account

    return Account(
        host=authentication["host"],
        port=authentication["port"],
        username=authentication["username"],
        password=authentication.get("password", ""),
        private_key=authentication.get(KEY, ""),
        passphrase=authentication.get(PASSPHRASE, ""),
        timeout=authentication["timeout"],
    )
