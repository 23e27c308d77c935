"""Activations follow their segment, their schedule and the tables of the refresh."""

import pytest
from django.urls import reverse

from activations.models import Segment
from activations.parents import keeping
from activations.segments import saving
from activations.segments.rewriting import hindrance, statement
from console import jobs, tables
from console.engines import QueryError
from console.models import Job, Query
from console.schedules import schedule_query
from tests.activations.activated import activate, run
from tests.activations.studio import rule

EVERYBODY = {"type": "And", "conditions": []}
ALL = {"all_columns": True, "columns": []}


def only(*sources, **more):
    picked = [{"kind": "attribute", "source": each, "name": each, **more} for each in sources]
    return {"all_columns": False, "columns": picked}


def told(*parts):
    item = {"kind": "string", "name": "told", "parts": [{"type": each} for each in parts]}
    return {"all_columns": False, "columns": [item]}


CLOCK = {"type": "timestamp", "format": "yyyy"}
TIMED = {
    "all_columns": False,
    "columns": [{"kind": "string", "name": "year", "parts": [CLOCK]}],
}


@pytest.fixture
def people(parent, refresh, marketer):
    """Mia's parent segment, refreshed, and a segment of everybody."""
    refresh(parent)
    segment = Segment(parent_segment=parent, name="All", rules=EVERYBODY, owner=marketer)
    return saving.save(segment, by=marketer)


def delivered(activation):
    job = run(activation)
    assert job.status == Job.Status.SUCCESS, job.error
    return jobs.grid(job)


def sql_of(activation):
    return Query.objects.get(pk=activation.query_id).sql


def renamed(column, name):
    column["name"] = name


def masked(column, _):
    column["visibility"] = "masked"


def blocked(column, _):
    column["visibility"] = "blocked"


def redefine(parent, change, name=""):
    """Change the column `city` of the definition, and save it."""
    change(parent.attributes[0]["columns"][1], name)
    keeping.save(parent, readers=parent.readers.all(), unmasked=(), by=parent.owner)


def test_a_run_has_the_columns_in_their_order_by_customer(people, marketer):
    mapping = only("tier", "city")
    mapping["columns"].insert(1, told("segment_name", "audience_id")["columns"][0])
    activation = activate(people, marketer, mapping)

    columns, rows = delivered(activation)

    number = people.parent_segment_id
    assert [name for name, _ in columns] == ["tier", "told", "city"]
    assert [tuple(row) for row in rows] == [
        ("Gold", f"All{number}", "Oslo"),
        (None, f"All{number}", "Lima"),
        ("Bronze", f"All{number}", "Rome"),
        (None, f"All{number}", "Oslo"),
    ]


def test_a_segment_with_a_new_name_tells_it_in_its_columns(people, marketer):
    activation = activate(people, marketer, told("segment_name", "segment_id"))
    people.name = "It's all"

    saving.save(people, by=marketer)

    assert delivered(activation)[1][0][0] == f"It's all{people.pk}"
    assert Query.objects.get(pk=activation.query_id).versions.get().saved_by == marketer


def test_what_is_saved_without_a_change_makes_no_version(people, marketer):
    activation = activate(people, marketer, ALL)
    people.description = "All of them"

    saving.save(people, by=marketer)

    assert not activation.query.versions.exists()


def test_times_are_in_the_zone_of_the_schedule_or_else_of_the_parent_segment(people, marketer):
    people.parent_segment.timezone = "Asia/Tokyo"
    activation = activate(people, marketer, TIMED)
    assert "'Asia/Tokyo'" in statement(activation)

    schedule_query(activation.query, "@daily", "Europe/Berlin")

    assert "'Europe/Berlin'" in statement(activation)


def test_one_who_may_not_see_a_masked_column_cannot_send_it(people, marketer, analyst):
    parent = people.parent_segment
    keeping.save(parent, readers=analyst.groups.all(), unmasked=(), by=marketer)
    activation = activate(people, analyst, only("city"))
    activation.mapping = only("city", "email")
    activation.save()
    people.rules = {"type": "And", "conditions": [rule("city", "Equal", rightValue="Oslo")]}

    with pytest.raises(saving.Unsound) as refused:
        saving.save(people, by=marketer)

    assert str(refused.value) == (
        "The activation “Weekly” of the segment “All” could not go on: 'email' is masked: you may "
        "not use it. An administrator can allow it. It runs as ines."
    )


def test_the_engine_refuses_masked_columns_too(people, marketer, analyst):
    """Whatever stands in the SQL of an activation: it runs with the rights of its owner."""
    parent = people.parent_segment
    keeping.save(parent, readers=analyst.groups.all(), unmasked=(), by=marketer)
    activation = activate(people, marketer, only("email", hash=True))
    assert delivered(activation)[1][0][0]
    Query.objects.filter(pk=activation.query_id).update(owner=analyst)

    job = run(activation)

    assert job.status == Job.Status.ERROR
    assert f"no table {parent.unmasked_database}.customers that you may read" in job.error


