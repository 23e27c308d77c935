"""The webhook in the schedule panel: entered, tried, shown by no more than its end, removed."""

import json

import pytest
from django.urls import reverse

from console.models import Notice, Query
from console.notifications import send_webhooks, webhooks
from console.queries.saving import duplicate
from console.queries.webhooks import keep_webhook
from integrations.models import Webhook
from integrations.transports.http import Limits
from tests.endpoint import hangs

HTMX = {"HX-Request": "true"}
SCHEDULE = {"when": "@daily", "timezone": "UTC", "hours": 0, "minutes": 0, "seconds": 0}


@pytest.fixture(autouse=True)
def _near(settings, monkeypatch):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(webhooks, "LIMITS", Limits(connect=1, silence=0.4, total=0.8, body=0))


@pytest.fixture
def mia(client, marketer):
    client.force_login(marketer)
    return client


def entered(url="", shape="slack", **more):
    return SCHEDULE | {"webhook-url": url, "webhook-shape": shape} | more


def save(client, query, given, **more):
    answer = client.post(reverse("query-schedule", args=[query.pk]), given, **more)
    query.refresh_from_db()
    return answer


def panel(client, query):
    return client.get(reverse("query-schedule", args=[query.pk]), headers=HTMX).content.decode()


def sent_test(client, query, given):
    address = reverse("test-webhook", args=[query.pk])
    return client.post(address, given, headers=HTMX).content.decode()


def test_the_address_is_kept_and_not_shown_again(mia, people, endpoint):
    save(mia, people, entered(endpoint.url("/services/hush-hush-abcd")))

    page = panel(mia, people)

    assert people.webhook.settings == {"url": endpoint.url("/services/hush-hush-abcd")}
    assert f"127.0.0.1:{endpoint.port} …abcd" in page
    assert "hush-hush" not in page


def test_an_empty_address_keeps_the_one_there_is(mia, people, endpoint):
    keep_webhook(people, url=endpoint.url(), shape="slack")

    save(mia, people, entered(**{"webhook-on_success": "on"}))

    assert people.webhook.settings["url"] == endpoint.url()
    assert people.webhook.on_success


def test_a_form_without_the_webhooks_part_changes_nothing_of_it(mia, people, endpoint):
    keep_webhook(people, url=endpoint.url(), shape="slack", on_success=True)

    save(mia, people, SCHEDULE)

    assert people.webhook.on_success


def test_a_secret_is_shown_once(mia, people, endpoint):
    answer = save(mia, people, entered(endpoint.url(), "signed"), headers=HTMX).content.decode()

    secret = people.webhook.settings["secret"]
    assert secret.startswith("whsec_") and secret in answer
    assert people.schedule
    assert secret not in panel(mia, people)
    again = save(mia, people, entered("", "signed"), headers=HTMX).content.decode()
    assert secret not in again
    assert people.webhook.settings["secret"] == secret


def test_a_secret_is_replaced_and_shown_once(mia, people, endpoint):
    former = keep_webhook(people, url=endpoint.url(), shape="signed")

    part = mia.post(reverse("replace-webhook-secret", args=[people.pk]), headers=HTMX)

    secret = Webhook.objects.get().settings["secret"]
    assert secret != former and secret in part.content.decode()
    assert secret not in panel(mia, people)
    assert former not in panel(mia, people)


def test_the_webhook_of_what_has_another_page_is_tried_and_gets_a_new_secret(mia, people, endpoint):
    keep_webhook(people, url=endpoint.url(), shape="signed")
    Query.objects.update(place="/workbench/parent-segments/1/")

    assert "answered 200 OK" in sent_test(mia, people, {})
    part = mia.post(reverse("replace-webhook-secret", args=[people.pk]), headers=HTMX)

    assert Webhook.objects.get().settings["secret"] in part.content.decode()
    page = mia.post(reverse("test-webhook", args=[people.pk])).content.decode()
    assert reverse("queries") not in page.split("Breadcrumbs")[1].split("</nav>")[0]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("hooks.example.com", "The address is none of HTTP or HTTPS."),
        ("https://mia:hush-hush@example.com/", "The address holds a user name."),
        ("https://hush-hush.example.com:port/", "The address is malformed."),
    ],
)
def test_what_is_no_address_is_told_without_repeating_it(mia, people, url, sentence):
    answer = save(mia, people, entered(url))

    assert answer.status_code == 422
    page = answer.content.decode()
    assert sentence in page and "hush-hush" not in page
    assert (people.webhook, people.schedule) == (None, None)


