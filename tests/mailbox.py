"""A real mail server on 127.0.0.1, and what it took."""

from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from django.urls import reverse

from tests.servers import free_port


class Taken(Mailbox):
    """A mail server's mailbox that says of one address that it is unknown."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone"):
            return "550 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def mailbox(settings, tmp_path):
    """A real mail server on this machine, and what it took."""
    handler = Taken(tmp_path / "mail")
    with serving(handler, settings):
        yield handler.mailbox


@pytest.fixture
def log_ins(settings, tmp_path):
    """A real mail server on this machine that offers a log-in, without TLS."""
    with serving(Taken(tmp_path / "mail"), settings, auth_require_tls=False):
        yield


@pytest.fixture
def send_test(client, marketer):
    """Press the button as Mia; return the part of the page that answers."""
    client.force_login(marketer)
    headers = {"HX-Request": "true"}
    return lambda: client.post(reverse("test-mail"), headers=headers).content.decode()


@contextmanager
def serving(handler, settings, **options):
    """Run a mail server, and send to it."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    yield
    controller.stop()