GONE = [(renamed, "town"), (blocked, "")]


@pytest.mark.parametrize(("change", "name"), GONE)
def test_after_a_refresh_without_its_column_it_says_so_until_the_column_is_back(
    people, marketer, refresh, change, name, client
):
    client.force_login(marketer)
    activation, other = (activate(people, marketer, only(each), each) for each in ("city", "tier"))
    parent = people.parent_segment
    redefine(parent, change, name)
    assert delivered(activation)  # The tables are those of before.

    refresh(parent)

    said = (
        "The activation “city” of the segment “All” could not go on: There is no attribute 'city' "
        "any more. It runs as mia."
    )
    job = run(activation)
    assert (job.status, job.error) == (Job.Status.ERROR, said)
    assert hindrance(activation) == said
    address = reverse("activation", args=[activation.pk])
    assert "There is no attribute &#x27;city&#x27; any more." in client.get(address).text
    assert delivered(other)
    people.description = "Still kept"
    people.name = "Everybody"
    saving.save(people, by=marketer)
    assert "of the segment “Everybody” could not" in sql_of(activation)

    parent.attributes[0]["columns"][1].update(name="city", visibility="clear")
    keeping.save(parent, readers=(), unmasked=(), by=marketer)
    refresh(parent)

    assert [row[0] for row in delivered(activation)[1]] == ["Oslo", "Lima", "Rome", "Oslo"]
    assert hindrance(activation) == ""


def test_a_column_that_is_masked_goes_on_for_who_sees_it_and_stops_for_others(
    people, marketer, analyst, refresh
):
    parent = people.parent_segment
    parent.readers.set(analyst.groups.all())
    keeping.save(parent, readers=analyst.groups.all(), unmasked=(), by=marketer)
    own, other = activate(people, marketer, only("city")), activate(people, analyst, ALL, "Ines")
    narrow = activate(people, analyst, only("city"), "Narrow")
    redefine(parent, masked)

    refresh(parent)

    assert [row[0] for row in delivered(own)[1]] == ["Oslo", "Lima", "Rome", "Oslo"]
    assert "city" not in [name for name, _ in delivered(other)[0]]
    assert "'city' is masked" in run(narrow).error


def test_all_columns_are_those_of_the_latest_refresh(people, marketer, refresh):
    activation = activate(people, marketer, ALL)
    parent = people.parent_segment
    before = ["email", "city", "age_text", "tier", "seen_at"]
    assert [name for name, _ in delivered(activation)[0]] == before
    parent.attributes[0]["columns"].insert(0, parent.attributes[0]["columns"][1] | {"name": "town"})
    keeping.save(parent, readers=(), unmasked=(), by=marketer)

    refresh(parent)

    assert [name for name, _ in delivered(activation)[0]] == ["town", *before]


def test_what_a_refresh_writes_is_by_who_changed_the_rules(people, marketer, analyst, refresh):
    columns = told("segment_name")["columns"]
    activation = activate(people, marketer, {"all_columns": True, "columns": columns})
    people.name = "Others"
    saving.save(people, by=analyst)
    redefine(parent := people.parent_segment, renamed, "town")

    refresh(parent)

    versions = Query.objects.get(pk=activation.query_id).versions
    assert versions.count() == 2 and versions.first().saved_by == analyst


def test_a_retry_reads_the_tables_as_they_are_now(people, marketer, refresh):
    activation = activate(people, marketer, only("city"))
    job = jobs.submit_query(activation.query)
    parent = people.parent_segment
    parent.attributes[0]["columns"][0]["visibility"] = "clear"  # Nothing is masked any more.
    parent.behaviors[0]["columns"][2]["visibility"] = "clear"
    keeping.save(parent, readers=(), unmasked=(), by=marketer)
    refresh(parent)
    jobs.run(job.pk)
    job = Job.objects.get(pk=job.pk)
    assert f"no table {parent.unmasked_database}.customers" in job.error

    again = jobs.retry(job, marketer)
    jobs.run(again.pk)

    assert Job.objects.get(pk=again.pk).status == Job.Status.SUCCESS


def test_a_refresh_that_fails_leaves_activations_as_they_are(people, marketer, refresh):
    activation = activate(people, marketer, only("city"))
    before = sql_of(activation)
    parent = people.parent_segment
    parent.attributes[0]["columns"][1]["column"] = "gone"
    keeping.save(parent, readers=(), unmasked=(), by=marketer)

    assert refresh(parent).status == Job.Status.ERROR
    assert sql_of(activation) == before
    assert delivered(activation)


def test_the_engine_fails_with_the_sentence_that_a_query_says(crm, marketer, settings):
    output = settings.RESULTS_DIR / "found.parquet"

    with pytest.raises(QueryError) as refused:
        tables.execute(
            "SELECT fail('It''s $1; no rows.')", owner=marketer, database="crm", output=output
        )

    assert str(refused.value) == "It's $1; no rows."