def test_a_test_shows_what_the_server_answers(mia, people, endpoint):
    endpoint.answers = [200, 404, 500]

    said = [sent_test(mia, people, entered(endpoint.url("/hush-hush"))) for _ in range(3)]

    place = f"127.0.0.1:{endpoint.port}"
    assert f"● {place} answered 200 OK" in said[0]
    assert f"▲ {place} answered 404 Not Found." in said[1] and "Check the address." in said[1]
    assert "answered 500 Internal Server Error." in said[2]
    assert "hush-hush" not in "".join(said)
    assert "reach this webhook" in json.loads(endpoint.requests[0].body)["text"]
    assert not Webhook.objects.exists()


def test_a_test_of_what_is_stored_is_signed(mia, people, endpoint):
    keep_webhook(people, url=endpoint.url(), shape="signed")

    said = sent_test(mia, people, entered(shape="signed"))

    assert "answered 200 OK" in said
    assert json.loads(endpoint.requests[0].body)["type"] == "test"
    assert endpoint.requests[0].headers["webhook-signature"].startswith("v1,")


def test_without_scripts_the_stored_webhook_is_tried_on_a_page(mia, people, endpoint):
    keep_webhook(people, url=endpoint.url(), shape="slack")

    page = mia.post(reverse("test-webhook", args=[people.pk])).content.decode()

    assert "answered 200 OK" in page and "Back to the schedule" in page


def test_a_test_without_an_answer_says_why(mia, people, endpoint, settings):
    endpoint.answers = [hangs]
    assert "did not answer in time" in sent_test(mia, people, entered(endpoint.url()))
    assert "Enter it first." in sent_test(mia, people, entered())
    signed = sent_test(mia, people, entered(endpoint.url(), "signed"))
    assert "There is no secret to sign with yet." in signed
    settings.EGRESS_NETWORKS = []
    assert "may not connect to 127.0.0.1" in sent_test(mia, people, entered(endpoint.url()))

    assert len(endpoint.requests) == 1


def test_a_webhook_is_removed_with_what_waits_for_it(mia, people, endpoint):
    keep_webhook(people, url=endpoint.url(), shape="slack")
    Notice.objects.create(kind="failed", webhook=people.webhook, subject="Failed", body="")

    save(mia, people, entered(**{"webhook-remove": "on"}))

    assert people.webhook is None
    assert not Webhook.objects.exists()
    assert send_webhooks() == 0


def test_the_panel_says_what_became_of_messages(mia, people, endpoint):
    endpoint.answers = [410]
    keep_webhook(people, url=endpoint.url(), shape="slack")
    Notice.objects.create(kind="failed", webhook=people.webhook, subject="Failed", body="")
    send_webhooks()

    page = panel(mia, people)

    assert "▲ Not sent" in page and "answered 410 Gone." in page


def test_one_that_no_key_opens_is_entered_again(mia, people, endpoint, settings):
    keep_webhook(people, url=endpoint.url(), shape="slack")
    settings.ENCRYPTION_KEYS = ["A" * 43 + "="]

    assert "an address that no key of this server opens" in panel(mia, people)
    answer = save(mia, people, entered())
    assert "No key of this server opens the address." in answer.content.decode()
    assert "No key" in sent_test(mia, people, entered())
    save(mia, people, entered(endpoint.url("/new")))

    assert people.webhook.settings["url"] == endpoint.url("/new")


def test_nobody_else_reaches_it(client, people, colleague, endpoint):
    keep_webhook(people, url=endpoint.url(), shape="signed")
    client.force_login(colleague)

    for name in ("test-webhook", "replace-webhook-secret"):
        assert client.post(reverse(name, args=[people.pk])).status_code == 404
    assert endpoint.requests == []


def test_a_copy_of_a_query_has_no_webhook(people, marketer, endpoint):
    keep_webhook(people, url=endpoint.url(), shape="slack")

    duplicate(people, by=marketer)

    assert Query.objects.filter(webhook__isnull=False).get() == people
