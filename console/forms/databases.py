"""The form to make a database."""

from django import forms


class DatabaseForm(forms.Form):
    name = forms.CharField(
        max_length=128,
        help_text="3 to 128 lower-case letters, digits and underscores.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    everyone_reads = forms.BooleanField(label="Everyone may query it", required=False, initial=True)
