"""Sign in, sign out, and one's own settings."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from console import lockout
from console.middleware import RENEWED

pytestmark = pytest.mark.django_db
LOGIN = "/login/"


@pytest.fixture(autouse=True)
def no_wrong_tries():
    cache.clear()


def sign_in(client, password="pass-word-1", address="127.0.0.1", **more):
    given = {"username": "mia", "password": password} | more
    return client.post(LOGIN, given, REMOTE_ADDR=address)


@pytest.mark.parametrize(
    "name",
    [
        "home",
        "settings",
        "keys",
        "databases",
        "upload",
        "jobs",
        "queries",
        "catalog",
        "notifications",
        "command-line",
        "search",
    ],
)
def test_every_page_needs_a_sign_in(client, name):
    response = client.get(reverse(name))

    assert response.status_code == 302
    assert response.url == f"{LOGIN}?next={reverse(name)}"


def test_after_the_sign_in_the_wanted_page_follows(client, marketer):
    response = sign_in(client, next="/workbench/jobs/?status=failed")

    assert response.url == "/workbench/jobs/?status=failed"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_nobody_is_sent_to_another_site(client, marketer, elsewhere):
    assert sign_in(client, next=elsewhere).url == "/"


def test_a_wrong_password_does_not_tell_who_exists(client, marketer):
    known = sign_in(client, "wrong").content.decode()
    unknown = sign_in(client, "wrong", username="nobody").content.decode()

    assert "The user name or the password is wrong." in known
    assert "The user name or the password is wrong." in unknown


def test_five_wrong_tries_lock_the_right_password_out_too(client, marketer):
    for _ in range(lockout.TRIES):
        sign_in(client, "wrong")

    response = sign_in(client)

    assert response.status_code == 429
    assert "Too many wrong tries" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_lock_is_for_one_user_and_one_address(client, marketer, colleague):
    for _ in range(lockout.TRIES):
        sign_in(client, "wrong")

    assert sign_in(client, username="otto").status_code == 302
    elsewhere = {"username": "mia", "password": "pass-word-1"}
    assert client.post(LOGIN, elsewhere, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_a_success_forgets_the_wrong_tries(client, marketer):
    for _ in range(lockout.TRIES - 1):
        sign_in(client, "wrong")
    sign_in(client)
    client.logout()
    sign_in(client, "wrong")

    assert sign_in(client).status_code == 302


def test_a_lock_ends_by_itself(client, marketer, monkeypatch):
    for _ in range(lockout.TRIES):
        sign_in(client, "wrong")
    later = time.time() + lockout.SECONDS + 1

    monkeypatch.setattr(time, "time", lambda: later)

    assert sign_in(client).status_code == 302


def test_signing_out_takes_a_post(client, marketer):
    client.force_login(marketer)

    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == LOGIN
    assert client.get("/").status_code == 302


def test_a_part_of_a_page_without_a_session_sends_the_page_to_the_sign_in(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/workbench/jobs/7/"}

    response = client.get("/workbench/jobs/7/live/", headers=headers, follow=True)

    assert response.headers["HX-Redirect"] == "/login/?next=%2Fworkbench%2Fjobs%2F7%2F&expired=1"


def test_the_profile_is_saved(client, marketer):
    client.force_login(marketer)
    profile = {"first_name": "Mia", "last_name": "Okafor", "email": "mia@example.org"}

    assert client.post("/settings/", profile | {"change": "profile"}).url == "/settings/"

    marketer.refresh_from_db()
    assert (marketer.get_full_name(), marketer.email) == ("Mia Okafor", "mia@example.org")


def test_a_profile_with_a_mistake_is_shown_again(client, marketer):
    client.force_login(marketer)

    response = client.post("/settings/", {"email": "no address", "change": "profile"})

    assert response.status_code == 422
    assert "Enter an e-mail address, such as name@example.com." in response.content.decode()


def test_a_new_password_signs_other_browsers_out(client, marketer, django_user_model):
    other = type(client)()
    other.force_login(marketer)
    client.force_login(marketer)
    passwords = {"new_password1": "another-word-2", "new_password2": "another-word-2"}

    client.post("/settings/", passwords | {"old_password": "pass-word-1", "change": "password"})

    assert client.get("/settings/").status_code == 200
    assert other.get("/settings/").status_code == 302
    assert django_user_model.objects.get(pk=marketer.pk).check_password("another-word-2")


def test_the_old_password_is_asked_for(client, marketer):
    client.force_login(marketer)
    passwords = {"new_password1": "another-word-2", "new_password2": "another-word-2"}

    response = client.post("/settings/", passwords | {"old_password": "x", "change": "password"})

    assert response.status_code == 422
    marketer.refresh_from_db()
    assert marketer.check_password("pass-word-1")


def test_an_unknown_address_answers_404_in_the_house_style(client, marketer):
    stranger = client.get("/nothing/here/")
    client.force_login(marketer)
    known = client.get("/nothing/here/")

    assert stranger.status_code == known.status_code == 404
    assert "There is nothing at this address" in known.content.decode()
    assert 'class="rail"' in known.content.decode()
    assert 'class="rail"' not in stranger.content.decode()


def test_wrong_tries_of_many_others_unlock_nobody():
    for _ in range(lockout.TRIES):
        lockout.begin("mia", "192.0.2.1")

    for number in range(600):
        lockout.begin(f"nobody{number}", f"198.51.100.{number}")

    assert not lockout.begin("mia", "192.0.2.1")


def test_one_password_tried_on_many_users_locks_the_address(client, marketer):
    for number in range(lockout.TRIES_OF_ADDRESS):
        assert lockout.begin(f"nobody{number}", "127.0.0.1")

    assert sign_in(client).status_code == 429
    elsewhere = {"username": "mia", "password": "pass-word-1"}
    assert client.post(LOGIN, elsewhere, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_log_ins_that_succeed_do_not_lock_their_address(client, marketer):
    for _ in range(lockout.TRIES_OF_ADDRESS + 1):
        assert lockout.begin("mia", "127.0.0.1")
        lockout.forget("mia", "127.0.0.1")


def test_tries_at_the_same_time_are_all_counted():
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: lockout.begin("mia", "192.0.2.1"), range(80)))

    assert sum(made) == lockout.TRIES


@pytest.mark.parametrize(("https", "address"), [(True, "192.0.2.9"), (False, "127.0.0.1")])
def test_the_address_is_the_last_hop_of_a_trusted_proxy_only(rf, settings, https, address):
    settings.HTTPS = https
    request = rf.get("/", headers={"x-forwarded-for": "203.0.113.5, 192.0.2.9"})

    assert lockout.address_of(request) == address


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("192.0.2.9", "192.0.2.9"),
        ("no address", "no address"),
    ],
)
def test_addresses_of_one_customer_count_together(rf, address, counted):
    assert lockout.address_of(rf.get("/", REMOTE_ADDR=address)) == counted


def test_an_address_is_not_unlocked_by_another_one_of_its_network(client, marketer):
    for number in range(lockout.TRIES):
        sign_in(client, "wrong", address=f"2001:db8::{number}")

    assert sign_in(client, address="2001:db8::ff").status_code == 429
    assert sign_in(client, address="2001:db8:0:1::1").status_code == 302


def test_a_session_in_use_goes_on_without_a_write_for_each_page(client, marketer):
    client.force_login(marketer)
    client.get("/")
    written = Session.objects.get().expire_date
    client.get("/workbench/jobs/")
    assert Session.objects.get().expire_date == written

    session = client.session
    session["renewed"] -= RENEWED
    session.save()
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    client.get("/workbench/jobs/", headers={"X-Poll": "yes"})  # Nobody may be at the computer.
    assert Session.objects.get().expire_date < timezone.now() + timedelta(minutes=2)
    answer = client.get("/workbench/jobs/")

    left = Session.objects.get().expire_date - timezone.now()
    assert left > timedelta(hours=7, minutes=59)
    assert answer.cookies["sessionid"]["max-age"] == 8 * 3600


def test_nobody_who_is_not_logged_in_has_a_session(client, db):
    client.get(LOGIN)

    assert not Session.objects.exists()


def test_every_page_carries_the_policy(client, marketer):
    addresses = (LOGIN, "/nothing/", "/admin/", "/static/console/console.css")
    for response in map(client.get, addresses):
        response.close()
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_pages_are_not_kept_by_browsers_and_proxies(client, marketer):
    client.force_login(marketer)

    assert "no-store" in client.get("/").headers["Cache-Control"]
    assert "no-store" in client.get("/workbench/jobs/").headers["Cache-Control"]
    style = client.get("/static/console/console.css")
    style.close()
    assert "no-store" not in style.headers["Cache-Control"]


def test_a_page_that_is_barred_says_what_is_missing_and_who_can_grant_it(client, marketer, keeper):
    client.force_login(marketer)
    barred = {
        "/admin/login/": "You need staff status for the Django admin.",
        "/metrics": "add you to the group <strong>admin</strong>",
        "/studio/who-got-what/": "You need the permission to look up who got what.",
    }
    for address, missing in barred.items():
        answer = client.get(address)
        assert answer.status_code == 403
        assert missing in answer.content.decode()
        assert "Administrators here: ada." in answer.content.decode()

    client.logout()
    assert "ada" not in client.get("/metrics").content.decode()
