"""Test connection, against a real server."""

import threading

import pytest
from django.contrib.auth.models import User

from integrations import drafts, threads, trials
from integrations.connectors import CONNECTORS
from integrations.connectors.base import Connector, Step
from integrations.models import Authentication, ConnectionTest, HostKey
from tests.integrations.conftest import SETTINGS, store

NEW = "/integrations/catalog/sftp_v2/new/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def local(settings):
    settings.EGRESS_NETWORKS = ["127.0.0.0/8"]


def text_of(response):
    return response.content.decode()


def entered(sshd):
    return {name: str(value) for name, value in sshd.settings.items()}


@pytest.mark.needs("sshd")
def test_what_was_entered_is_tested_before_it_is_saved(client, marketer, sshd):
    client.force_login(marketer)

    answer = client.post(f"{NEW}test/", entered(sshd), headers=HTMX)

    assert "The connection works" in text_of(answer) and sshd.fingerprint() in text_of(answer)
    assert "<html" not in text_of(answer) and "PRIVATE KEY" not in text_of(answer)


@pytest.mark.needs("sshd")
@pytest.mark.parametrize("changed", [{}, {"timeout": "17"}])
def test_a_test_made_before_saving_is_kept_for_what_was_tested(client, marketer, sshd, changed):
    client.force_login(marketer)
    client.post(f"{NEW}test/", entered(sshd), headers=HTMX)

    client.post(NEW, entered(sshd) | changed)
    client.post(f"{NEW}name/", {"name": "Partner"})

    saved = Authentication.objects.get(name="Partner")
    assert bool(saved.tested_at) == (not changed)
    assert [(test.by, test.at, test.failed) for test in saved.tests.all()] == (
        [] if changed else [(marketer, saved.tested_at, "")]
    )
    assert trials.outcome(saved.test_steps) == ("" if changed else "passed")
    assert not client.session.get(drafts.TESTS)


@pytest.mark.needs("sshd")
def test_it_works_without_scripts_too(client, marketer, sshd):
    client.force_login(marketer)

    page = text_of(client.post(f"{NEW}test/", entered(sshd)))

    assert "<html" in page and "The connection works" in page
    assert sshd.private_key[60:120] not in page and "leave blank to keep" in page


def test_what_is_missing_for_a_test_is_named(client, marketer):
    client.force_login(marketer)

    answer = text_of(client.post(f"{NEW}test/", {"auth_method": "password"}, headers=HTMX))

    for name, label in (("host", "Host"), ("password", "Password")):
        said = f'<li data-field="id_{name}">{label}: <span>This field is required.</span></li>'
        assert said in answer


@pytest.mark.needs("sshd")
def test_a_change_is_tested_with_the_stored_secret(client, keeper, sshd):
    stored = store(keeper, **sshd.settings | {"port": 1})
    client.force_login(keeper)
    changed = entered(sshd) | {"secret_key_file": ""}

    answer = client.post(f"{stored.get_absolute_url()}edit/test/", changed, headers=HTMX)

    assert "The connection works" in text_of(answer)
    stored.refresh_from_db()
    assert stored.settings["port"] == 1 and stored.tested_at is None


@pytest.mark.needs("sshd")
def test_a_changed_host_key_fails_until_the_pinned_one_is_forgotten(client, keeper, sshd):
    stored = store(keeper, **sshd.settings)
    client.force_login(keeper)
    page = stored.get_absolute_url()
    client.post(f"{page}test/")
    before = sshd.fingerprint()
    sshd.restart(new_host_key="ecdsa")

    refused = text_of(client.post(f"{page}test/", headers=HTMX))
    assert "The connection does not work yet" in refused
    told = text_of(client.get(page)).partition("Tests so far")[2].partition("</section>")[0]
    assert "Host key failed" in told and "ada" in told and told.index("▲") < told.index("●")
    assert f"The host key of 127.0.0.1:{sshd.port} has changed" in told
    assert HostKey.objects.get().fingerprint == before
    client.post(f"{page}forget-key/")
    accepted = text_of(client.post(f"{page}test/", headers=HTMX))

    assert "The connection works" in accepted and sshd.fingerprint() in accepted


@pytest.mark.needs("sshd")
def test_the_last_test_is_kept(client, keeper, sshd):
    stored = store(keeper, host="127.0.0.1", port=sshd.port, timeout=5)
    client.force_login(keeper)

    assert client.post(f"{stored.get_absolute_url()}test/").status_code == 302

    stored.refresh_from_db()
    assert trials.outcome(stored.test_steps) == "failed" and stored.tested_at
    assert SETTINGS["password"].strip() not in str(stored.test_steps)
    assert "▲" in text_of(client.get("/integrations/authentications/"))


@pytest.fixture
def answers(monkeypatch):
    """What each connection test from now on is answered; the first comes first."""
    made = []
    monkeypatch.setattr(trials, "run", lambda connector, settings: made.pop(0))
    return made


EARLIER = "of earlier credentials"
PASSED = [{"name": "log in", "outcome": "passed"}]
REFUSED = [
    {"name": "log in", "outcome": "failed", "detail": "No such user.", "remedy": "Ask <them>."},
    {"name": "write", "outcome": "skipped"},
]


