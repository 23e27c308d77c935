"""What the sandbox is told: a public key that its vendors are to know, and faults to rehearse."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from django import forms

from integrations.sandbox.faults import KINDS

LONGEST = 2000  # characters; an RSA key of 8,192 bits has 1,420


class PublicKeyForm(forms.Form):
    public_key = forms.CharField(
        label="Public key",
        max_length=LONGEST,
        help_text="The line that Generate a key pair shows in the form of Rokt or of CleverTap "
        "SFTP import. With a real vendor, it goes to them; here you are the vendor.",
        error_messages={"required": "Paste the public key, which begins with ssh-."},
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
    )

    def clean_public_key(self):
        """Return the key in one line. Raise ValidationError where it is none."""
        line = " ".join(self.cleaned_data["public_key"].split())
        if "PRIVATE KEY" in line:
            raise forms.ValidationError(
                "That is a private key: keep it to yourself, and paste the public one, which "
                "begins with ssh-."
            )
        try:
            load_ssh_public_key(line.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise forms.ValidationError(
                "This is no public key: it is one line that begins with ssh-ed25519 or ssh-rsa, "
                "as the form of the authentication shows it."
            ) from None
        return line


class FaultsForm(forms.Form):
    """The fault of each kind of servers; none unless one is chosen."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, kind in KINDS.items():
            choices = [(key, fault.label) for key, fault in kind.faults.items()]
            self.fields[name] = forms.ChoiceField(label=kind.label, choices=choices, required=False)
