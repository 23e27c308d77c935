"""What goes wrong on the way to an HTTP server, in words a person can act on."""

import errno
import http.client
import ssl

from integrations.errors import ExportError, TransientError
from integrations.transports.fault import Fault

FEW = 3  # retries where a person has to do something, but it may be the server's own
CHECK = "Check the address, and that the server's firewall lets this machine in."
CERTIFICATE = (
    "Ask the server's operator to mend it. The console goes by this machine's authorities."
)
NO_HTTP = "Check host and port, and whether it is http or https."

# The first that fits is told.
FAULTS = (
    Fault(ssl.SSLEOFError, "", "the connection was lost", CHECK),
    Fault(ssl.SSLError, "", "no TLS connection could be made", NO_HTTP, retries=FEW),
    Fault(ConnectionRefusedError, "", "the server refused the connection", CHECK),
    Fault(TimeoutError, "", "the server did not answer in time", CHECK),
    # It is a BadStatusLine too: the server closed the connection in place of an answer.
    Fault(http.client.RemoteDisconnected, "", "the server closed the connection", CHECK),
    Fault(http.client.BadStatusLine, "", "what answers there is not an HTTP server", NO_HTTP),
    Fault(http.client.HTTPException, "", "the answer cannot be read", NO_HTTP, retries=FEW),
    Fault(ConnectionError, "", "the connection was lost", CHECK),
)
UNREACHABLE = Fault(OSError, "", "there is no way to the server", CHECK)
LOST = Fault(Exception, "", "the connection was lost", CHECK)
NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH)


def translate(error: Exception, place: str) -> ExportError:
    """Return the error to tell of a request to the place."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        told = f"{place}: its certificate is not to be trusted ({why})."
        return TransientError(told, remedy=CERTIFICATE, retries=FEW)
    return fault(error).told(place)


def fault(error):
    if found := next((known for known in FAULTS if known.fits(error)), None):
        return found
    no_way = isinstance(error, OSError) and error.errno in NO_ROUTE
    return UNREACHABLE if no_way else LOST
