"""What forms say of a wrong value, in the place of Django's sentences, where no field says more."""

from django import forms
from django.core import validators

LISTED = "Choose one of the list"
VALIDATORS = {
    validators.MaxValueValidator: "Enter %(limit_value)s or less.",
    validators.MinValueValidator: "Enter %(limit_value)s or more.",
    validators.MaxLengthValidator: (
        "Enter at most %(limit_value)d characters: there are %(show_value)d."
    ),
    validators.MinLengthValidator: (
        "Enter at least %(limit_value)d characters: there are %(show_value)d."
    ),
    validators.URLValidator: "Enter a whole address, such as https://example.com.",
    validators.EmailValidator: "Enter an e-mail address, such as name@example.com.",
}
FIELDS = {
    forms.URLField: {"invalid": VALIDATORS[validators.URLValidator]},
    forms.ChoiceField: {"invalid_choice": f"{LISTED}: “%(value)s” is not in it."},
    forms.MultipleChoiceField: {"invalid_choice": f"{LISTED}: “%(value)s” is not in it."},
    forms.ModelChoiceField: {"invalid_choice": f"{LISTED}: this is not in it, or not any more."},
    forms.ModelMultipleChoiceField: {
        "invalid_choice": f"{LISTED}: “%(value)s” is not in it, or not any more.",
        "invalid_pk_value": f"{LISTED}: “%(pk)s” is not in it.",
    },
}


def say_plainly() -> None:
    """Give Django's fields and validators our sentences; to be done before any form is made."""
    for validator, sentence in VALIDATORS.items():
        validator.message = sentence
    for field, sentences in FIELDS.items():
        field.default_error_messages = field.default_error_messages | sentences
