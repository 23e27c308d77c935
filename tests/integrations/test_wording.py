"""What forms say where Django's own sentences would be said."""

import pytest
from django import forms
from django.contrib.auth.models import Group

from console.forms.schedules import ScheduleForm
from console.forms.webhooks import WebhookForm

CHOICES = {"a": "A", "b": "B"}
SENTENCES = {
    "most": (forms.IntegerField(max_value=10), "11", "Enter 10 or less."),
    "least": (forms.IntegerField(min_value=1), "0", "Enter 1 or more."),
    "long": (forms.CharField(max_length=3), "abcd", "Enter at most 3 characters: there are 4."),
    "short": (forms.CharField(min_length=3), "a", "Enter at least 3 characters: there are 1."),
    "address": (
        forms.URLField(assume_scheme="https"),
        "no",
        "Enter a whole address, such as https://example.com.",
    ),
    "e-mail": (forms.EmailField(), "no", "Enter an e-mail address, such as name@example.com."),
    "choice": (
        forms.ChoiceField(choices=CHOICES),
        "c",
        "Choose one of the list: “c” is not in it.",
    ),
    "choices": (
        forms.MultipleChoiceField(choices=CHOICES),
        ["a", "c"],
        "Choose one of the list: “c” is not in it.",
    ),
    "row": (
        forms.ModelChoiceField(Group.objects.all()),
        "9",
        "Choose one of the list: this is not in it, or not any more.",
    ),
    "rows": (
        forms.ModelMultipleChoiceField(Group.objects.all()),
        ["9"],
        "Choose one of the list: “9” is not in it, or not any more.",
    ),
    "no key": (
        forms.ModelMultipleChoiceField(Group.objects.all()),
        ["x"],
        "Choose one of the list: “x” is not in it.",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", SENTENCES)
def test_a_field_says_what_to_enter(case):
    field, value, sentence = SENTENCES[case]

    with pytest.raises(forms.ValidationError) as refused:
        field.clean(value)

    assert refused.value.messages == [sentence]


@pytest.mark.django_db
def test_forms_that_were_made_while_django_started_say_it_too():
    schedule = ScheduleForm({"when": "@daily", "hours": "-1", "missed_most": "101"})

    assert schedule.errors["missed_most"] == ["Enter 100 or less."]
    webhook = WebhookForm({"webhook-shape": "none"}, stored=None)
    assert webhook.errors == {"shape": ["Choose one of the list: “none” is not in it."]}
