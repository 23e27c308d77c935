"""Saving activations: with their query, export, schedule and messages, or nothing of it."""

from functools import partial

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from activations.activating import saving
from activations.activating.access import may_change, visible_activations
from activations.activating.life import duplicate
from activations.activating.refusals import (
    BadTiming,
    Gone,
    NameTaken,
    NoCopy,
    NoSegment,
    NoTable,
    NotRefreshed,
    NotYours,
    Off,
    SavedMeanwhile,
    Unsound,
    Unusable,
    opened_at,
)
from activations.models import Activation, Segment
from activations.segments.saving import save as save_segment
from console import jobs, tables
from console.models import Query
from console.schedules import follow_query, schedule_query, unschedule
from integrations.models import Authentication, SwitchedOff
from tests.activations.studio import GOLD, all_of, rule

EXPORT = {"path_prefix": "/gold.csv", "format": "csv"}
DAILY = partial(schedule_query, wanted="@daily", timezone="Europe/Berlin")


@pytest.fixture
def activate(make, marketer, sftp):
    """Save an activation of Mia's segment."""

    def activate(name="Weekly", segment=None, by=marketer, **more):
        activation = Activation(segment=segment or make(), name=name)
        given = {"authentication": sftp, "export": EXPORT, **more}
        return saving.save(activation, by=by, **given)

    return activate


def test_an_activation_has_the_rules_that_its_segment_has_by_now(activate, make, marketer):
    gold = make()
    opened = Segment.objects.get(pk=gold.pk)
    gold.rules = all_of(rule("email", "Equal", rightValue="new@example.com"))
    save_segment(gold, by=marketer)

    activation = activate(segment=opened)

    assert "new@example.com" in activation.query.sql


def test_an_activation_of_a_segment_that_was_deleted_meanwhile_says_so(activate, make):
    gold = make()
    opened = Segment.objects.get(pk=gold.pk)
    gold.delete()

    with pytest.raises(NoSegment, match="was deleted meanwhile"):
        activate(segment=opened)


def again(activation, by, **more):
    query = activation.query
    given = {"authentication": query.authentication, "export": query.export, **more}
    return saving.save(activation, by=by, **given)


def share(sftp, *users):
    sftp.shared_users.add(*users)


def test_an_activation_is_saved_with_all_that_it_needs(activate, marketer, colleague, shoppers):
    mail = saving.Mail(on_success=True, people=[colleague])

    made = activate(timing=DAILY, mail=mail)

    query = Activation.objects.get().query
    assert query.place == f"/studio/activations/{made.pk}/"
    assert (query.name, query.owner, query.database.name) == ("Weekly", marketer, shoppers.database)
    assert (query.authentication.name, query.export) == ("Rokt drop", EXPORT)
    assert (query.schedule.cron, query.schedule.timezone) == ("@daily", "Europe/Berlin")
    assert (query.notify_failure, query.notify_success) == (False, True)
    assert [*query.notified.all()] == [colleague]
    assert query.version == 1 and "WHERE" in query.versions.get().sql


def test_the_log_of_deliveries_tells_whose_runs_they_are(activate, marketer):
    activation = activate()
    segment, parent = activation.segment, activation.segment.parent_segment
    told = {
        **{"activation_id": activation.pk, "activation_name": activation.name},
        **{"segment_id": segment.pk, "segment_name": segment.name},
        **{"audience_id": parent.pk, "audience_name": parent.name},
    }
    assert jobs.submit_query(activation.query).about == told

    segment.name = "Renamed"
    save_segment(segment, by=marketer)

    assert Query.objects.get(pk=activation.query_id).about == told | {"segment_name": "Renamed"}


def test_a_changed_activation_keeps_what_was_not_given(activate, marketer, colleague):
    made = activate(timing=DAILY, mail=saving.Mail(on_success=True, people=[colleague]))
    made.name = "Every week"

    again(made, marketer)

    query = Query.objects.get(pk=made.query_id)
    assert query.name == "Every week" and query.version == 1
    assert query.schedule.cron == "@daily" and query.notify_success
    assert [*query.notified.all()] == [colleague]

    again(made, marketer, timing=unschedule, mail=saving.Mail())

    query = Query.objects.get(pk=made.query_id)
    assert query.schedule is None and not query.notify_success and not query.notified.exists()


