import pytest
from django import forms

from integrations.settings_form import (
    FlagField,
    SecretField,
    SettingsForm,
    SpelledChoiceField,
    advanced,
    only_when,
)


class Settings(SettingsForm):
    host = forms.CharField(label="Host")
    port = forms.IntegerField(label="Port", initial=22, min_value=1)
    mode = forms.ChoiceField(label="Mode", initial="key", choices={"key": "Key", "word": "Word"})
    word = only_when(SecretField(label="Word"), mode="word")
    key = only_when(SecretField(label="Key", widget=forms.Textarea), mode="key")
    phrase = only_when(SecretField(label="Phrase", required=False), mode="key")
    rename = FlagField(label="Rename")
    pack = advanced(
        SpelledChoiceField(
            label="Pack",
            required=False,
            initial="",
            choices={"": "None", "gz": "gz"},
            spellings={"gzip": "gz"},
        )
    )


class Packed(SettingsForm):
    """A level that applies to two ways of packing, one of which depends on a third setting."""

    way = forms.ChoiceField(initial="", required=False, choices={"": "", "gz": "", "seal": ""})
    inside = only_when(
        forms.ChoiceField(initial="", required=False, choices={"": "", "gz": ""}), way="seal"
    )
    level = only_when(forms.IntegerField(), way="gz", inside="gz")


ENTERED = {"host": "h", "port": "22", "mode": "word", "word": "w ", "key": "", "phrase": ""}
STORED = {"host": "h", "port": 22, "mode": "key", "key": "k", "phrase": "p"}


def test_what_does_not_apply_is_left_out():
    form = Settings(ENTERED | {"key": "typed before the mode was changed"})

    assert form.is_valid(), form.errors
    assert form.cleaned_data == {
        "host": "h",
        "port": 22,
        "mode": "word",
        "word": "w ",
        "rename": False,
        "pack": "",
    }


def test_what_applies_is_required():
    form = Settings(ENTERED | {"word": ""})

    assert form.errors == {"word": ["This field is required."]}


def test_a_secret_left_blank_is_kept():
    form = Settings({"host": "new", "port": "22", "mode": "key"}, stored=STORED)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["key"] == "k" and form.cleaned_data["phrase"] == "p"


def test_a_kept_secret_does_not_serve_for_another_mode():
    form = Settings({"host": "h", "port": "22", "mode": "word"}, stored=STORED)

    assert form.errors == {"word": ["This field is required."]}
    assert "key" not in form.cleaned_data


def test_an_optional_secret_can_be_removed_and_a_required_one_cannot():
    form = Settings(
        {"host": "h", "port": "22", "mode": "key", "remove_phrase": "on"}, stored=STORED
    )

    assert "remove_key" not in form.fields
    assert form.is_valid() and form.cleaned_data["phrase"] == ""
    assert "remove_phrase" not in form.cleaned_data


def test_the_offer_to_remove_stands_behind_its_secret():
    names = list(Settings(stored=STORED).fields)

    assert names[names.index("phrase") + 1] == "remove_phrase"
    assert "remove_phrase" not in Settings.base_fields


def test_a_field_says_when_its_secret_was_set():
    form = Settings(stored=STORED, secrets_set={"key": "2026-11-22T10:00:00+00:00"})

    assert "set on 22 Nov 2026; leave blank to keep" in str(form["key"])


def test_the_condition_reaches_the_page():
    assert 'data-when="mode=word"' in str(Settings()["word"])


def test_of_several_conditions_one_has_to_hold():
    both = {"way": "seal", "inside": "gz", "level": "3"}

    assert Packed({"way": "gz", "level": "3"}).is_valid()
    assert Packed(both).is_valid()
    assert Packed({"way": "gz"}).errors == {"level": ["This field is required."]}
    assert not Packed(both | {"way": ""}).errors  # the inner one does not apply, so neither this
    assert 'data-when="way=gz inside=gz"' in str(Packed()["level"])


def test_a_json_with_what_none_of_the_conditions_allows_is_told_of_all():
    errors = Packed.from_json({"way": "seal", "level": 3}).errors

    assert errors == {
        "level": [
            'Applies only when way is "gz" or inside is "gz", and way is "seal" and inside is "".'
        ]
    }


def test_advanced_settings_are_folded_away():
    form = Settings()

    assert [field.name for field in form.advanced_fields()] == ["pack"]
    assert "pack" not in [field.name for field in form.main_fields()]
    assert not form.opens_advanced and Settings(ENTERED | {"pack": "zip"}).opens_advanced


def test_json_is_filled_in_with_defaults():
    form = Settings.from_json({"host": "h", "key": "k"}, defaults={"port": 2222})

    assert form.is_valid(), form.errors
    assert form.cleaned_data["port"] == 2222 and form.cleaned_data["mode"] == "key"


def test_null_means_nothing_was_said():
    assert Settings.from_json({"host": "h", "key": "k", "port": None}).cleaned_data["port"] == 22


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"prt": 1}, {"prt": ["Unknown setting. Did you mean port?"]}),
        ({"colour": 1}, {"colour": ["Unknown setting."]}),
        ({"port": [1]}, {"port": ["Must be a whole number, not a list."]}),
        ({"rename": "perhaps"}, {"rename": ["Must be true or false."]}),
        ({"key": 12}, {"key": ["Must be text, not a number."]}),
        ({"pack": "zip"}, {"pack": ['Must be one of "", "gz".']}),
        ({"word": "w"}, {"word": ['Applies only when mode is "word", and mode is "key".']}),
        ({"word": "w", "mode": "x"}, {"mode": ['Must be one of "key", "word".']}),
        ({"key": "***"}, {"key": ["Put the real value in the place of ***."]}),
    ],
)
def test_mistakes_in_json_are_named(change, errors):
    assert Settings.from_json({"host": "h", "key": "k"} | change).errors == errors


@pytest.mark.parametrize("said", [{"pack": "gzip"}, {"pack": "gz"}])
def test_a_choice_has_other_spellings(said):
    assert Settings.from_json({"host": "h", "key": "k"} | said).cleaned_data["pack"] == "gz"


def test_the_schema_says_what_is_needed_and_when():
    schema = Settings.json_schema(defaults={"host": "localhost"})

    assert schema["required"] == [] and schema["properties"]["host"]["default"] == "localhost"
    assert {"if": {"properties": {"mode": {"const": "word"}}, "required": ["mode"]}} | {
        "then": {"required": ["word"]}
    } in schema["allOf"]
    assert schema["properties"]["port"] == {
        "type": "integer",
        "title": "Port",
        "description": "",
        "default": 22,
        "minimum": 1,
    }


class Several(SettingsForm):
    """A word that is asked for in two of three ways."""

    way = forms.ChoiceField(choices={"a": "", "b": "", "c": ""})
    word = only_when(forms.CharField(), way=("a", "b"))


def test_a_field_may_be_for_several_values_of_another():
    assert [Several({"way": way}).is_valid() for way in "abc"] == [False, False, True]
    assert 'data-when="way=a way=b"' in str(Several()["word"])
    conditions = [rule["if"]["properties"] for rule in Several.json_schema()["allOf"]]
    assert conditions == [{"way": {"const": "a"}}, {"way": {"const": "b"}}]
