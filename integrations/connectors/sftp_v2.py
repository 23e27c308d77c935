"""Files on an SFTP server."""

from django import forms

from integrations.connectors.base import Connector
from integrations.encoders import EncoderSettings
from integrations.formats import FormatSettings
from integrations.settings_form import FlagField, SecretField, SettingsForm, only_when


class Authentication(SettingsForm):
    host = forms.CharField(label="Host", help_text="Name or address of the SFTP server.")
    port = forms.IntegerField(label="Port", initial=22, min_value=1, max_value=65535)
    username = forms.CharField(label="User", help_text="The user to log in as.")
    auth_method = forms.ChoiceField(
        label="Authentication mode",
        initial="key_pair",
        choices={"key_pair": "Public / Private key pair", "password": "Password"},
    )
    password = only_when(SecretField(label="Password"), auth_method="password")
    secret_key_file = only_when(
        SecretField(label="Secret key file", widget=forms.Textarea), auth_method="key_pair"
    )
    secret_key_passphrase = only_when(
        SecretField(label="Passphrase for secret key file", required=False),
        auth_method="key_pair",
    )
    max_connection_retry = forms.IntegerField(label="Retry limit", initial=10, min_value=0)
    timeout = forms.IntegerField(label="Timeout", initial=600, help_text="In seconds.")


class Export(FormatSettings, EncoderSettings):
    user_directory_is_root = FlagField(label="Is user directory Root?")
    path_prefix = forms.CharField(label="Path prefix", help_text="The file to write.")
    rename_file_after_upload = FlagField(label="Rename file after upload finish")

    field_order = ["user_directory_is_root", "path_prefix", "rename_file_after_upload"]


class SFTPv2(Connector):
    name = "sftp_v2"
    label = "SFTP_V2"
    Authentication = Authentication
    Export = Export
    aliases = {"amor": "armor", "compression": "encoders"}
