"""A form that comes back with an error has all values, those of hidden fields too."""

from datetime import time

import pytest
from django.http import QueryDict

from console.forms.changes import ChangesForm
from console.forms.repeats import RepeatForm
from integrations.connectors import CONNECTORS


def shown(form, name):
    return form[name].value()


def sent(connector, **given):
    """Return the form of a page on which only the fields that apply were sent."""
    data = QueryDict(mutable=True)
    data.update(given)
    form = CONNECTORS[connector].Export(data)
    form.is_valid()
    return form


def test_fields_of_another_format_keep_their_defaults():
    form = sent("s3", format="jsonl", bucket="")

    assert "bucket" in form.errors
    values = {name: shown(form, name) for name in ("header_line", "quote_policy", "null_string")}
    assert values == {"header_line": True, "quote_policy": "MINIMAL", "null_string": "default"}
    assert "checked" in str(form["header_line"])


def test_what_was_stored_comes_before_the_defaults():
    data = QueryDict("format=jsonl")
    form = CONNECTORS["s3"].Export(data, stored={"format": "csv", "quote_policy": "ALL"})

    assert not form.is_valid()
    assert shown(form, "quote_policy") == "ALL"


def test_what_was_sent_stays_also_where_it_does_not_apply():
    assert shown(sent("s3", format="jsonl", quote_policy="NONE"), "quote_policy") == "NONE"


def test_a_box_that_applies_and_was_not_ticked_stays_so():
    assert shown(sent("s3", format="csv"), "header_line") is False


def test_an_encoder_that_is_chosen_after_an_error_has_its_defaults():
    form = sent("sftp_v2", encoder="")

    assert not form.is_valid()
    assert shown(form, "compression_type") == "none"
    assert shown(form, "gz_level") == 2
    assert (shown(form, "hold_percent"), shown(form, "hold_runs")) == (50, 5)


@pytest.mark.parametrize("connector", CONNECTORS)
def test_no_form_loses_a_default(connector):
    usual = CONNECTORS[connector].Export.defaults()
    given = {name: value for name, value in usual.items() if value not in (None, "", False)}
    first = CONNECTORS[connector].Export(given)
    first.is_valid()
    hidden = {name for name in given if not first.applies(first.fields[name], first.cleaned_data)}

    again = CONNECTORS[connector].Export(
        {name: value for name, value in given.items() if name not in hidden}
    )
    again.is_valid()

    assert {name: shown(again, name) for name in given} == given


def test_how_changes_are_told_is_kept_while_everything_is_sent():
    form = ChangesForm(QueryDict("changes-mode=full"), prefix="changes")
    form.is_valid()

    assert (shown(form, "hold_removed"), shown(form, "column")) == (50, "operation")
    assert form.cleaned_data["mode"] == "full"


def test_a_rule_keeps_its_time_of_day_while_another_unit_is_chosen():
    form = RepeatForm(QueryDict("unit=hour&every=x&timezone=UTC"))

    assert not form.is_valid()
    assert (shown(form, "at"), shown(form, "month_day"), shown(form, "every")) == (time(9), 1, "x")
