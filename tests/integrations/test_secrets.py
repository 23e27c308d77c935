import pytest
from cryptography.fernet import Fernet
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import CommandError, call_command
from django.db import connection

from integrations import drafts, secrets
from integrations.models import Authentication
from tests.integrations.conftest import SETTINGS, store


def new_key():
    return Fernet.generate_key().decode()


def test_types_survive(settings):
    value = {"port": 22, "flag": True, "text": "ü ", "nothing": None}

    assert secrets.unseal(secrets.seal(value)) == value


def test_the_column_shows_nothing(authentication):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_authentication")
        row = str(cursor.fetchall())

    assert "hunter2" not in row and "sftp.test" not in row


def test_the_model_does_not_show_its_settings(authentication):
    assert "hunter2" not in repr(authentication) + str(authentication)


def test_without_the_key_the_error_says_nothing_of_the_secret(settings, authentication):
    settings.ENCRYPTION_KEYS = [new_key()]

    with pytest.raises(secrets.SecretUnreadable) as caught:
        _ = authentication.settings

    assert "hunter2" not in str(caught.value) and caught.value.__cause__ is None
    assert not authentication.readable


def test_equal_settings_have_equal_fingerprints_only_with_the_same_key(settings):
    first = secrets.fingerprint({"a": 1, "b": 2})

    assert secrets.fingerprint({"b": 2, "a": 1}) == first
    settings.SECRET_KEY = "another"
    assert secrets.fingerprint({"a": 1, "b": 2}) != first


def test_rotation_seals_everything_with_the_newest_key(settings, keeper, capsys):
    store(keeper, "One")
    store(keeper, "Two")
    session = SessionStore()
    session[drafts.KEY] = {"sftp_v2": secrets.seal(SETTINGS)}
    session.save()
    old, new = settings.ENCRYPTION_KEYS, new_key()

    settings.ENCRYPTION_KEYS = [new, *old]
    call_command("rotate_secrets")

    assert "2 of 2 authentications, 1 drafts" in capsys.readouterr().out
    settings.ENCRYPTION_KEYS = [new]
    assert all(each.settings == SETTINGS for each in Authentication.objects.all())
    draft = SessionStore(session.session_key)[drafts.KEY]["sftp_v2"]
    assert secrets.unseal(draft) == SETTINGS


def test_rotation_names_what_no_key_opens(keeper, authentication, capsys):
    lost = store(keeper, "Lost")
    Authentication.objects.filter(pk=lost.pk).update(sealed="garbage")

    with pytest.raises(CommandError):
        call_command("rotate_secrets")

    said = capsys.readouterr()
    assert "1 of 2 authentications" in said.out and "Lost" in said.err
    authentication.refresh_from_db()
    assert authentication.settings == SETTINGS


def test_a_check_opens_everything(keeper, authentication, capsys):
    call_command("check_secrets")
    assert "Opened 1 of 1 authentications." in capsys.readouterr().out

    Authentication.objects.update(sealed="garbage")
    with pytest.raises(CommandError):
        call_command("check_secrets")
    assert "Rokt" in capsys.readouterr().err


@pytest.mark.django_db
def test_a_draft_that_no_key_opens_is_dropped_and_others_are_sealed_anew(capsys):
    session = SessionStore()
    session[drafts.KEY] = {"rokt": "garbage", "sftp_v2": secrets.seal(SETTINGS)}
    session.save()

    call_command("rotate_secrets")

    assert "1 drafts" in capsys.readouterr().out
    assert SessionStore(session.session_key)[drafts.KEY].keys() == {"sftp_v2"}