def test_it_runs_after_the_refresh_of_its_parent_segment(activate, analyst, shoppers, sftp, make):
    shoppers.query.builds = {shoppers.database: {}}
    shoppers.query.save()
    share(sftp, analyst)

    made = activate(by=analyst, timing=partial(follow_query, upstream=shoppers.query))

    assert made.query.schedule.follows.query == shoppers.query
    assert made.query.owner == analyst


def test_a_name_is_there_once_in_a_segment(activate, make):
    gold = make()
    activate("Weekly", gold)

    with pytest.raises(NameTaken, match="an activation “Weekly” already"):
        activate("Weekly", gold)

    activate("Weekly", make("Silver"))
    assert Query.objects.filter(name="Weekly").count() == 2


def test_who_saved_meanwhile_is_not_overwritten(activate, marketer):
    made = activate()
    opened = opened_at(made)
    made.description = "first"
    again(made, marketer, opened=opened)
    other = Activation.objects.get(pk=made.pk)
    other.description = "second"

    with pytest.raises(SavedMeanwhile, match="Your entries are still here") as refused:
        again(other, marketer, opened=opened)

    assert Activation.objects.get().description == "first"
    again(other, marketer, opened=refused.value.opened)
    assert Activation.objects.get().description == "second"


def test_one_that_was_deleted_meanwhile_is_not_made_anew(activate, marketer):
    made = activate()
    Activation.objects.all().delete()

    with pytest.raises(Gone, match="“Weekly” was deleted meanwhile"):
        again(made, marketer)


def test_an_authentication_has_to_be_usable_by_the_owner(activate, analyst, marketer, sftp, make):
    gold = make()
    with pytest.raises(Unusable, match="ines cannot use the authentication “Rokt drop”"):
        activate("Hers", gold, by=analyst)

    share(sftp, analyst)
    hers = activate("Hers", gold, by=analyst)
    sftp.shared_users.clear()

    with pytest.raises(Unusable, match="ines cannot use"):
        again(hers, marketer)


def test_who_may_not_use_its_authentication_sends_nothing_elsewhere(
    activate, analyst, marketer, sftp, make
):
    share(sftp, analyst)
    hers = activate("Hers", make(), by=analyst)
    stranger = hers.segment.parent_segment.owner
    sftp.owner = analyst
    sftp.save()
    sftp.shared_users.clear()
    assert stranger == marketer

    hers.description = "stays where it was"
    again(hers, marketer)
    with pytest.raises(Unusable, match="mia cannot use the authentication “Rokt drop”"):
        again(hers, marketer, export=EXPORT | {"path_prefix": "/others.csv"})


def test_with_a_connector_that_is_switched_off_nothing_new_is_made(activate, marketer, sftp, make):
    made = activate()
    SwitchedOff.objects.create(type="sftp_v2", reason="Use S3")

    with pytest.raises(Off, match=r"switched off by an administrator\. Use S3\."):
        activate("Another", make("Other"))
    with pytest.raises(NoCopy):
        duplicate(made, name="Copy", segment=made.segment, by=marketer)

    made.description = "goes on"
    assert again(made, marketer).description == "goes on"


def test_the_form_says_why_an_authentication_is_not_offered(client, make, marketer, sftp):
    SwitchedOff.objects.create(type="sftp_v2", reason="Use S3")
    segment = make()
    client.force_login(marketer)

    address = reverse("new-activation", args=[segment.parent_segment_id, segment.pk])
    page = client.get(address).content.decode()

    assert "Rokt drop" not in page
    assert "SFTP_V2 is switched off by an administrator. Use S3." in page


def test_a_changed_authentication_has_to_be_usable_by_who_saves(
    activate, analyst, marketer, sftp, make
):
    share(sftp, analyst)
    hers = activate("Hers", make(), by=analyst)
    other = Authentication.objects.create(name="Ines only", type="sftp_v2", owner=analyst)

    with pytest.raises(Unusable, match="mia cannot use the authentication “Ines only”"):
        again(hers, marketer, authentication=other)

    assert again(hers, analyst, authentication=other).query.authentication == other
    assert again(hers, marketer).query.authentication == other


