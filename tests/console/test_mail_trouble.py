"""What is told where mail cannot be sent: the setting to look at, and no password."""

import smtplib
import socket
import ssl

import pytest
from django.utils import timezone

from console.notifications import send_direct, send_waiting
from console.notifications import send_test as ask_for_a_mail
from console.notifications.direct import MAIL
from console.notifications.mail_trouble import trouble_of


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"EMAIL_PORT": 1}, "takes no connection. Check CONSOLE_MAIL_HOST"),
        ({"EMAIL_USE_TLS": True}, "does not offer what was asked for: STARTTLS extension"),
        ({"EMAIL_USE_SSL": True}, "does not speak TLS as it was asked to. Port 587"),
        (
            {"EMAIL_HOST_USER": "mia", "EMAIL_HOST_PASSWORD": "open-sesame-2"},
            "does not offer what was asked for: SMTP AUTH extension",
        ),
        ({"EMAIL_HOST": "nowhere.invalid"}, "There is no host nowhere.invalid."),
    ],
)
def test_settings_that_do_not_fit_the_mail_server_are_named(
    send_test, mailbox, settings, given, sentence
):
    for name, value in given.items():
        setattr(settings, name, value)

    answer = send_test()

    assert "▲ Not sent." in answer and sentence in answer
    assert "open-sesame-2" not in answer


@pytest.mark.parametrize("sender", ["Shop, Console <c@example.com>", "console@", "Console <>"])
def test_a_sender_that_is_no_address_is_named_by_all_that_send(
    send_test, marketer, mailbox, settings, sender
):
    settings.DEFAULT_FROM_EMAIL = sender

    answer = send_test()
    waits = ask_for_a_mail(marketer)
    send_waiting()
    waits.refresh_from_db()

    assert "Give CONSOLE_MAIL_FROM one address" in answer
    assert "CONSOLE_MAIL_FROM" in waits.error and waits.not_before > timezone.now()
    assert "CONSOLE_MAIL_FROM" in send_direct(waits, ["ada@example.com"], {MAIL})[MAIL]
    assert not list(mailbox)


@pytest.mark.parametrize(
    ("user", "password"), [("console", "Schlüssel-2"), ("büro", "Schluessel-2")]
)
def test_a_log_in_that_is_not_plain_ascii_is_named(
    send_test, marketer, log_ins, settings, user, password
):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = user, password

    answer = send_test()
    waits = ask_for_a_mail(marketer)
    send_waiting()
    waits.refresh_from_db()

    assert "CONSOLE_MAIL_PASSWORD" in answer and "CONSOLE_MAIL_PASSWORD" in waits.error
    assert password not in answer + waits.error


def test_a_mail_server_whose_name_is_none_is_named(send_test, mailbox, settings):
    settings.EMAIL_HOST = "mail..example.com"

    assert "There is no host mail..example.com. Check CONSOLE_MAIL_HOST." in send_test()


def test_a_mail_server_without_a_log_in_of_a_kind_that_is_known_is_not_unreachable():
    told = trouble_of(smtplib.SMTPException("No suitable authentication method found."))

    assert "No suitable authentication method found." in told.sentence
    assert "reached" not in told.sentence and "CONSOLE_MAIL_USER" in told.remedy


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (62, "Give CONSOLE_MAIL_HOST the name"),
        (64, "Give CONSOLE_MAIL_HOST the name"),
        (10, "has to be one that this server trusts."),
        (18, "has to be one that this server trusts."),
    ],
)
def test_only_a_certificate_for_another_name_asks_for_another_name(code, remedy):
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, "so it is"

    told = trouble_of(error)

    assert remedy in told.remedy and "so it is." in told.sentence


def test_a_mail_server_that_says_nothing_is_not_waited_for(
    send_test, mailbox, settings, monkeypatch
):
    monkeypatch.setattr("console.notifications.trying.SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT = silent.getsockname()[1]

        assert "did not answer in time." in send_test()


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPAuthenticationError(535, b"open-sesame-2 is wrong"),
        smtplib.SMTPDataError(554, b"no mail from open-sesame-2"),
        smtplib.SMTPSenderRefused(550, b"not open-sesame-2", "console@localhost"),
        smtplib.SMTPRecipientsRefused({"a@example.com": (550, b"open-sesame-2")}),
        smtplib.SMTPServerDisconnected("open-sesame-2"),
        OSError("open-sesame-2"),
    ],
)
def test_what_is_told_of_a_mail_server_holds_no_password(settings, error):
    settings.EMAIL_HOST, settings.EMAIL_HOST_PASSWORD = "mail.example.com", "open-sesame-2"

    told = trouble_of(error)

    assert "open-sesame-2" not in str(told)
    assert told.sentence.endswith(".") and told.remedy.endswith(".")
