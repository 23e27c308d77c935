"""The page of notifications: who hears of what, the mail itself, a test of it."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from console.models import Alarm, Database, Job, Notice, Query, Trigger
from console.notifications import (
    TooMany,
    heard_by,
    hearings,
    send_waiting,
    try_mail,
)
from console.notifications.outbox import STUCK_AFTER
from console.notifications.trying import MOST
from console.schedules import schedule_query
from integrations import threads
from integrations.models import Authentication
from tests.console.hourly import NOON, slots_of

PAGE = "/settings/notifications/"
TEST = f"{PAGE}test/"
BAD = "SELECT nope"


@pytest.fixture
def query(marketer):
    database = Database.objects.create(name="shop", owner=marketer)
    query = Query.objects.create(name="Buyers", database=database, sql="SELECT 1", owner=marketer)
    schedule_query(query, "0 * * * *", "Europe/Berlin", now=NOON)
    return query


@pytest.fixture
def shown(client):
    """Return the page as somebody sees it."""

    def look(user, address=PAGE):
        client.force_login(user)
        return client.get(address).content.decode()

    return look


def names(people):
    return [user.username for user in people]


def test_an_owner_sees_who_hears_with_a_link_to_change_it(shown, query, marketer, colleague):
    query.notified.set([colleague])
    Query.objects.update(notify_success=True)

    page = shown(marketer)

    assert f'href="/workbench/queries/{query.pk}/?panel=schedule"' in page
    [row] = hearings(heard_by(marketer))
    assert (names(row.failures), names(row.successes)) == (["mia"], ["otto"])


def test_an_activation_leads_to_the_step_where_it_is_changed(shown, query, marketer):
    about = {"activation_id": 7, "activation_name": "Buyers"}
    Query.objects.update(place="/studio/activations/7/", about=about)

    page = shown(marketer)

    assert 'href="/studio/activations/7/edit/#schedule"' in page
    assert reverse("edit-activation", args=[7]) == "/studio/activations/7/edit/"


def test_who_was_added_sees_the_schedule_of_another_and_no_link(shown, query, colleague):
    query.notified.set([colleague])
    assert "Nothing tells you of its runs yet" in shown(colleague)

    Query.objects.update(notify_failure=True)
    page = shown(colleague)

    assert "Query of mia" in page
    assert f"/workbench/queries/{query.pk}/" not in page


@pytest.mark.parametrize(
    ("sql", "asked"),
    [("SELECT 1", "notify_success"), (BAD, "notify_success"), (BAD, "notify_failure")],
)
@pytest.mark.parametrize("gone", [{}, {"email": ""}])
@pytest.mark.usefixtures("keeper")
def test_those_who_are_shown_are_those_who_get_the_message(
    query, marketer, colleague, sql, asked, gone
):
    query.notified.set([colleague])
    Query.objects.update(**{asked: True})
    User.objects.filter(pk=marketer.pk).update(**gone)
    [row] = hearings(heard_by(colleague))

    job = slots_of(query)(sql)

    told = names(User.objects.filter(notices__isnull=False).order_by("pk"))
    assert told == names(row.failures if job.error else row.successes)


def test_administrators_see_what_tells_them_in_the_place_of_its_owner(shown, query, keeper):
    assert "Buyers" not in shown(keeper)

    User.objects.filter(pk=query.owner_id).update(email="")

    assert "Query of mia" in shown(keeper)


def test_the_page_asks_no_more_of_the_database_for_more_schedules(
    client, query, marketer, colleague, django_assert_max_num_queries
):
    for number in range(8):
        copy = Query.objects.create(
            name=f"Q{number}", database=query.database, sql="SELECT 1", owner=marketer
        )
        copy.notified.set([colleague])
        schedule_query(copy, "@daily", "UTC", now=NOON)
    client.force_login(marketer)

    with django_assert_max_num_queries(20):
        client.get(PAGE)


def test_the_mail_that_is_shown_is_the_mail_that_is_sent(shown, query, marketer, mailbox):
    assert "no table orders" in shown(marketer)
    job = slots_of(query)(BAD)
    send_waiting()

    page = shown(marketer, f"{PAGE}?preview={query.pk}")

    [message] = mailbox
    assert f"Subject: {message['Subject']}" in page
    assert f"The job, with its log: http://127.0.0.1:8000/workbench/jobs/{job.pk}/" in page
    assert job.remedy in page


def test_who_was_added_sees_no_error_of_a_run_that_was_told_to_others(
    shown, query, marketer, colleague
):
    query.notified.set([colleague])
    Query.objects.update(notify_failure=True)
    job = slots_of(query)(BAD)

    assert "Failed: Buyers" in shown(colleague)
    assert "nope" in job.error and "nope" not in shown(colleague)
    assert "nope" in shown(marketer)


def test_who_was_added_sees_no_name_of_a_query_that_it_runs_after(
    shown, query, marketer, colleague, keeper
):
    secret = Query.objects.create(
        name="Redundancies", database=query.database, sql="SELECT 1", owner=keeper
    )
    Query.objects.filter(pk=query.pk).update(notify_failure=True)
    query.notified.set([colleague, keeper])
    Trigger.objects.create(schedule=query.schedule, query=secret)

    assert "After a query of ada." in shown(colleague)
    assert "Redundancies" not in shown(colleague)
    assert "After “Redundancies”." in shown(keeper)


def test_who_was_added_for_failures_sees_no_mail_of_a_success(shown, query, marketer, colleague):
    vault = Authentication.objects.create(name="Vault", type="treasure_data", owner=marketer)
    query.notified.set([colleague])
    exported = {"authentication": vault, "export": {"database": "shop", "table": "sent"}}
    Query.objects.filter(pk=query.pk).update(notify_failure=True, **exported)

    page = shown(colleague)

    assert "Failed: Buyers" in page and "Done: Buyers" not in page
    assert "Vault" not in page and "to Vault" in shown(marketer)

    Query.objects.filter(pk=query.pk).update(notify_success=True)
    assert "to Vault" in shown(colleague)


def test_a_mail_about_something_of_others_is_not_shown(client, query, colleague):
    client.force_login(colleague)

    assert client.get(f"{PAGE}?preview={query.pk}").status_code == 404


def test_who_has_nothing_on_a_schedule_sees_a_mail_that_is_made_up(shown, marketer):
    page = shown(marketer)

    assert "Failed: Weekly newsletter" in page
    assert "Done: Weekly newsletter" in page
    assert not Job.objects.exists()


def test_without_a_mail_server_the_page_names_the_settings(shown, send_test, marketer, settings):
    settings.EMAIL_HOST = ""

    page = shown(marketer)

    for name in ("HOST", "PORT", "SECURITY", "USER", "PASSWORD", "FROM"):
        assert f"<code>CONSOLE_MAIL_{name}</code>" in page
    assert "Mail is not set up on this server." in send_test()
    assert not Notice.objects.exists()


def test_without_a_mail_server_no_message_that_waits_is_blamed_on_the_cluster(
    shown, keeper, settings
):
    long_ago = timezone.now() - STUCK_AFTER * 2
    waits = Notice.objects.create(kind=Notice.Kind.ALARM, user=keeper, subject="s", body="b")
    Notice.objects.filter(pk=waits.pk).update(created_at=long_ago)
    settings.EMAIL_HOST = ""
    assert "See whether the cluster runs." not in shown(keeper)

    settings.EMAIL_HOST = "mail.example.com"
    assert "See whether the cluster runs." in shown(keeper)


def test_the_password_of_the_mail_server_is_nowhere(shown, keeper, settings):
    settings.EMAIL_HOST, settings.EMAIL_HOST_USER = "mail.example.com", "console-mail"
    settings.EMAIL_HOST_PASSWORD = "open-sesame-2"

    page = shown(keeper)

    assert "console-mail" in page
    assert "open-sesame-2" not in page


def test_a_test_mail_is_sent_at_once_to_the_person_alone(shown, send_test, marketer, mailbox):
    assert "● The mail server took it." in send_test()

    [message] = mailbox
    assert (message["To"], message["Subject"]) == ("mia@example.com", "Mail from the console works")
    assert send_waiting() == 0
    assert "● Sent" in shown(marketer)


def test_without_scripts_a_test_mail_leads_back_to_the_page_that_says_so(client, marketer, mailbox):
    client.force_login(marketer)

    answer = client.post(TEST, follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "The mail server took it. Look for “Mail from the console" in answer.content.decode()
    assert client.get(TEST).status_code == 405


def test_without_scripts_it_says_why_no_test_mail_was_sent(client, marketer, mailbox, settings):
    client.force_login(marketer)
    settings.DEFAULT_FROM_EMAIL = "console@"

    refused = client.post(TEST, follow=True).content.decode()
    settings.EMAIL_HOST = ""
    untried = client.post(TEST, follow=True).content.decode()

    assert "Not sent. No mail can be sent from" in refused
    assert "Not sent. Mail is not set up on this server. Ask an administrator." in untried


def test_a_test_mail_without_an_address_says_so(send_test, marketer):
    User.objects.filter(pk=marketer.pk).update(email="")

    assert "You have no e-mail address." in send_test()


def test_test_mails_are_few_for_each_person(send_test, marketer, colleague, mailbox):
    for _ in range(MOST):
        assert "took it" in send_test()

    assert f"{MOST} test mails within 10 minutes are enough." in send_test()
    with pytest.raises(TooMany):
        try_mail(marketer)
    assert try_mail(colleague).sent_at
    assert len(mailbox) == MOST + 1


def test_a_test_mail_waits_for_no_place_among_many(send_test, mailbox, monkeypatch):
    monkeypatch.setattr(threads.PLACES, "_value", 0)

    assert "Many people test connections" in send_test()
    assert not Notice.objects.exists()


def test_a_refusal_is_told_in_a_sentence_and_not_tried_again(send_test, marketer, mailbox):
    User.objects.filter(pk=marketer.pk).update(email="gone@example.com")

    answer = send_test()

    assert "takes no mail for gone@example.com: 550 No such user here. Check the address." in answer
    assert send_waiting() == 0
    assert Notice.objects.get().given_up_at


def test_only_administrators_see_the_alarms(shown, marketer, keeper, settings):
    settings.WEBHOOK_URL = "https://hooks.example.com/secret-path"
    now = timezone.now()
    Alarm.objects.create(name="workers", title="no workers run", text="Start it.", began_at=now)

    page = shown(keeper)

    assert "No workers run" in page and "ada (ada@example.com)" in page
    assert "secret-path" not in page
    assert "No workers run" not in shown(marketer)
    assert "Alarms to administrators" not in shown(marketer)


def test_the_settings_lead_to_the_notifications(shown, marketer):
    assert f'href="{reverse("notifications")}"' in shown(marketer, "/settings/")
