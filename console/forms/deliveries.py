"""What to look for in the log of deliveries."""

from django import forms

from console.deliveries.asking import LONGEST


class LookUpForm(forms.Form):
    identifier = forms.CharField(
        label="E-mail address, id, phone number or SHA-256",
        max_length=LONGEST,
        error_messages={
            "required": "Enter an e-mail address, an id, a phone number or a SHA-256.",
            "max_length": f"An identifier is one line of at most {LONGEST} characters.",
        },
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}
        ),
    )
