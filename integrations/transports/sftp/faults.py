"""What goes wrong on the way to an SFTP server, in words a person can act on."""

import errno
import re
from dataclasses import replace

from paramiko import (
    AuthenticationException,
    BadAuthenticationType,
    ChannelException,
    IncompatiblePeer,
    SFTPError,
    SSHException,
)

from integrations.errors import ExportError
from integrations.transports.fault import Fault
from integrations.transports.sftp.requests import Unexplained

FEW = 3  # retries where the server does not say whether they can help
SEVERAL = "several questions"  # in place of the one for the password
MOST_WORDS = 120  # characters of the server's own that are told
NOTHING = re.compile(
    r"\W*(ssh_fx_)?((general|unknown|operation) )?(failure|failed|error|unknown)\W*"
)
LOST = "If this happens again and again on large files, reduce the Temp filesize threshold."


# The first that fits is told.
FAULTS = (
    Fault(
        BadAuthenticationType,
        "",
        "the server does not accept this way to log in",
        "Choose the other authentication mode, or ask the server's operator which one it takes.",
        transient=False,
    ),
    Fault(
        AuthenticationException,
        "timeout",
        "the server did not answer in time",
        "Ask the server's operator if this goes on.",
    ),
    Fault(
        AuthenticationException,
        "eof",
        "the server closed the connection",
        "It may be busy, or block this machine after wrong credentials.",
        retries=FEW,
    ),
    Fault(
        AuthenticationException,
        "",
        "the server refused the user or the credentials",
        "Check the user, and the password or that the public key is authorized on the server.",
        transient=False,
    ),
    Fault(
        IncompatiblePeer,
        "",
        "the server offers only algorithms that are no longer safe",
        "Ask its operator to allow current ones, such as curve25519-sha256, ssh-ed25519 or "
        "rsa-sha2-512, and aes256-ctr.",
        transient=False,
    ),
    Fault(
        ChannelException,
        "",
        "the server does not let this user open an SFTP session",
        "Ask the server's operator to allow SFTP for the user.",
        transient=False,
    ),
    Fault(
        SSHException,
        SEVERAL,
        "the server asks for more than a password",
        "Ask its operator for a user with one factor, for unattended exports.",
        transient=False,
    ),
    Fault(
        SSHException,
        "banner|indecipherable",
        "what answers there is not an SSH server",
        "Check host and port. FTP and FTPS servers are not SFTP servers.",
    ),
    Fault(
        SFTPError,
        "",
        "the server sent text in place of SFTP",
        "The user's log-in scripts on the server must not print anything.",
        transient=False,
    ),
    Fault(
        ConnectionRefusedError,
        "",
        "the server refused the connection",
        "Check host and port, and that the server's firewall lets this machine in.",
    ),
    Fault(
        TimeoutError,
        "",
        "the server did not answer in time",
        "Check host and port, and that the server's firewall lets this machine in.",
    ),
    Fault(
        PermissionError,
        "",
        "permission denied",
        "Choose another directory, or ask the server's operator for the right to write there.",
        transient=False,
    ),
    Fault(
        FileNotFoundError,
        "",
        "no such file or directory",
        "Check the path prefix, and whether the user directory is the root.",
        transient=False,
    ),
    Fault(
        OSError,
        "no space left|not enough (disk )?space|disk( is)? full",
        "the server's disk is full",
        "Ask the server's operator to make room.",
        retries=FEW,
    ),
    Fault(
        OSError,
        "quota (is |was |has been )?(exceeded|reached)|over quota|exceeds? (the|your) quota",
        "a quota on the server is reached",
        "Remove files there that nobody needs, or ask its operator for a larger quota.",
        retries=FEW,
    ),
    Fault(
        OSError,
        "write protected|read-only file ?system",
        "the place is write-protected on the server",
        "Choose another directory, or ask the server's operator.",
        transient=False,
    ),
    Fault(
        OSError,
        "bad message",
        "the server does not accept the name; it may be too long",
        "Choose a shorter path prefix.",
        transient=False,
    ),
    Fault(
        OSError,
        "unsupported",
        "the server does not support this operation",
        "Ask the server's operator which operations it allows.",
        transient=False,
    ),
    Fault(
        OSError,
        "socket is closed",
        "the connection was lost (channel is broken)",
        LOST,
    ),
    Fault(
        ConnectionError,
        "",
        "the connection was lost (channel is broken)",
        LOST,
    ),
)
UNREACHABLE = Fault(
    OSError,
    "",
    "there is no way to the server",
    "Check the host, and the network of this machine.",
)
VAGUE = Fault(
    OSError,
    "",
    "the server failed without giving a reason",
    "Its disk may be full, a quota may be reached, or a directory may have the file's name.",
    retries=FEW,
)
BROKEN = Fault(Exception, "", "the connection was lost (channel is broken)", LOST)
NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH)


def translate(error: Exception, deed: str, secret: str = "") -> ExportError:
    """Return the error to tell: what was being done, and why it did not work."""
    found = fault(error)
    if found is VAGUE and (words := told_by_server(error, secret)):
        found = replace(VAGUE, reason=f'the server failed and said "{words}"')
    return found.told(deed)


def told_by_server(error, secret):
    """Return the server's own words, where they tell something and do not give the secret away."""
    if not isinstance(error, Unexplained):
        return ""
    whole = str(error)
    if NOTHING.fullmatch(whole.lower()) or (secret and secret in whole):
        return ""
    words = "".join(sign if is_readable(sign) else " " for sign in whole.replace('"', "'"))
    words = " ".join(words.split()).rstrip(".")
    return words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS]}…"


def is_readable(sign):
    return sign.isprintable() and sign != "\N{REPLACEMENT CHARACTER}"


def fault(error):
    if found := next((known for known in FAULTS if known.fits(error)), None):
        return found
    if not isinstance(error, OSError):
        return BROKEN
    return UNREACHABLE if error.errno in NO_ROUTE else VAGUE