def test_a_changed_table_has_to_be_writable_by_owner_and_by_who_saves(
    activate, analyst, marketer, make
):
    for name, user in {"hers": analyst, "mine": marketer}.items():
        tables.create_database(name, user, everyone_reads=False)
    console = Authentication.objects.create(name="Tables", type="treasure_data", owner=marketer)
    share(console, analyst)
    to = {"database": "hers", "table": "gold", "mode": "append"}
    hers = activate("Hers", make(), by=analyst, authentication=console, export=to)

    with pytest.raises(NoTable, match="There is no database mine that ines may write to"):
        again(hers, marketer, export=to | {"database": "mine"})
    with pytest.raises(NoTable, match="There is no database hers that mia may write to"):
        again(hers, marketer, export=to | {"table": "vault"})

    assert again(hers, marketer).query.export == to
    assert again(hers, analyst, export=to | {"table": "new"}).query.export["table"] == "new"


def test_one_that_was_deleted_is_named(activate, sftp):
    sftp.delete()

    with pytest.raises(Unusable, match="“Rokt drop”: it was deleted"):
        activate()


def test_nothing_is_activated_before_the_first_refresh(unbuilt, marketer, sftp):
    segment = Segment.objects.create(
        parent_segment=unbuilt, name="Gold", rules=GOLD, owner=marketer
    )

    with pytest.raises(NotRefreshed, match="Customers was not refreshed yet"):
        saving.save(
            Activation(segment=segment, name="Weekly"),
            by=marketer,
            authentication=sftp,
            export=EXPORT,
        )


def test_nothing_is_left_of_one_that_cannot_be_saved(activate, make, marketer):
    gold = make()
    upstream = activate("First", gold)
    follow_query(upstream.query, activate("Second", gold).query)
    second = Activation.objects.get(name="Second")
    second.description = "in a circle"

    with pytest.raises(BadTiming, match="in a circle nothing ever starts"):
        again(second, marketer, timing=partial(follow_query, upstream=upstream.query))
    with pytest.raises(BadTiming, match="Time zone: 'Mars' is not known"):
        activate("Third", gold, timing=partial(schedule_query, wanted="@daily", timezone="Mars"))

    assert Activation.objects.get(name="Second").description == ""
    assert not Query.objects.filter(name="Third").exists()


def test_a_segment_about_masked_columns_is_activated_by_who_may_see_them(
    activate, make, analyst, sftp, shoppers
):
    share(sftp, analyst)
    secret = make("Mail", all_of(rule("email", "IsNull")))

    with pytest.raises(Unsound, match="email"):
        activate(segment=secret, by=analyst)

    shoppers.unmasked.add(Group.objects.get(name="analysts"))
    assert activate(segment=secret, by=analyst).query.owner == analyst


def test_who_may_change_an_activation(activate, analyst, marketer, keeper, colleague):
    share(Authentication.objects.get(), analyst, colleague)
    colleague.groups.add(Group.objects.get(name="analysts"))
    hers = activate(by=analyst)

    assert [
        user.username for user in (analyst, marketer, keeper, colleague) if may_change(user, hers)
    ] == ["ines", "mia", "ada"]
    assert [*visible_activations(colleague)] == [hers]

    with pytest.raises(NotYours, match="Only ines, its owner"):
        again(hers, colleague)
    for user in (marketer, keeper):
        again(hers, user)

    hers.refresh_from_db()
    assert hers.query.owner == analyst  # whoever saves it


def test_who_may_not_use_the_parent_segment_sees_no_activation(activate, colleague):
    activate()

    assert not visible_activations(colleague).exists()


def test_its_sql_follows_the_segment(activate, make, marketer):
    gold = make()
    made = activate(segment=gold)
    before = made.query.sql
    gold.rules = all_of(rule("tier", "Equal", rightValue="silver"))

    save_segment(gold, by=marketer)

    made.query.refresh_from_db()
    assert made.query.sql != before and "silver" in made.query.sql