def test_the_latest_tests_are_kept_with_who_made_them(client, keeper, authentication, answers):
    answers += [REFUSED, *[PASSED] * trials.KEPT]
    client.force_login(keeper)
    page = authentication.get_absolute_url()

    first = text_of(client.post(f"{page}test/", headers=HTMX))
    for _ in range(trials.KEPT):
        trials.run_stored(authentication, keeper)

    assert 'id="tests"' in first and 'hx-swap-oob="true"' in first
    assert "Log in failed" in first and first.count("No such user.") == 2
    assert [(test.failed, test.by) for test in authentication.tests.all()] == [
        ("", keeper)
    ] * trials.KEPT
    assert "15 earlier" in text_of(client.get(page))


def test_of_earlier_credentials_the_tests_stay_and_are_said_to_be(
    client, keeper, authentication, answers
):
    answers.append(REFUSED)
    trials.run_stored(authentication, keeper)
    authentication.replace_settings(SETTINGS | {"host": "new.test"})
    authentication.save()
    client.force_login(keeper)

    replaced = text_of(client.get(authentication.get_absolute_url()))
    answers += [PASSED, PASSED]
    for _ in range(2):
        trials.run_stored(Authentication.objects.get(), keeper)
    tested = text_of(client.get(authentication.get_absolute_url()))

    assert replaced.count(EARLIER) == 1 and "No such user." in replaced
    assert tested.count(EARLIER) == 1 and tested.index("Passed") < tested.index(EARLIER)


def test_one_that_was_tested_before_tests_were_listed_is_not_said_to_be_untested(
    client, keeper, authentication, answers
):
    client.force_login(keeper)
    page = authentication.get_absolute_url()
    assert "None yet." in text_of(client.get(page))
    answers.append(PASSED)
    trials.run_stored(authentication, keeper)
    ConnectionTest.objects.all().delete()

    told = text_of(client.get(page)).partition("Tests so far")[2]

    assert "None yet." not in told and "before tests were listed here" in told


def test_tests_go_with_their_authentication_and_outlive_who_made_them(
    client, keeper, marketer, authentication, answers
):
    answers.append(PASSED)
    trials.run_stored(authentication, marketer)
    marketer.delete()
    client.force_login(keeper)
    assert client.get(authentication.get_absolute_url()).status_code == 200
    assert authentication.tests.get().by is None

    client.post(f"{authentication.get_absolute_url()}delete/")

    assert not ConnectionTest.objects.exists()


def test_the_version_before_deletes_without_knowing_of_tests(
    client, keeper, authentication, answers
):
    answers += [PASSED, PASSED]
    gone, other = User.objects.create_user("gone"), store(keeper, "Other")
    for each in (authentication, other):
        trials.run_stored(each, gone)
    for row in (gone, other):
        type(row).objects.filter(pk=row.pk)._raw_delete("default")
    client.force_login(keeper)

    page = text_of(client.get(authentication.get_absolute_url()))

    assert "Passed" in page.partition("Tests so far")[2]


def test_who_comes_while_all_places_are_taken_is_told(client, keeper, authentication, monkeypatch):
    monkeypatch.setattr(threads, "PLACES", threading.Semaphore(0))
    client.force_login(keeper)
    page = authentication.get_absolute_url()

    answers = [
        client.post(f"{page}test/", headers=HTMX),
        client.post(f"{NEW}test/", {name: str(value) for name, value in SETTINGS.items()}),
        client.post(f"{page}test/", follow=True),
    ]

    for answer in answers:
        assert "Many people test connections or import files just now." in text_of(answer)
    authentication.refresh_from_db()
    assert authentication.tested_at is None


def test_this_machine_is_out_of_reach_unless_allowed(settings, db):
    settings.EGRESS_NETWORKS = []
    steps = trials.run(CONNECTORS["sftp_v2"], SETTINGS | {"host": "127.0.0.1"})

    assert steps[0]["outcome"] == "failed" and "administrator" in steps[0]["remedy"]


@pytest.mark.parametrize("meanwhile", ["edit", "delete"])
def test_a_test_says_nothing_of_what_came_meanwhile(authentication, monkeypatch, meanwhile):
    def run(connector, settings):
        other = Authentication.objects.get(pk=authentication.pk)
        if meanwhile == "delete":
            other.delete()
        else:
            other.replace_settings(settings | {"host": "new.test"})
            other.save()
        return [{"name": "log in", "outcome": "passed"}]

    monkeypatch.setattr(trials, "run", run)

    steps = trials.run_stored(authentication, authentication.owner)

    assert "changed or deleted during the test" in steps[-1]["detail"]
    assert not Authentication.objects.exclude(tested_at=None).exists()
    assert not ConnectionTest.objects.exists()


class Silent(Connector):
    """Answers its first step, and then never."""

    def test(self, delivery):
        yield Step("resolve", "passed")
        while True:
            delivery.check()


def test_a_test_without_an_end_is_ended(monkeypatch, db):
    monkeypatch.setattr(trials, "SECONDS", 0.05)

    steps = trials.run(Silent, {})

    assert [step["name"] for step in steps] == ["resolve", "time limit"]
    assert trials.outcome(steps) == "failed"
