"""Who logs in to which SFTP server."""

import re

from django import forms

from integrations.settings_form import SecretField, SettingsForm, only_when
from integrations.transports.private_keys import KeyProblem, read_private_key

HOST = re.compile(r"[^\s/@:]+|\[?[0-9A-Fa-f:.]+\]?")


class Authentication(SettingsForm):
    host = forms.CharField(
        label="Host",
        max_length=255,
        help_text="Name or address of the SFTP server, such as ftp.rokt.com.",
    )
    port = forms.IntegerField(label="Port", initial=22, min_value=1, max_value=65535)
    username = forms.CharField(
        label="User", help_text="The user name used to connect to the remote SFTP server."
    )
    auth_method = forms.ChoiceField(
        label="Authentication mode",
        initial="key_pair",
        choices={"key_pair": "Public / Private key pair", "password": "Password"},
    )
    password = only_when(SecretField(label="Password"), auth_method="password")
    secret_key_file = only_when(
        SecretField(
            label="Secret key file",
            widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
            help_text="The private key in OpenSSH or PEM format: RSA, ECDSA or Ed25519. "
            "One line with \\n for the line breaks is fine.",
        ),
        auth_method="key_pair",
    )
    secret_key_passphrase = only_when(
        SecretField(
            label="Passphrase for secret key file",
            required=False,
            help_text="Only where the private key was generated with one.",
        ),
        auth_method="key_pair",
    )
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

    def clean_host(self):
        host = self.cleaned_data["host"]
        if "://" in host:
            raise forms.ValidationError("Give the host alone, without 'sftp://'.")
        if not HOST.fullmatch(host):
            raise forms.ValidationError(
                "Give the name or address of one host, without blanks, user, port or path."
            )
        return host.strip("[]").lower()

    def clean(self):
        settings = super().clean()
        if settings.get("auth_method") == "key_pair" and settings.get("secret_key_file"):
            self.check_key(settings["secret_key_file"], settings.get("secret_key_passphrase", ""))
        return settings

    def check_key(self, key, passphrase):
        try:
            read_private_key(key, passphrase)
        except KeyProblem as problem:
            field = "secret_key_passphrase" if problem.passphrase else "secret_key_file"
            self.add_error(field, f"{problem} {problem.remedy}")
