"""What goes wrong on the way to an SFTP server, in words a person can act on."""

import errno

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

FEW = 3  # retries where the server does not say whether they can help
SEVERAL = "several questions"  # in place of the one for the password
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


def translate(error: Exception, deed: str) -> ExportError:
    """Return the error to tell: what was being done, and why it did not work."""
    return fault(error).told(deed)


def fault(error):
    if found := next((known for known in FAULTS if known.fits(error)), None):
        return found
    if not isinstance(error, OSError):
        return BROKEN
    return UNREACHABLE if error.errno in NO_ROUTE else VAGUE
