"""All rows or changes only: what is asked, and what the query keeps of it."""

import pytest

from console.forms.changes import ChangesForm
from console.jobs.changes.wishes import Changes
from console.jobs.delivering import check_changes
from console.jobs.ending import JobError
from console.jobs.in_part import rows_to_send
from console.models import Job
from integrations.connectors import CONNECTORS

GIVEN = {"mode": "changes", "key": ["id"], "added": "on", "changed": "on", "removed": "on"}
GIVEN |= {"tell": "column", "column": "operation", "hold_removed": "50"}


def form(kept=None, connector="sftp_v2", columns=("id", "name"), **more):
    given = {name: value for name, value in (GIVEN | more).items() if value is not None}
    data = {f"changes-{name}": value for name, value in given.items()}
    return ChangesForm(Data(data), kept=kept, columns=columns, connector=CONNECTORS[connector])


class Data(dict):
    def getlist(self, name):
        value = self.get(name, [])
        return value if isinstance(value, list) else [value]


def test_what_is_asked_is_what_the_query_keeps(marketer):
    sent = form(word_added="upsert", word_changed="upsert", word_removed="delete")

    assert sent.is_valid(), sent.errors
    kept = sent.changes(marketer)

    assert kept["key"] == ["id"] and kept["by"] == marketer.pk and kept["since"]
    assert kept["words"] == {"added": "upsert", "changed": "upsert", "removed": "delete"}
    assert Changes.of(kept).send == {"added": True, "changed": True, "removed": True}
    assert Changes.of(kept).hold_removed == 50


def test_changes_are_refused_where_each_run_replaces_all_that_is_there():
    sent = form()
    sent.replaced = "the table"

    assert not sent.is_valid()
    assert "Each run takes the place of the table" in sent.errors["mode"][0]


def test_removed_rows_are_refused_where_they_would_do_what_the_others_do():
    unsubscribing = {"target": "user_profiles", "profile_operation": "subscribe"}
    for settings in (unsubscribing, {"target": "user_events"}):
        sent, rest = form(), form(removed=None)
        for each in (sent, rest):
            each.removals = CONNECTORS["clevertap"]({}, settings).removals()

        assert not sent.is_valid() and rest.is_valid()
        assert sent.errors["removed"][0].startswith("CleverTap would ")

    profiles = {"target": "user_profiles", "profile_operation": "upload_profiles"}
    assert CONNECTORS["clevertap"]({}, profiles).removals() == ""


def test_a_run_that_was_set_up_so_before_sends_nothing():
    events = CONNECTORS["clevertap"]({}, {"target": "user_events"})

    with pytest.raises(JobError, match="count each removed row as one more event") as refused:
        check_changes(Changes(["id"]), events)
    assert refused.value.remedy == "In the export of the query: Do not send removed rows."
    assert check_changes(Changes(["id"], removed=False), events) is None


def test_what_a_job_of_changes_has_sent_is_told_of_its_changed_rows():
    compared = {"sent": {"added": 2, "changed": 1, "removed": 0}}

    assert rows_to_send(Job(rows=9, changes={"key": ["id"]}, compared=compared)) == 3
    assert rows_to_send(Job(rows=9)) == 9


def test_all_rows_is_nothing_to_keep(marketer):
    sent = form(mode="full", key=None)

    assert sent.is_valid()
    assert sent.changes(marketer) is None


def test_saved_again_it_goes_on_and_switched_on_again_it_begins_anew(marketer):
    first = form()
    assert first.is_valid()
    kept = first.changes(marketer)

    again, anew = form(kept=kept, column="what"), form()

    assert again.is_valid() and anew.is_valid()
    assert again.changes(marketer)["since"] == kept["since"]
    assert anew.changes(marketer)["since"] != kept["since"]


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"key": None}, "key", "at least one column"),
        ({"added": None, "changed": None, "removed": None}, "added", "at least one of"),
        ({"tell": "nothing"}, "tell", "look like the others"),
        ({"column": "Name"}, "column", "a column of that name"),
        ({"word_removed": "added"}, "word_removed", "has to differ"),
        ({"hold_removed": "100"}, "hold_removed", "Enter 99 or less."),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(given, field, says):
    sent = form(**given)

    assert not sent.is_valid()
    assert says in str(sent.errors[field])


def test_separate_files_are_offered_where_files_are_written():
    assert form(tell="files").is_valid()
    assert "tell" in form("", "clevertap", tell="files").errors
    assert "tell" in form("", "clevertap_sftp", tell="files").errors


def test_without_a_result_the_key_is_typed_in(marketer):
    sent = form(columns=(), key="id,  shop ,id")

    assert sent.is_valid()
    assert sent.changes(marketer)["key"] == ["id", "shop"]


def test_a_key_that_the_last_result_lacks_is_shown_as_such():
    shown = ChangesForm(kept=GIVEN | {"key": ["old"]}, columns=["id"], connector=None)

    assert "old (not in the last result)" in str(shown["key"])
