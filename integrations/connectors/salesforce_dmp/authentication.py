"""Who signs in to the bucket of Salesforce DMP."""

from copy import deepcopy

from django import forms

from integrations.connectors.s3.server import ServerSettings
from integrations.settings_form import SecretField, advanced, sampled


class Authentication(ServerSettings):
    client_name = sampled(
        forms.RegexField(
            r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
            label="Client name",
            max_length=200,
            error_messages={
                "invalid": "Enter it as in Salesforce DMP, such as client-treasure-data."
            },
            help_text="The name of your organization in Salesforce DMP, such as "
            "client-treasure-data.",
        ),
        "client-treasure-data",
    )
    access_key_id = forms.CharField(
        label="Access key ID",
        max_length=255,
        help_text="Provided by Salesforce, for the S3 bucket of Salesforce DMP.",
    )
    secret_access_key = SecretField(
        label="Secret access key", help_text="Provided by Salesforce, with the access key ID."
    )
    region = advanced(deepcopy(ServerSettings.base_fields["region"]))

    field_order = ["client_name", "access_key_id", "secret_access_key"]
