"""What went wrong with a mail server, in a sentence, and what to do. Neither holds the password."""

import smtplib
import socket
import ssl
from typing import NamedTuple

from django.conf import settings

MOST_TEXT = 200  # characters of what a server says
PORTS = "Port 587 mostly wants starttls, 465 tls and 25 none: see CONSOLE_MAIL_SECURITY."
LOG_IN = "Check CONSOLE_MAIL_USER and CONSOLE_MAIL_PASSWORD."


class Trouble(NamedTuple):
    """What happened, and what to do about it."""

    sentence: str
    remedy: str

    def __str__(self):
        return f"{self.sentence} {self.remedy}"


def trouble_of(error: OSError) -> Trouble:
    """Return what an error of smtplib, of TLS or of the network means."""
    told = next((told for kind, told in KINDS.items() if isinstance(error, kind)), unreachable)
    return Trouble(*told(error))


def place() -> str:
    return f"{settings.EMAIL_HOST}, port {settings.EMAIL_PORT},"


def said(text) -> str:
    """Return what a server said as the end of a sentence."""
    text = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    if settings.EMAIL_HOST_PASSWORD:
        text = text.replace(settings.EMAIL_HOST_PASSWORD, "***")
    return " ".join(text.split())[:MOST_TEXT].rstrip(".") + "."


def answer(error):
    return f"{error.smtp_code} {said(error.smtp_error)}"


def log_in(error):
    # Some servers repeat what they were sent, so their text is left out.
    return f"{place()} refused the log-in with {error.smtp_code}.", LOG_IN


def recipient(error):
    [(address, (code, text)), *_] = error.recipients.items()
    return f"{place()} takes no mail for {address}: {code} {said(text)}", "Check the address."


def sender(error):
    told = f"{place()} takes no mail from {settings.DEFAULT_FROM_EMAIL}: {answer(error)}"
    return told, "Give CONSOLE_MAIL_FROM an address that it lets the console send from."


def lacking(error):
    return f"{place()} does not offer what was asked for: {said(error)}", PORTS


def reply(error):
    return f"{place()} refused the message: {answer(error)}", "Ask who runs it."


def ended(error):
    if isinstance(error.__context__, TimeoutError):  # smtplib makes it one of its own
        return silent(error)
    return f"{place()} ended the connection.", PORTS


def certificate(error):
    told = f"{place()} has a certificate that is not valid: {said(error.verify_message)}"
    return told, "Give CONSOLE_MAIL_HOST the name that the certificate is for."


def no_tls(error):
    return f"{place()} does not speak TLS as it was asked to.", PORTS


def unknown(error):
    return f"There is no host {settings.EMAIL_HOST}.", "Check CONSOLE_MAIL_HOST."


def silent(error):
    told = f"{place()} did not answer in time."
    return told, "Check CONSOLE_MAIL_PORT, and whether a firewall is in the way."


def closed(error):
    return f"{place()} takes no connection.", "Check CONSOLE_MAIL_HOST and CONSOLE_MAIL_PORT."


def unreachable(error):
    why = getattr(error, "strerror", None) or error
    return f"{place()} cannot be reached: {said(why)}", "Check CONSOLE_MAIL_HOST."


KINDS = {
    smtplib.SMTPAuthenticationError: log_in,
    smtplib.SMTPRecipientsRefused: recipient,
    smtplib.SMTPSenderRefused: sender,
    smtplib.SMTPNotSupportedError: lacking,
    smtplib.SMTPResponseException: reply,
    smtplib.SMTPServerDisconnected: ended,
    ssl.SSLCertVerificationError: certificate,
    ssl.SSLError: no_tls,
    socket.gaierror: unknown,
    TimeoutError: silent,
    ConnectionRefusedError: closed,
}
