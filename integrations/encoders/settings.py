"""The settings of encoders, as the export panel and a `--result` have them."""

from django import forms

from integrations.encoders.gz import LEVEL
from integrations.encoders.public_keys import read_public_key
from integrations.errors import ExportError
from integrations.settings_form import (
    FlagField,
    SettingsForm,
    SpelledChoiceField,
    advanced,
    only_when,
)


class EncoderSettings(SettingsForm):
    """How the file is compressed or encrypted."""

    encoders = SpelledChoiceField(
        label="Encoders",
        initial="",
        required=False,
        choices={"": "None", "gz": "gz", "bzip2": "bzip2", "encrypt_pgp": "PGP encryption"},
        spellings={"none": "", "None": "", "gzip": "gz", "bz2": "bzip2", "pgp": "encrypt_pgp"},
        help_text=(
            "Nothing is appended to the name of the file: give it .gz, .bz2 or .gpg yourself."
        ),
    )
    public_key = only_when(
        forms.CharField(
            label="Public key",
            widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
            help_text=(
                "The public key to use for encryption, from -----BEGIN PGP PUBLIC KEY BLOCK----- "
                r"to -----END PGP PUBLIC KEY BLOCK-----. One line with \n for line breaks is fine."
            ),
        ),
        encoders="encrypt_pgp",
    )
    key_identifier = only_when(
        forms.CharField(
            label="Key identifier",
            max_length=60,
            help_text=(
                "The key ID of the encryption sub-key, such as 0x93085830852AF8A8. "
                "The master key is never used."
            ),
        ),
        encoders="encrypt_pgp",
    )
    armor = only_when(
        FlagField(label="Armor", help_text="Use ASCII armor for the encrypted output."),
        encoders="encrypt_pgp",
    )
    compression_type = only_when(
        SpelledChoiceField(
            label="Compression type",
            initial="none",
            required=False,
            choices={
                "gzip": "gzip",
                "bzip2": "bzip2",
                "none": "none",
                "zip_builtin": "zip_builtin",
                "zlip_builtin": "zlip_builtin",
                "bzip2_builtin": "bzip2_builtin",
            },
            spellings={"": "none", "gz": "gzip", "bz2": "bzip2", "zlib_builtin": "zlip_builtin"},
            help_text=(
                "How to compress before encrypting. gzip and bzip2 decrypt to a .gz or .bz2 file. "
                "The builtin ones decrypt to the raw data, and take many times as long."
            ),
        ),
        encoders="encrypt_pgp",
    )
    gz_level = advanced(
        only_when(
            forms.IntegerField(
                label="gzip level",
                initial=LEVEL,
                min_value=1,
                max_value=9,
                help_text=(
                    "From 1, fastest, to 9, smallest. 1 to 3 keep up with the rest of the export. "
                    "6 is what the gzip program does: a tenth smaller than 2, and about 12 times "
                    "the work. More than 6 gains next to nothing."
                ),
            ),
            encoders="gz",
            compression_type="gzip",
        )
    )

    def clean(self):
        settings = super().clean()
        if settings.get("public_key") and settings.get("key_identifier"):
            self.check_key(settings)
        return settings

    def check_key(self, settings):
        """Keep one form of the key and of its identifier, or say what is wrong with them."""
        field = "public_key"
        try:
            key = read_public_key(settings["public_key"])
            field = "key_identifier"
            subkey = key.encryption_subkey(settings["key_identifier"])
        except ExportError as error:
            self.add_error(field, f"{error} {error.remedy}".strip())
        else:
            settings |= {"public_key": key.text, "key_identifier": subkey.id}
            self.cautions[field] = subkey.caution
