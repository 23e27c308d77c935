"""Placeholders in a path prefix."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from integrations.connectors.placeholders import KNOWN, expanded
from integrations.connectors.remote_name import BadName
from integrations.connectors.sftp_v2 import SFTPv2
from integrations.delivery import Delivery
from integrations.errors import PermanentError

SLOT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=ZoneInfo("Asia/Tokyo"))


def export(path, **more):
    given = {"path_prefix": path, "user_directory_is_root": True}
    return SFTPv2.Export.from_json(given | more)


def path_of(prefix, slot=SLOT, number="12", **more):
    form = export(prefix, **more)
    assert not form.errors
    return SFTPv2({}, form.cleaned_data).path(Delivery(slot=slot, number=number))


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        ("/a-{yyyy}{MM}{dd}-{HH}{mm}{ss}.csv", "/a-20260304-050607.csv"),
        ("/{yyyy}/{MM}/{dd}/a.csv", "/2026/03/04/a.csv"),
        ("{yy}.csv", "26.csv"),
        ("/{job}-{epoch}.csv", "/12-1772568367.csv"),
        ("/{{yyyy}}.csv", "/{yyyy}.csv"),
        ("/{{{yyyy}}}.csv", "/{2026}.csv"),
        ("/a.csv", "/a.csv"),
    ],
)
def test_they_stand_for_the_slot_and_the_job(prefix, path):
    assert path_of(prefix) == path


def test_the_time_is_that_of_the_zone_of_the_slot():
    instant = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert path_of("{yyyy}-{HH}{mm}", instant) == "2026-2330"
    assert path_of("{yyyy}-{HH}{mm}", instant.astimezone(ZoneInfo("Asia/Tokyo"))) == "2027-0830"


def test_the_sequence_and_the_extension_come_after_them_as_they_are():
    assert path_of("/a{dd}", sequence_format=".%03d", file_ext=".{x}") == "/a04.000.{x}"


@pytest.mark.parametrize(
    ("prefix", "sentence"),
    [
        ("/{YYYY}", "There is no placeholder {YYYY}. Did you mean {yyyy}?"),
        ("/{yyy}", "There is no placeholder {yyy}. Did you mean {yyyy}?"),
        ("/{jobs}", "There is no placeholder {jobs}. Did you mean {job}?"),
        (
            "/{yyyyMMdd}",
            "There is no placeholder {yyyyMMdd}. Did you mean {yyyy}{MM}{dd}?",
        ),
        ("/{hour of the day}", "There are {yyyy}, {yy}, {MM}"),
        ("/{}", "There is no placeholder {}."),
        ("/{yyyy", "Write {{ for the character itself."),
        ("/yyyy}", "Write }} for the character itself."),
        ("/{a{b}", "Write {{ for the character itself."),
    ],
)
def test_what_is_no_placeholder_is_refused_with_a_hint(prefix, sentence):
    [message] = export(prefix).errors["path_prefix"]

    assert sentence in message


@pytest.mark.parametrize(
    "prefix",
    ["/{yyyy}/../a", "/{yyyy}*.csv", "/a?{dd}", "/a\n{dd}", "/{yyyy}/", "/{yyyy}" + "x" * 250],
)
def test_the_checks_of_a_path_are_made_of_what_comes_out(prefix):
    assert "path_prefix" in export(prefix).errors


def test_a_name_with_room_for_every_year_and_job_is_taken():
    assert not export("/" + "x" * 235 + "{job}{yyyy}").errors
    assert export("/" + "x" * 236 + "{job}{yyyy}").errors


def test_settings_from_before_there_were_placeholders_end_with_a_sentence():
    settings = export("/a").cleaned_data | {"path_prefix": "/a{b}.csv"}

    with pytest.raises(PermanentError, match="There is no placeholder") as failed:
        SFTPv2({}, settings).path(Delivery())
    assert failed.value.remedy


def test_all_of_them_are_documented():
    text = (Path(__file__).parents[2] / "docs/exports.md").read_text()

    assert {name for name in KNOWN if f"`{{{name}}}`" not in text} == set()


def test_a_text_is_expanded_once():
    assert expanded("{{job}}{job}", SLOT, "{yyyy}") == "{job}{yyyy}"


def test_other_braces_raise_as_bad_names():
    with pytest.raises(BadName):
        expanded("}", SLOT, "1")
