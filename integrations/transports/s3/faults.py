"""What goes wrong with an S3 server, in words a person can act on."""

from botocore.exceptions import BotoCoreError, ClientError

from integrations.errors import ExportError, PermanentError, TransientError
from integrations.transports.fault import Fault
from integrations.transports.http.reply import seconds_in

FEW = 3  # retries where the server does not say whether they can help
LONGEST_WAIT = 600.0  # seconds, whatever a server asks for: the job keeps others waiting meanwhile
BUSY = "It may be overloaded. Ask the server's operator if this goes on."
REGION = "Enter the region of the bucket in the authentication."
KEYS = "Check the access key ID and the secret access key, and that they are still active."


def refusal(codes, reason, remedy="", *, transient=False, retries=None):
    """Return how answers with one of the codes are told."""
    return Fault(ClientError, rf"\(({codes})\)", reason, remedy, transient, retries)


# Of who signs in as the role of this machine.
ROLE = (
    refusal(
        "ExpiredToken|InvalidToken|TokenRefreshRequired",
        "the credentials of this machine's role have expired",
        "Each try fetches them anew. Ask an administrator of the console if this goes on: the "
        "clock of the machine may be wrong.",
        transient=True,
        retries=FEW,
    ),
    refusal(
        "InvalidAccessKeyId|SignatureDoesNotMatch",
        "the server does not know this machine's role",
        "Ask an administrator of the console whether the role is still there, and for this server.",
    ),
)
# The first that fits is told.
FAULTS = (
    refusal(
        "RequestTimeTooSkewed",
        "the clock of this machine is wrong",
        "An administrator has to set it, best by NTP: S3 refuses requests whose time is more than "
        "15 minutes off.",
    ),
    refusal("InvalidAccessKeyId", "the server does not know the access key ID", KEYS),
    refusal("SignatureDoesNotMatch", "the secret access key is not the right one", KEYS),
    refusal("ExpiredToken|InvalidToken|TokenRefreshRequired", "the credentials have expired", KEYS),
    refusal(
        "NoSuchBucket|404", "there is no bucket of that name", "Check the bucket, and the endpoint."
    ),
    refusal(
        "PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|"
        "IllegalLocationConstraintException|301|307",
        "the bucket is in another region",
        REGION,
    ),
    refusal(
        "KMS.*",
        "the encryption key cannot be used",
        "Check the KMS key ID, and that the access key may use it.",
    ),
    refusal(
        "AccessDenied|AllAccessDisabled|AccountProblem|403",
        "permission denied",
        "Ask the bucket's owner for the right to write there (s3:PutObject), or check the bucket "
        "and the path prefix.",
    ),
    refusal("InvalidStorageClass", "the server has no such storage class", "Choose another one."),
    refusal(
        "EntityTooLarge|InvalidArgument.*partNumber",
        "the object is larger than the server takes",
        "Compress it, or split the result in the query.",
    ),
    refusal(
        "EntityTooSmall",
        "the server takes only larger parts",
        "Set the part size of the export higher.",
    ),
    refusal(
        "NotImplemented",
        "the server does not know how to do that",
        "Leave storage class and encryption as the bucket has them.",
    ),
    refusal("KeyTooLongError", "the name is too long", "Choose a shorter path prefix."),
    refusal(
        "QuotaExceeded|InsufficientStorage|XMinioStorageFull|507",
        "the server has no room for it",
        "Ask the server's operator for more.",
        transient=True,
        retries=FEW,
    ),
    refusal(
        "BadDigest|XAmzContentSHA256Mismatch|InvalidDigest|IncompleteBody|InvalidPart|"
        "XAmzContentChecksumMismatch|InvalidRequest.*[Cc]hecksum",
        "the server did not receive what was sent",
        "Something on the way changes data. Ask who runs the network if this goes on.",
        transient=True,
        retries=FEW,
    ),
    refusal(
        "SlowDown|503|ServiceUnavailable", "the server asks to slow down", BUSY, transient=True
    ),
    refusal("OperationAborted", "the server is at work on the same object", BUSY, transient=True),
    refusal("RequestTimeout", "the server waited too long for data", BUSY, transient=True),
    refusal(
        "NoSuchUpload", "the server has dropped the upload", "It is begun anew.", transient=True
    ),
    refusal("429|TooManyRequests|Throttl.*", "the server asks to slow down", BUSY, transient=True),
)


def translate(error: Exception, deed: str, *, role: bool = False) -> ExportError:
    """Return the error to tell: what was being done, and why it did not work."""
    faults = ROLE + FAULTS if role else FAULTS
    if found := next((known for known in faults if known.fits(error)), None):
        return patient(found.told(deed), error)
    if isinstance(error, ClientError):
        return unknown(error, deed)
    if isinstance(error, BotoCoreError):
        return PermanentError(
            f"{deed}: the request cannot be made ({type(error).__name__}).",
            remedy="Check the authentication and the export, the region and the endpoint first.",
        )
    raise error


def unknown(error, deed):
    """Tell of an answer that is not in the table: the server's own word for it, and its status."""
    code, status = error.response.get("Error", {}).get("Code", ""), status_of(error)
    reason = f"{deed}: the server answered {status} {code}".strip() + "."
    if status >= 500:
        return patient(TransientError(reason, remedy=BUSY), error)
    return PermanentError(reason, remedy="Ask the server's operator what it expects.")


def status_of(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def code_of(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def patient(failure, error):
    """Note how long the server asks to be left alone."""
    if failure.transient:
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        wait = seconds_in(headers.get("retry-after", ""))
        failure.after = None if wait is None else min(max(wait, 0.0), LONGEST_WAIT)
    return failure
