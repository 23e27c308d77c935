"""The pages of parent segments, as a browser without scripts and htmx see them."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from activations.forms.definition import DefinitionForms
from activations.models import ParentSegment, Segment
from activations.parents import checking, demo, keeping
from activations.parents.sources import sources
from activations.segments import saving
from console.demo.data import load_demo
from console.models import Job, Query
from console.schedules import schedule_query
from tests.activations.activated import activate
from tests.activations.parents import TABLES, make_table
from tests.activations.studio import rule

HTMX = {"HX-Request": "true"}


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def sent(parent, user, **changes):
    """Return what a browser sends of the form as it is shown."""
    forms = DefinitionForms(parent, sources(user))
    data = entries(forms.parent)
    for each in (forms.columns, forms.attributes, forms.behaviors):
        data |= of_set(each)
    return {name: value for name, value in data.items() if value not in (None, False)} | changes


def of_set(formset):
    data = entries(formset.management_form)
    for form in formset:
        data |= entries(form) | (of_set(form.columns) if hasattr(form, "columns") else {})
    return data


def entries(form):
    return {field.html_name: field.value() for field in form}


def address(name, parent):
    return reverse(name, args=[parent.pk])


def edited(client, parent, **changes):
    data = sent(parent, parent.owner, **changes)
    return client.post(address("edit-parent-segment", parent), data)


def said_at(answer):
    """Return what the page says of the key and of each column of the master table."""
    forms = answer.context["forms"]
    told = {"key": forms.parent.errors.get("key", [])}
    return told | {each.source: each.errors.get("visibility", []) for each in forms.columns}


@pytest.mark.parametrize("hidden", ["masked", "blocked"])
def test_a_column_that_is_hidden_cannot_be_the_key(mia, parent, hidden):
    answer = edited(mia, parent, key="email", **{"master-columns-1-visibility": hidden})

    assert answer.status_code == 422
    assert said_at(answer)["key"] == [
        f"“email” is {hidden}, but everybody who may use the parent segment sees the key as "
        "cdp_customer_id. Choose another key, or make the column clear."
    ]


@pytest.mark.parametrize("hidden", ["masked", "blocked"])
def test_the_key_cannot_be_hidden_afterwards(mia, parent, hidden):
    parent.key = "city"
    parent.save()

    answer = edited(mia, parent, **{"master-columns-2-visibility": hidden})

    assert answer.status_code == 422 and not said_at(answer)["key"]
    assert said_at(answer)["city"] == [
        f"“city” is {hidden}, but everybody who may use the parent segment sees the key as "
        "cdp_customer_id. Choose another key, or make the column clear."
    ]
    assert "Choose another key" in answer.content.decode()


def test_the_key_can_be_a_column_that_is_clear_or_not_used(mia, parent):
    assert edited(mia, parent, key="city").status_code == 302

    parent.refresh_from_db()
    unused = {"key": "email", "master-columns-1-use": ""}
    assert edited(mia, parent, **unused).status_code == 302


def test_the_list_says_how_each_stands(mia, parent, refresh):
    refresh(parent)
    schedule_query(parent.query, "0 6 * * mon", "Europe/Berlin")

    page = mia.get(reverse("parent-segments")).content.decode()

    assert "People" in page and '<td class="num">4</td>' in page
    assert "Success" in page and "At 06:00 on Mondays." in page


def test_an_empty_list_offers_the_demo_where_its_data_is(mia, marketer):
    assert b"Make one from demo data" not in mia.get(reverse("parent-segments")).content
    load_demo(marketer, 300)
    assert b"Make one from demo data" in mia.get(reverse("parent-segments")).content

    page = mia.post(reverse("demo-parent-segment"), follow=True).content.decode()

    assert "Demo customers is there. Its first refresh is under way." in page
    made = ParentSegment.objects.get(name=demo.NAME)
    assert (len(made.attributes), len(made.behaviors)) == (2, 3)
    assert mia.post(reverse("demo-parent-segment")).url == reverse("parent-segments")
    assert ParentSegment.objects.count() == 1


def test_what_is_shown_for_editing_is_kept_as_it_is(mia, parent):
    before = (parent.attributes, parent.behaviors, parent.query.sql)

    answer = edited(mia, parent)

    assert answer.status_code == 302, answer.context["forms"].parent.errors
    parent.refresh_from_db()
    assert (parent.attributes, parent.behaviors, parent.query.sql) == before


def test_save_and_refresh_starts_the_refresh_once(mia, parent):
    edited(mia, parent, refresh="yes")
    parent.refresh_from_db()
    edited(mia, parent, refresh="yes")

    assert parent.query.jobs.count() == 1


def test_a_refresh_of_what_was_defined_before_gives_way(mia, parent):
    edited(mia, parent, refresh="yes")
    parent.refresh_from_db()

    edited(mia, parent, **{"master-columns-1-visibility": "blocked"})

    new, old = parent.query.jobs.order_by("-pk")
    assert (old.status, new.status) == (Job.Status.KILLED, Job.Status.QUEUED)
    assert '"email"' in old.sql and '"email"' not in new.sql


def test_a_new_definition_is_saved(mia, parent, marketer):
    data = sent(parent, marketer, name="Again", opened="")

    answer = mia.post(reverse("new-parent-segment"), data)

    made = ParentSegment.objects.get(name="Again")
    assert answer.url == made.get_absolute_url()
    assert made.behaviors == parent.behaviors
    assert made.query.name == "Refresh of Again" and made.query.place == answer.url


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"key": "gone"}, "crm.people has no column “gone”. Choose another one."),
        ({"master": "crm.nothing"}, "There is no table crm.nothing that you may read."),
        ({"timezone": "Mars/Olympus"}, "There is no such time zone."),
        ({"master-columns-1-name": "City!"}, "Use lower-case letters, digits and underscores."),
        ({"master-columns-2-name": "cdp_customer_id"}, "is what the key of a customer is called"),
        ({"attributes-0-columns-1-name": "city"}, "Another column is called so too."),
        ({"attributes-0-foreign_key": "nope"}, "crm.profile has no column “nope”."),
        ({"behaviors-1-name": "orders"}, "Another behavior is called so too."),
        ({"behaviors-1-name": "Visits to us"}, "Use lower-case letters, digits and underscores."),
        ({"behaviors-1-foreign_key": "day"}, "they cannot be compared."),
        ({"behaviors-1-time": "house_no"}, "“house_no” cannot say when"),
        ({"behaviors-0-columns-1-visibility": "blocked"}, "This column is blocked"),
        ({"behaviors-0-columns-2-kind": "boolean"}, "cannot be used so."),
        ({"opened": "2026-01-01"}, "saved in another window"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(mia, parent, changes, said):
    before = parent.query.sql

    answer = edited(mia, parent, **changes)

    assert answer.status_code == 422
    assert said in answer.content.decode().replace("&#x27;", "'")
    parent.query.refresh_from_db()
    assert parent.query.sql == before


def test_a_column_that_is_gone_is_marked_and_has_to_be_left_out(mia, parent, crm, settings):
    columns = {name: each for name, each in TABLES["people"].items() if name != "city"}
    make_table(crm, "people", columns, settings.TABLES_DIR)

    page = mia.get(parent.get_absolute_url()).content.decode()
    answer = edited(mia, parent)

    assert "The next refresh will fail" in page
    assert "crm.people has no column city any more." in page
    assert answer.status_code == 422
    assert "The table has no such column any more" in answer.content.decode()


def test_what_takes_a_column_from_an_activation_is_told_before_it_is_saved(
    mia, parent, refresh, marketer
):
    refresh(parent)
    rules = {"type": "And", "conditions": [rule("tier", "Equal", rightValue="Gold")]}
    segment = Segment(parent_segment=parent, name="Gold", rules=rules, owner=marketer)
    saving.save(segment, by=marketer)
    city = [{"kind": "attribute", "source": "city", "name": "City"}]
    activate(segment, marketer, {"all_columns": False, "columns": city})
    assert edited(mia, parent).status_code == 302
    parent.refresh_from_db()
    before = parent.query.sql

    answer = edited(mia, parent, **{"master-columns-2-name": "town"})

    said = "The activation “Weekly” of the segment “Gold” could not go on: There is no attribute "
    page = answer.content.decode().replace("&#x27;", "'")
    assert answer.status_code == 422 and f"{said}'city' any more. It runs as mia." in page
    parent.query.refresh_from_db()
    assert parent.query.sql == before
    accepted = answer.context["forms"].parent["accepted"].value()
    more = {"attributes-0-columns-1-visibility": "blocked", "accepted": accepted}
    answer = edited(mia, parent, **{"master-columns-2-name": "town"} | more)
    page = answer.content.decode().replace("&#x27;", "'")
    assert answer.status_code == 422  # More than what was accepted.
    assert "The segment “Gold” could not be counted: There is no attribute 'tier' any more." in page
    answer = edited(mia, parent, **{"master-columns-2-name": "town", "accepted": accepted})
    assert answer.status_code == 302


@pytest.mark.parametrize("unmasked", [False, True])
def test_masking_a_column_is_told_where_an_owner_would_not_see_it(
    mia, parent, refresh, marketer, analyst, unmasked
):
    [group] = analyst.groups.all()
    refresh(parent)
    keeping.save(parent, readers=[group], unmasked=(), by=marketer)
    rules = {"type": "And", "conditions": []}
    segment = Segment(parent_segment=parent, name="All", rules=rules, owner=marketer)
    saving.save(segment, by=marketer)
    city = [{"kind": "attribute", "source": "city", "name": "City"}]
    activate(segment, analyst, {"all_columns": False, "columns": city})
    activate(segment, marketer, {"all_columns": False, "columns": city}, "Own")
    groups = {"unmasked": [group.pk]} if unmasked else {}

    answer = edited(mia, parent, **{"master-columns-2-visibility": "masked"} | groups)

    assert answer.status_code == (302 if unmasked else 422)
    if not unmasked:
        [loss] = answer.context["forms"].parent.losses
        assert "'city' is masked" in loss and "ines" in loss


def test_tables_are_removed_and_change_places(mia, parent):
    changes = {"attributes-0-DELETE": "on", "behaviors-0-ORDER": 2, "behaviors-1-ORDER": 1}

    answer = edited(mia, parent, **changes)

    assert answer.status_code == 302
    parent.refresh_from_db()
    assert [each["table"] for each in parent.attributes] == ["crm.people"]
    assert [each["name"] for each in parent.behaviors] == ["visits", "orders"]


def test_what_changed_places_stays_so_where_something_is_wrong(mia, parent):
    answer = edited(mia, parent, **{"name": "", "behaviors-0-ORDER": 2, "behaviors-1-ORDER": 1})

    shown = answer.context["forms"].behaviors.shown()
    assert [form["name"].value() for form in shown] == ["visits", "orders"]


def test_the_columns_of_a_chosen_table_come_with_what_they_probably_are(mia, parent):
    chosen = {"of": "behaviors-7", "behaviors-7-table": "crm.orders", "master": "crm.people"}

    page = mia.get(reverse("parent-segment-table"), chosen | {"key": "id"}, headers=HTMX)
    text = page.content.decode()

    assert 'name="behaviors-7-columns-1-column" value="time"' in text
    assert '<option value="timestamp" selected>Time</option>' in text
    assert 'name="behaviors-7-name" value="orders"' in text
    assert mia.get(reverse("parent-segment-table"), {"of": "nonsense"}).status_code == 404


def test_keys_are_checked_with_the_rights_of_who_asks(mia, parent, client, colleague):
    data = sent(parent, parent.owner)

    def check(of, **changes):
        page = client.post(reverse("check-keys"), data | {"of": of} | changes)
        return page.content.decode()

    master = check("master")
    assert "4 customers in 6 rows." in master
    assert 'id="live" hx-swap-oob="innerHTML">4 customers in 6 rows.' in master
    assert "1 row without a key: left out." in master
    assert "1 row whose key an earlier row has: left out." in master
    profile = check("attributes-0")
    assert "50.0 % of 4 customers have rows in it." in profile
    assert "1 row of no customer: left out." in profile
    wrong = check("behaviors-0", **{"behaviors-0-foreign_key": "time"})
    assert "0 % of 4 customers have rows in it." in wrong and "▲" in wrong
    assert "they cannot be compared" in check("behaviors-1", **{"behaviors-1-foreign_key": "day"})
    client.force_login(colleague)
    assert "not calculated yet" in check("master")


def test_a_check_that_takes_too_long_is_given_up(mia, parent, monkeypatch):
    monkeypatch.setattr(checking, "SECONDS", 0)

    page = mia.post(reverse("check-keys"), sent(parent, parent.owner) | {"of": "master"})

    assert b"It could not be calculated: The query was stopped after 0 seconds." in page.content
    assert edited(mia, parent, name="Saved").status_code == 302


def test_the_page_says_that_old_data_stays_when_a_refresh_fails(
    mia, parent, refresh, crm, settings
):
    refresh(parent)
    columns = {name: each for name, each in TABLES["orders"].items() if name != "amount"}
    make_table(crm, "orders", columns, settings.TABLES_DIR)
    refresh(parent)

    page = mia.get(parent.get_absolute_url()).content.decode()

    assert "The last refresh failed" in page and "The data is still that of" in page
    assert "behavior_orders could not be made" in page.replace("&quot;", '"')


def test_a_job_of_a_refresh_leads_to_its_parent_segment_and_that_to_its_segments(
    mia, parent, refresh
):
    job = refresh(parent)

    page = mia.get(job.get_absolute_url()).content.decode()

    shown = mia.get(parent.get_absolute_url()).content.decode()
    assert reverse("studio-parent", args=[parent.pk]) in shown
    assert "Refresh of People" in page
    assert f'href="{parent.get_absolute_url()}"' in page


def test_it_is_refreshed_by_hand_once_at_a_time(mia, parent):
    for _ in range(2):
        mia.post(address("refresh-parent-segment", parent))

    [job] = Job.objects.filter(query=parent.query)
    page = mia.get(address("parent-segment-refreshes", parent), headers=HTMX).content.decode()
    assert 'hx-trigger="every 2s"' in page and f"Job {job.pk}" in page


def test_the_schedule_is_that_of_every_query(mia, parent):
    form = {"when": "@daily", "timezone": "Europe/Berlin", "hours": 0, "minutes": 5, "seconds": 0}
    panel = reverse("query-schedule", args=[parent.query.pk])

    answer = mia.post(panel, form, headers=HTMX)

    assert answer.headers["HX-Redirect"] == parent.get_absolute_url()
    parent.query.refresh_from_db()
    assert (parent.query.schedule.cron, parent.query.schedule.delay) == ("@daily", 300)
    page = mia.get(parent.get_absolute_url()).content.decode()
    assert "At 00:00 every day." in page and "Next refresh" in page
    mia.post(reverse("pause-schedule", args=[parent.query.pk]), headers=HTMX)
    page = mia.get(parent.get_absolute_url() + "?panel=schedule").content.decode()
    assert "mia paused it." in page and "Earlier slots" in page
    for script in ("conditions", "export", "schedule", "panel"):  # as the editor of a query
        assert f"console/{script}.js" in page
    signed = form | {"webhook-url": "https://example.com/", "webhook-shape": "signed"}
    saved = mia.post(panel, signed, headers=HTMX).content.decode()
    assert "Copy secret" in saved and "query-links" not in saved


def test_a_query_runs_after_a_refresh(mia, parent, crm, marketer):
    query = Query.objects.create(name="Count", database=crm, sql="SELECT 1 AS a", owner=marketer)
    form = {"when": "after", "after": parent.query.pk, "timezone": "UTC"}
    form |= {"hours": 0, "minutes": 0, "seconds": 0}

    answer = mia.post(reverse("query-schedule", args=[query.pk]), form, follow=True)

    assert "It runs after “Refresh of People” from now on." in answer.content.decode()
    assert "Followed by" in mia.get(parent.get_absolute_url()).content.decode()


def test_it_is_deleted_once_nothing_uses_it(mia, parent, marketer):
    parent.segments.create(name="Gold", owner=marketer)
    page = address("delete-parent-segment", parent)

    assert b"Segment Gold" in mia.get(page).content
    mia.post(page)
    assert ParentSegment.objects.exists()
    parent.segments.all().delete()
    mia.post(page)
    assert not ParentSegment.objects.exists()


PAGES = ["parent-segment", "edit-parent-segment", "delete-parent-segment"]
PAGES += ["parent-segment-refreshes", "refresh-parent-segment"]


@pytest.mark.parametrize("name", PAGES)
def test_for_others_it_does_not_exist(client, parent, colleague, name):
    client.force_login(colleague)
    ask = client.post if name.startswith("refresh") else client.get

    assert ask(address(name, parent)).status_code == 404
    assert b"People" not in client.get(reverse("parent-segments")).content
    for panel in ("query-schedule", "pause-schedule"):
        assert client.post(reverse(panel, args=[parent.query.pk])).status_code == 404


def test_who_may_use_it_sees_it_and_changes_nothing(client, parent, colleague, marketer):
    readers = Group.objects.filter(name="marketer")
    keeping.save(parent, readers=readers, unmasked=(), by=marketer)
    client.force_login(colleague)

    page = client.get(parent.get_absolute_url()).content.decode()

    assert "People" in page and "Refresh now" not in page and "panel=schedule" not in page
    assert client.get(address("edit-parent-segment", parent)).status_code == 404
    assert client.post(address("refresh-parent-segment", parent)).status_code == 404


def test_an_administrator_may_do_everything(client, parent, keeper):
    client.force_login(keeper)

    answer = edited(client, parent, name="Everybody")

    assert answer.status_code == 302
    parent.refresh_from_db()
    assert (parent.name, parent.owner.username) == ("Everybody", "mia")
