"""Who signs in to S3."""

from django import forms
from django.conf import settings

from integrations.connectors.s3.server import NO_ROLE, NO_ROLE_REMEDY, ServerSettings
from integrations.settings_form import SecretField, only_when


class Authentication(ServerSettings):
    auth_method = forms.ChoiceField(
        label="Authentication mode",
        initial="access_key",
        choices={
            "access_key": "Access key",
            "instance_role": "Instance role of this server",
        },
        help_text="The instance role needs no key. It is there where the console runs on a "
        "machine of Amazon's that has a role, and an administrator of the console allows it.",
    )
    access_key_id = only_when(
        forms.CharField(
            label="Access key ID",
            max_length=255,
            help_text="The ID of a key of a user who may write to the bucket.",
        ),
        auth_method="access_key",
    )
    secret_access_key = only_when(
        SecretField(label="Secret access key", help_text="The secret that belongs to the ID."),
        auth_method="access_key",
    )

    field_order = [
        "auth_method",
        "access_key_id",
        "secret_access_key",
        "region",
        "endpoint",
        "path_style",
    ]

    def clean_auth_method(self):
        method = self.cleaned_data["auth_method"]
        if method == "instance_role" and not settings.S3_INSTANCE_ROLE:
            raise forms.ValidationError(f"{NO_ROLE} {NO_ROLE_REMEDY}")
        return method
