"""Rows against the rules of a receiver: what is sent, what is rejected, what ends the export."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.contract import Broken, ColumnRule, RowRule, WholeRule, look, sift, sifting
from integrations.delivery import Delivery
from integrations.errors import PermanentError
from integrations.rows import Rows
from integrations.rows.part import Part


def names_itself(schema, settings):
    if "email" not in schema.names:
        yield 'There is no column "email".'


def is_empty(batch, settings):
    yield Broken(pc.is_null(batch["email"]), "The e-mail address is missing.")


def is_no_address(batch, settings):
    found = pc.match_substring(batch["email"], "@")
    yield Broken(pc.invert(found), "The e-mail address has no @.")


COLUMNS = ColumnRule(name="email", sentence="There is an e-mail.", source="T", check=names_itself)
PRESENT = RowRule(name="present", sentence="Each has one.", source="T", check=is_empty)
ADDRESS = RowRule(
    name="address", sentence="It is one.", source="T", check=is_no_address, when={"strict": True}
)
RULES = (COLUMNS, PRESENT, ADDRESS)


@pytest.fixture
def result(tmp_path):
    def make(emails, name="email"):
        path = tmp_path / "rows.parquet"
        table = pa.table({"n": list(range(len(emails))), name: pa.array(emails, "string")})
        pq.write_table(table, path, row_group_size=3)
        return Rows(path)

    return make


def numbers(rows):
    return [n for portion in rows.portions() for n in portion["n"].to_pylist()]


def test_rows_that_break_a_rule_are_left_out_and_kept_with_their_number_and_the_reason(result):
    rows, delivery = result(["a@b", None, "c", "d@e", None]), Delivery()

    sound = sift(rows, RULES, {"strict": True}, delivery, skip=True)

    assert numbers(sound) == [0, 3] and sound.count == 2
    assert sound.columns == rows.columns and sound.schema == rows.schema
    assert sorted(delivery.rejects.kept) == [
        (1, {"n": 1, "email": None}, "present", "The e-mail address is missing."),
        (2, {"n": 2, "email": "c"}, "address", "The e-mail address has no @."),
        (4, {"n": 4, "email": None}, "present", "The e-mail address is missing."),
    ]


NARROW = [replace(rule, overlooks=lambda *_: ["n"]) for rule in (PRESENT, ADDRESS)]


@given(st.lists(st.sampled_from(["a@b", "a@b", "a@b", "c", None]), min_size=1, max_size=20))
@settings(deadline=None)
def test_groups_that_hold_are_told_from_those_that_do_not(emails):
    with TemporaryDirectory() as folder:
        path = Path(folder, "rows.parquet")
        table = pa.table({"n": range(len(emails)), "email": pa.array(emails, "string")})
        pq.write_table(table, path, row_group_size=3)

        counts = list(sifting.sound_groups(Rows(path), NARROW, {}))
        judged = list(sifting.judgements(Rows(path), NARROW, {}))

    groups = [emails[start : start + 3] for start in range(0, len(emails), 3)]
    assert counts == [len(group) * (set(group) == {"a@b"}) for group in groups]
    assert sum(size for size, _ in judged) == len(emails)
    found = [n for _, each in judged for *_, taken in each for n in taken["n"].to_pylist()]
    assert sorted(found) == [n for n, email in enumerate(emails) if email != "a@b"]


def test_nobody_reads_on_in_a_group_that_is_known_to_be_broken(result):
    groups = result([None] * 9).groups(["email"])

    found = list(sifting.read(groups, broken={0, 2}))

    assert [number for number, batch in found if batch] == [1]
    assert [number for number, batch in found if batch is None] == [0, 1, 2]


@pytest.mark.parametrize("first", [0, 1, 17])
def test_a_part_of_a_result_is_checked_as_one(result, first):
    rows, delivery = result(["a@b" if number % 3 else "c" for number in range(40)]), Delivery()

    sound = sift(Part(rows, first, 20), RULES, {"strict": True}, delivery, skip=True)

    taken = range(first, first + 20)
    assert numbers(sound) == [number for number in taken if number % 3]
    assert [(at, row["n"]) for at, row, *_ in delivery.rejects.kept] == [
        (number - first, number) for number in taken if not number % 3
    ]


def test_a_rule_holds_only_for_the_settings_it_is_for(result):
    sound = sift(result(["a@b", "c"]), RULES, {"strict": False}, Delivery(), skip=False)

    assert numbers(sound) == [0, 1]


def test_a_rule_may_be_for_several_values_of_a_setting():
    either = RowRule(name="n", sentence="S", source="T", check=is_empty, when={"a": (1, 2)})
    from integrations.contract import applies

    assert [applies(either, {"a": value}) for value in (1, 2, 3)] == [True, True, False]


def test_unless_they_may_be_skipped_rows_that_break_a_rule_end_the_export(result):
    delivery = Delivery()

    with pytest.raises(PermanentError) as told:
        sift(result(["a@b", None, "c@d"]), RULES, {}, delivery, skip=False)

    said = "1 of 3 rows breaks a rule, so nothing was sent. 1 row: The e-mail address is missing."
    assert str(told.value) == said
    assert delivery.rejects.count == 1


@pytest.mark.parametrize("emails", [["a@b", "c@d"], ["a@b", None, "c", "d@e", None, "f@g", "h@i"]])
def test_rejects_have_all_columns_where_the_rules_look_at_one(result, emails, monkeypatch):
    rules = [replace(rule, overlooks=lambda *_: ["n"]) for rule in (PRESENT, ADDRESS)]
    seen, usual = set(), sifting.judged

    def judged(batch, *given):
        seen.add(tuple(batch.schema.names))
        return usual(batch, *given)

    monkeypatch.setattr(sifting, "judged", judged)
    rows, narrow, wide = result(emails), Delivery(), Delivery()
    sound = sift(rows, rules, {"strict": True}, narrow, skip=True)

    assert seen == {("email",)} | ({("n", "email")} if None in emails else set())
    assert numbers(sound) == numbers(sift(rows, RULES, {"strict": True}, wide, skip=True))
    assert narrow.rejects.kept == wide.rejects.kept


def test_a_result_of_which_no_row_holds_is_an_error_even_where_rows_may_be_skipped(result):
    with pytest.raises(PermanentError, match="Every one of the 2 rows breaks a rule"):
        sift(result([None, None]), RULES, {}, Delivery(), skip=True)


def test_columns_are_checked_before_any_row_is_looked_at(result):
    delivery = Delivery()

    with pytest.raises(PermanentError, match='There is no column "email"'):
        sift(result([None], name="mail"), RULES, {}, delivery, skip=True)
    assert delivery.rejects.count == 0


def test_an_empty_result_breaks_no_rule_on_rows(result):
    assert sift(result([]), RULES, {}, Delivery(), skip=False).count == 0


def test_a_stop_ends_the_check(result):
    from integrations.errors import Stopped

    with pytest.raises(Stopped):
        sift(result(["a@b"]), RULES, {}, Delivery(stopped=lambda: True), skip=False)


def test_a_first_look_says_what_is_wrong_with_the_columns_and_stops_there(result):
    found = look(result(["a"], name="mail"), RULES, {})

    [finding] = found.findings
    assert (finding.text, finding.rows) == ('There is no column "email".', 0)
    assert (finding.asked, found.rows) == ("There is an e-mail.", 0)
    assert "query" in finding.remedy


def test_a_rule_that_naming_and_casting_does_not_mend_says_what_does(result):
    rules = [replace(COLUMNS, remedy="Add an address."), PRESENT]

    [finding] = look(result(["a"], name="mail"), rules, {}).findings
    with pytest.raises(PermanentError) as told:
        sift(result(["a"], name="mail"), rules, {}, Delivery(), skip=True)

    assert finding.remedy == told.value.remedy == "Add an address."


def test_a_first_look_counts_the_rows_that_break_a_rule(result):
    found = look(result([None, "c", None]), RULES, {"strict": True, "skip_invalid": True})

    assert [(each.text, each.rows, each.left_out) for each in found.findings] == [
        ("The e-mail address is missing.", 2, True),
        ("The e-mail address has no @.", 1, True),
    ]
    assert (found.rules, found.rows, found.all_rows) == (3, 3, 3)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({}, "Mend the query."),
        ({"skip_invalid": False}, "Mend the query, or let the export skip invalid records."),
    ],
)
def test_a_first_look_says_how_to_mend_it(result, given, remedy):
    [finding] = look(result([None]), RULES, given).findings

    assert (finding.remedy, finding.left_out) == (remedy, False)


def test_a_first_look_reads_the_first_rows_only(result, monkeypatch):
    rows = result(["a@b", None])
    monkeypatch.setattr("integrations.rows.parquet.PORTION_ROWS", 1)

    found = look(rows, RULES, {})

    assert (found.rows, found.all_rows, found.findings) == (1, 2, [])


def test_a_first_look_at_a_result_without_rows_finds_nothing_wrong_with_them(result):
    assert look(result([]), RULES, {}).findings == []


def test_where_no_rule_applies_there_is_nothing_to_see(result):
    assert look(result([None]), (ADDRESS,), {}) is None


def differ(batches, settings):
    found = sorted({email for batch in batches for email in batch["email"].to_pylist()})
    if len(found) > 1:
        yield f"There are {len(found)} addresses, from {found[0]} to {found[-1]}."


WHOLE = WholeRule(name="one", sentence="All have the same.", source="T", check=differ)


def test_rules_on_all_rows_look_at_what_is_left_of_them(result):
    rows = result(["a@b", None, "a@b", "a@b", "c"])

    sound = sift(rows, (*RULES, WHOLE), {"strict": True}, Delivery(), skip=True)

    assert numbers(sound) == [0, 2, 3]
    with pytest.raises(PermanentError, match="There are 2 addresses, from a@b to c") as told:
        sift(rows, (PRESENT, WHOLE), {}, Delivery(), skip=True)
    assert str(told.value).startswith("The rows do not go together, so nothing was sent.")


def test_a_stop_ends_the_look_at_all_rows(result):
    from integrations.errors import Stopped

    with pytest.raises(Stopped):
        sift(result(["a@b"]), (WHOLE,), {}, Delivery(stopped=lambda: True), skip=False)


def test_rows_keep_their_numbers_where_some_are_left_out(result):
    rows = result(["a@b", None, "c", "d@e", None])

    sound = sift(rows, RULES, {}, Delivery(), skip=True)

    assert [number for numbers, _ in sound.numbered() for number in numbers.to_pylist()] == [
        0,
        2,
        3,
    ]
    assert [number for numbers, _ in rows.numbered() for number in numbers.to_pylist()] == [
        *range(5)
    ]
