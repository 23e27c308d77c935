"""Templates of activations: kept, begun with, deleted; and who may."""

from datetime import UTC, date, datetime, time
from functools import partial

import pytest
from django.urls import reverse

from activations.activating import saving, templates
from activations.models import Activation, ActivationTemplate
from console.forms.schedules import entries
from console.models import Query, Schedule
from console.schedules import Repeat, follow_query, schedule_query, times, times_of
from tests.activations.studio import all_of, bought

MONDAYS = partial(
    schedule_query, wanted="30 6 * * 1", timezone="Europe/Berlin", delay=90, overlap="skip"
)
NAMED = {"all_columns": True, "columns": []}


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def kept(activation, name="Drop, weekly", by=None):
    return templates.keep(activation, name, by=by or activation.query.owner)


def test_a_template_has_destination_mapping_and_schedule(send, make, marketer, sftp):
    made = send(timing=MONDAYS, mapping=NAMED)
    Query.objects.filter(pk=made.query_id).update(retry_limit=2, notify_success=True)
    made.query.refresh_from_db()
    buyers = make("Buyers", all_of(bought(1)))

    begun = templates.initial(kept(made), buyers, marketer)

    query, schedule = begun.query, begun.query.schedule
    assert (begun.pk, begun.segment, begun.mapping) == (None, buyers, NAMED)
    assert (query.pk, query.owner, query.authentication) == (None, marketer, sftp)
    assert (query.export, query.retry_limit, query.notify_success) == (made.query.export, 2, True)
    assert (schedule.pk, schedule.cron, schedule.timezone) == (None, "30 6 * * 1", "Europe/Berlin")
    found = entries(query)
    assert (found["when"], found["minutes"], found["overlap"]) == ("custom", 1, "skip")
    assert found["notify_success"] and found["notified"] == []
    assert Activation.objects.count() == 1 and Schedule.objects.count() == 1


def test_what_begins_with_a_template_is_saved_like_any_other(send, make, marketer, sftp):
    begun = templates.initial(kept(send()), make("Buyers", all_of(bought(1))), marketer)
    begun.name = "To buyers"

    saved = saving.save(begun, by=marketer, authentication=sftp, export=begun.query.export)

    assert saved.query.owner == marketer and saved.query.schedule is None
    assert saved.query.place == f"/studio/activations/{saved.pk}/" and saved.query.sql


def test_after_the_refresh_is_after_that_of_the_parent_segment(send, shoppers, marketer, make):
    made = send(timing=lambda query: follow_query(query, shoppers.query, by_hand=True))

    query = templates.initial(kept(made), make("Other"), marketer).query

    schedule = query.schedule
    assert schedule.follows.query == shoppers.query and schedule.follows.by_hand
    assert entries(query)["when"] == "after"


def test_what_a_person_may_not_use_is_left_out(send, people, analyst, make):
    made = send(timing=lambda query: follow_query(query, people))

    begun = templates.initial(kept(made), made.segment, analyst)

    assert begun.query.authentication is None and begun.query.export is None
    assert begun.query.schedule is None


def test_a_template_outlives_its_destination(send, sftp, marketer):
    made = send()
    template = kept(made)
    saving.save(made, by=marketer, authentication=other_of(sftp), export=made.query.export)

    sftp.delete()

    template.refresh_from_db()
    assert template.authentication is None
    begun = templates.initial(template, made.segment, marketer)
    assert begun.query.authentication is None and begun.query.export is None


def other_of(sftp):
    copy = type(sftp)(name="Another", type=sftp.type, owner=sftp.owner)
    copy.settings = sftp.settings
    copy.save()
    return copy


def test_a_repeat_is_kept_with_its_start_and_end(send, marketer):
    start = datetime(2026, 11, 30, 6, tzinfo=UTC)
    rule = Repeat("week", 2, frozenset({1, 5}), at=time(6, 30))
    wanted = times(rule, "Europe/Berlin", start, date(2027, 1, 31))
    made = send(timing=partial(schedule_query, wanted=wanted))

    schedule = templates.initial(kept(made), made.segment, marketer).query.schedule

    assert times_of(schedule) == times_of(Schedule.objects.get()) == wanted


def test_moments_of_a_schedule_are_moments_again():
    at = datetime(2026, 11, 27, 6, tzinfo=UTC)
    said = templates.plain({"next_slot": at, "cron": "@daily"})

    assert templates.typed(Schedule, said | {"forgotten": 1}) == {"next_slot": at, "cron": "@daily"}


def test_a_template_is_kept_listed_and_deleted_by_pages(mia, send, shoppers):
    made = send(timing=MONDAYS)
    address = reverse("keep-template", args=[made.pk])
    assert 'value="Weekly"' in mia.get(address).content.decode()

    mia.post(address, {"name": "Standard"})
    twice = mia.post(address, {"name": "Standard"})
    assert twice.status_code == 422 and "template “Standard” already" in twice.content.decode()
    tab = reverse("segment-activations", args=[shoppers.pk, made.segment_id])
    assert "Standard" in mia.get(tab).content.decode()
    mia.post(deletion(made, ActivationTemplate.objects.get()))

    assert not ActivationTemplate.objects.exists()
    mia.get(tab)  # It says once that it is deleted.
    assert "Standard" not in mia.get(tab).content.decode()


def deletion(activation, template):
    parent, segment = activation.segment.parent_segment_id, activation.segment_id
    return reverse("delete-activation-template", args=[parent, segment, template.pk])


def test_a_template_is_deleted_by_its_owner_the_parents_and_administrators(
    client, send, analyst, colleague, keeper
):
    made = send()
    template = kept(made)
    for user in (analyst, colleague):
        client.force_login(user)
        assert client.post(deletion(made, template)).status_code == 404
    client.force_login(keeper)
    client.post(deletion(made, template))
    assert not ActivationTemplate.objects.exists()

    hers = kept(made, by=analyst)
    client.force_login(analyst)
    tab = reverse("segment-activations", args=[made.segment.parent_segment_id, made.segment_id])
    assert deletion(made, hers) in client.get(tab).content.decode()
    client.post(deletion(made, hers))
    assert not ActivationTemplate.objects.exists()
