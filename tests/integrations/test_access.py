import threading

import pytest
from django.db import connection, transaction

from console.models import Database, Job, Query
from integrations import access
from integrations.connectors import CONNECTORS
from integrations.errors import PermanentError
from integrations.models import Authentication, HostKey, PinnedHosts, inline_authentication
from tests.integrations.conftest import SETTINGS, store

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJvF0o6q2gR1g8K1hZ1u3kNf3pQZr6gq1b0w2xv7w0aa"
OTHER = KEY.replace("JvF0", "JvF1")


def query(owner, authentication):
    database = Database.objects.create(name="shop", owner=owner)
    return Query.objects.create(
        name="Buyers", database=database, sql="select 1", owner=owner, authentication=authentication
    )


def test_a_result_finds_what_was_edited_by_its_settings_alone(client, marketer):
    connector = CONNECTORS["sftp_v2"]
    edited = inline_authentication(marketer, connector, SETTINGS)
    client.force_login(marketer)
    entered = {name: str(value) for name, value in SETTINGS.items()} | {"port": "23"}
    client.post(f"{edited.get_absolute_url()}edit/", entered)

    assert inline_authentication(marketer, connector, SETTINGS) != edited
    assert inline_authentication(marketer, connector, SETTINGS | {"port": 23}) == edited


def test_the_owner_may_use_and_edit(marketer):
    mine = store(marketer)

    assert list(access.usable_by(marketer)) == [mine]
    assert access.may_edit(marketer, mine)


def test_nobody_else_sees_what_is_not_shared(marketer, colleague):
    mine = store(marketer)

    assert not access.visible_to(colleague).exists() and not access.may_edit(colleague, mine)


def test_people_and_groups_it_is_shared_with_may_use_it(marketer, colleague, keeper):
    one, two = store(keeper, "One"), store(keeper, "Two")
    one.shared_users.add(marketer)
    one.shared_groups.set(marketer.groups.all())
    two.shared_groups.set(marketer.groups.all())

    assert list(access.usable_by(marketer)) == [one, two]
    assert list(access.usable_by(colleague)) == [one, two]
    assert not access.may_edit(marketer, one)


def test_admins_keep_everyones(marketer, keeper):
    mine = store(marketer)

    assert list(access.usable_by(keeper)) == [mine] and access.may_edit(keeper, mine)


def test_inline_ones_are_never_offered(marketer, keeper, colleague):
    inline = inline_authentication(marketer, CONNECTORS["sftp_v2"], SETTINGS)
    inline.shared_users.add(colleague)

    assert not access.usable_by(marketer).exists() and not access.usable_by(keeper).exists()
    assert access.visible_to(marketer).exists() and not access.visible_to(colleague).exists()


def test_the_same_inline_credentials_are_stored_once(marketer, colleague):
    connector = CONNECTORS["sftp_v2"]
    first = inline_authentication(marketer, connector, SETTINGS)

    assert inline_authentication(marketer, connector, dict(SETTINGS)) == first
    assert inline_authentication(marketer, connector, SETTINGS | {"port": 23}) != first
    assert inline_authentication(colleague, connector, SETTINGS) != first
    assert first.settings == SETTINGS and "hunter2" not in first.fingerprint + first.name


def test_an_inline_one_that_does_not_open_is_made_anew(marketer):
    first = inline_authentication(marketer, CONNECTORS["sftp_v2"], SETTINGS)
    Authentication.objects.update(sealed="garbage")

    assert inline_authentication(marketer, CONNECTORS["sftp_v2"], SETTINGS) != first


def test_who_only_uses_it_gets_a_sample_without_its_settings(marketer, keeper, authentication):
    authentication.shared_users.add(marketer)
    export = {"path_prefix": "/a.csv"}

    assert access.sample_for(keeper, authentication, export)["host"] == "sftp.test"
    shown = access.sample_for(marketer, authentication, export)
    assert shown.pop("type") == "sftp_v2" and shown.pop("path_prefix") == "/a.csv"
    assert set(shown.values()) == {"***"}


def test_what_uses_it_is_listed_with_its_address(marketer, authentication):
    user = query(marketer, authentication)

    assert access.where_used(authentication) == [("query", user, user.get_absolute_url())]
    assert access.usage([authentication]) == {authentication.pk: "1 query"}


def test_what_is_used_cannot_be_deleted(client, keeper, authentication):
    query(keeper, authentication)
    client.force_login(keeper)

    response = client.post(f"{authentication.get_absolute_url()}delete/")

    assert response.status_code == 409 and "Buyers" in response.content.decode()
    assert Authentication.objects.exists()


def test_jobs_of_the_past_do_not_keep_it(client, keeper, authentication):
    job = Job.objects.create(
        database="shop", sql="select 1", owner=keeper, authentication=authentication
    )
    client.force_login(keeper)

    client.post(f"{authentication.get_absolute_url()}delete/")

    job.refresh_from_db()
    assert job.authentication is None and not Authentication.objects.exists()


def test_a_key_is_pinned_once(db):
    hosts = PinnedHosts()
    assert hosts.get("sftp.test", 22) is None

    hosts.pin("SFTP.test", 22, KEY)
    hosts.pin("sftp.test", 22, KEY)

    assert hosts.get("sftp.TEST", 22) == KEY and hosts.get("sftp.test", 23) is None
    assert HostKey.objects.get().fingerprint.startswith("SHA256:")


def test_a_pinned_key_is_not_replaced(db):
    hosts = PinnedHosts()
    hosts.pin("sftp.test", 22, KEY)

    with pytest.raises(PermanentError, match="different host keys"):
        hosts.pin("sftp.test", 22, OTHER)

    assert hosts.get("sftp.test", 22) == KEY


@pytest.mark.django_db(transaction=True)
def test_of_two_first_meetings_at_once_one_wins():
    outcomes = []
    together = threading.Barrier(2)

    def meet(key):
        together.wait()
        try:
            with transaction.atomic():
                PinnedHosts().pin("sftp.test", 22, key)
            outcomes.append("pinned")
        except PermanentError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=meet, args=[key]) for key in (KEY, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["pinned", "refused"] and HostKey.objects.count() == 1
