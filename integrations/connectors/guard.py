"""The volume guard, as every export may have it: what an unusual number of rows is."""

from django import forms

from integrations.settings_form import (
    FlagField,
    SettingsForm,
    SpelledChoiceField,
    advanced,
    only_when,
)


class GuardSettings(SettingsForm):
    """When a result waits for a person before it is sent."""

    hold_unusual = advanced(
        FlagField(
            label="Hold unusual results",
            help_text="A result without rows, or with far more or fewer rows than usual, is not "
            "sent until somebody releases it on the page of its job.",
        )
    )
    hold_percent = advanced(
        only_when(
            forms.IntegerField(
                label="Unusual from (%)",
                initial=50,
                min_value=1,
                help_text="How many percent more or fewer rows than the earlier runs had on "
                "average are still usual.",
            ),
            hold_unusual=True,
        )
    )
    hold_runs = advanced(
        only_when(
            forms.IntegerField(
                label="Runs to compare with",
                initial=5,
                min_value=1,
                max_value=100,
                help_text="How many of the last delivered runs of the query make the average.",
            ),
            hold_unusual=True,
        )
    )


def never_empty() -> SpelledChoiceField:
    """Return the setting of exports that have no way to send nothing."""
    return advanced(
        SpelledChoiceField(
            label="Empty result",
            initial="skip",
            required=False,
            choices={"skip": "Send nothing, and say so", "fail": "Fail"},
            spellings={"": "skip"},
            help_text="What happens when the query finds no rows.",
        )
    )
