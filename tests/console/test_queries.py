"""Saved queries: versions, conflicts, copies, formatting, and what cannot be seen made legible."""

import pytest
from django.urls import reverse

from console.models import Query, QueryVersion
from console.queries.diffing import compare
from console.queries.formatting import CannotFormat, format_sql
from console.queries.legible import hexdump, lines
from console.queries.samples import SAMPLES
from console.queries.saving import SavedMeanwhile, delete, duplicate, mark_of, restore, save
from console.schedules import schedule_query
from integrations.models import Authentication, SwitchedOff


def test_a_new_query_has_its_first_version(people, marketer):
    version = people.versions.get()

    assert (version.number, version.sql, version.saved_by) == (1, people.sql, marketer)


def test_only_a_change_of_the_sql_makes_a_version(people, marketer, keeper):
    people.name = "Everybody"
    save(people, by=marketer)
    assert people.versions.count() == 1

    people.sql = "SELECT 1"
    save(people, by=keeper)

    assert [(v.number, v.saved_by) for v in people.versions.all()] == [(2, keeper), (1, marketer)]
    assert Query.objects.get().version == 2


def test_the_text_of_someone_who_opened_an_older_version_is_not_lost_nor_saved(
    people, marketer, keeper
):
    mine, theirs = Query.objects.get(), Query.objects.get()
    theirs.sql = "SELECT 2"
    save(theirs, by=keeper, opened=1)
    mine.sql = "SELECT 3"

    with pytest.raises(SavedMeanwhile, match="ada saved version 2") as error:
        save(mine, by=marketer, opened=1)

    assert Query.objects.get().sql == "SELECT 2"
    save(mine, by=marketer, opened=error.value.told["version"])
    assert Query.objects.get().sql == "SELECT 3"


def test_a_name_that_was_given_meanwhile_is_not_taken_back_unseen(people, marketer, keeper):
    mine, theirs, seen = Query.objects.get(), Query.objects.get(), mark_of(people)
    theirs.name = "Everybody"
    save(theirs, by=keeper, opened=1, seen=seen)
    mine.sql = "SELECT 3"

    with pytest.raises(SavedMeanwhile, match="it is “Everybody” in shop now") as error:
        save(mine, by=marketer, opened=1, seen=seen)

    assert (Query.objects.get().name, Query.objects.get().sql) == ("Everybody", people.sql)
    save(mine, by=marketer, opened=1, **error.value.told)
    assert Query.objects.get().name == people.name


def test_the_same_name_given_twice_is_no_conflict(people, marketer):
    mine, theirs, seen = Query.objects.get(), Query.objects.get(), mark_of(people)
    theirs.name = mine.name = "Everybody"
    save(theirs, by=marketer, seen=seen)

    save(mine, by=marketer, seen=seen)


def test_restoring_makes_the_old_text_the_newest_version(people, marketer):
    first = people.sql
    people.sql = "SELECT 2"
    save(people, by=marketer)

    restore(people, 1, by=marketer)

    assert (people.version, people.sql) == (3, first)


def test_a_copy_belongs_to_the_copier_and_has_no_schedule(people, sftp, marketer):
    people.authentication, people.export = sftp, {"path_prefix": "/a.csv"}
    people.save()
    schedule_query(people, "@daily")

    copies = [duplicate(people, by=marketer), duplicate(people, by=marketer)]

    assert [copy.name for copy in copies] == ["Copy of People", "Copy of People (2)"]
    assert all(copy.schedule is None and copy.authentication == sftp for copy in copies)


def test_a_copy_does_not_export_with_an_authentication_that_is_not_shared(people, sftp, colleague):
    people.authentication, people.export = sftp, {"path_prefix": "/a.csv"}
    people.save()

    copy = duplicate(people, by=colleague)

    assert (copy.authentication, copy.export) == (None, None)


@pytest.mark.parametrize("off", [True, False])
def test_a_copy_says_that_it_has_no_export_and_why(client, people, sftp, colleague, off):
    export_with(people, sftp)
    if off:
        SwitchedOff.objects.create(type="sftp_v2", reason="Use S3")
    else:
        Authentication.objects.update(owner=colleague)

    said = copied(client, people)

    why = (
        "SFTP_V2 is switched off by an administrator. Use S3."
        if off
        else f"you cannot use the authentication “{sftp.name}”."
    )
    assert f"It has no schedule, and no export: {why}" in said
    assert not Query.objects.latest("pk").export


def test_a_copy_of_what_has_an_export_or_none_says_nothing_of_it(client, people, sftp):
    assert "It has no schedule." in copied(client, people)

    export_with(people, sftp)

    assert "It has no schedule." in copied(client, people)


def copied(client, query):
    """Return the page that the owner is led to by making a copy."""
    client.force_login(query.owner)
    answer = client.post(reverse("duplicate-query", args=[query.pk]), follow=True)
    return answer.content.decode()


def export_with(query, authentication):
    query.authentication, query.export = authentication, {"path_prefix": "/a.csv"}
    query.save()


def test_deleting_keeps_the_jobs(people, run_query):
    job = run_query(people)
    schedule_query(people, "@daily")

    delete(people)

    job.refresh_from_db()
    assert job.query is None and job.status == "success"
    assert not QueryVersion.objects.exists()


def test_formatting_keeps_comments_and_the_case_of_functions():
    sql = "-- who\nselect a, td_time_format(time,'yyyy') from t -- all\nwhere b=1"

    written = format_sql(sql, "trino")

    assert written == (
        "/* who */\nSELECT\n  a,\n  td_time_format(time, 'yyyy')\nFROM t /* all */\nWHERE\n  b = 1"
    )


def test_formatting_says_where_the_text_is_not_understood():
    with pytest.raises(CannotFormat) as error:
        format_sql("select 1\nfrom t where where", "trino")

    assert error.value.line == 2


@pytest.mark.parametrize("sql", ["select 'abc", "select 1 /* never closed"])
def test_an_unfinished_text_is_not_formatted(sql):
    with pytest.raises(CannotFormat, match="never closed"):
        format_sql(sql, "trino")


def test_a_comment_alone_is_not_lost():
    with pytest.raises(CannotFormat, match="no statement"):
        format_sql("-- nothing but this", "trino")


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_are_formatted_without_a_change_of_meaning(sample):
    assert format_sql(format_sql(sample.sql, "trino"), "trino") == format_sql(sample.sql, "trino")


def test_line_ends_and_tabs_get_signs():
    shown = ["".join(text for text, _ in line) for line in lines(b"a\tb\r\nc\n\nd\r\x00e")]

    assert shown == ["a⇥b␍␊", "c␊", "␊", "d␍", "␀e"]


def test_a_character_that_was_cut_off_is_left_out_but_other_bytes_are_marked():
    assert lines("é".encode()[:1]) == []
    assert lines("aé".encode()[:2]) == [[("a", False)]]
    assert lines(b"\xff\xfeabcdef")[0][0] == ("\ufffd\ufffdabcdef", False)


def test_hexadecimal_has_sixteen_bytes_a_row():
    rows = hexdump(bytes(range(0x41, 0x53)))

    assert rows[1] == ("000010", "51 52", "QR")


def test_a_comparison_numbers_the_lines_of_both_texts():
    found = compare("a\nb\nc", "a\nB\nc")

    assert [(line.sign, line.old, line.new, line.text) for line in found] == [
        ("", 1, 1, "a"),
        ("-", 2, None, "b"),
        ("+", None, 2, "B"),
        ("", 3, 3, "c"),
    ]
