"""What went wrong with a mail server, in a sentence, and what to do. Neither holds the password."""

import smtplib
import socket
import ssl
from typing import NamedTuple

from django.conf import settings

MOST_TEXT = 200  # characters of what a server says
PORTS = "Port 587 mostly wants starttls, 465 tls and 25 none: see CONSOLE_MAIL_SECURITY."
LOG_IN = "Check CONSOLE_MAIL_USER and CONSOLE_MAIL_PASSWORD."
OF_ANOTHER = (62, 64)  # what OpenSSL says of a certificate for another name or address
FAULTS = (OSError, ValueError, TypeError)  # smtplib's, and what Django raises of an address


class Trouble(NamedTuple):
    """What happened, and what to do about it."""

    sentence: str
    remedy: str

    def __str__(self):
        return f"{self.sentence} {self.remedy}"


def trouble_of(error: Exception) -> Trouble:
    """Return what an error of smtplib, of TLS, of the network or of an address means."""
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


def no_log_in(error):
    told = f"{place()} offers no log-in of a kind that the console knows: {said(error)}"
    return told, f"{LOG_IN} A server that asks for none wants both empty."


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
    if error.verify_code in OF_ANOTHER:
        return told, "Give CONSOLE_MAIL_HOST the name that the certificate is for."
    return told, "Its certificate has to be one that this server trusts."


def no_tls(error):
    return f"{place()} does not speak TLS as it was asked to.", PORTS


def unknown(error):
    return f"There is no host {settings.EMAIL_HOST}.", "Check CONSOLE_MAIL_HOST."


def silent(error):
    told = f"{place()} did not answer in time."
    return told, "Check CONSOLE_MAIL_PORT, and whether a firewall is in the way."


def closed(error):
    return f"{place()} takes no connection.", "Check CONSOLE_MAIL_HOST and CONSOLE_MAIL_PORT."


def not_encoded(error):
    if not f"{settings.EMAIL_HOST_USER}{settings.EMAIL_HOST_PASSWORD}".isascii():
        return "The log-in for mail has a letter that is not plain ASCII.", LOG_IN
    try:
        settings.EMAIL_HOST.encode("idna")
    except UnicodeError:
        return unknown(error)
    return no_address(error)


def no_address(error):
    told = f"No mail can be sent from “{settings.DEFAULT_FROM_EMAIL}” as the sender."
    return told, (
        "Give CONSOLE_MAIL_FROM one address, such as console@example.com or "
        "Console <console@example.com>; a name with a comma stands in quotes."
    )


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
    smtplib.SMTPException: no_log_in,  # One of no kind is of what log-ins there are.
    ssl.SSLCertVerificationError: certificate,
    ssl.SSLError: no_tls,
    socket.gaierror: unknown,
    TimeoutError: silent,
    ConnectionRefusedError: closed,
    UnicodeError: not_encoded,
    ValueError: no_address,
    TypeError: no_address,
}
