"""One bucket of an account, and what an export asks of it."""

import re
import time
from collections import deque

from botocore.exceptions import BotoCoreError, ClientError

from integrations.delivery import Delivery
from integrations.errors import ExportError, TransientError
from integrations.transports.s3.account import Account
from integrations.transports.s3.faults import code_of, translate
from integrations.transports.s3.sending import Sender

SCHEME = "s3://"
TRIES = 3  # of a request that can be sent again without a look at what came of it
FIRST_WAIT, LOOK = 0.2, 0.05  # seconds
GONE = ("404", "NoSuchKey", "NotFound")
INVALID = ("InvalidArgument", "InvalidRequest")
HEADER = re.compile("unsupported header|x-amz-checksum", re.IGNORECASE)
UNTOLD = ("403", "AccessDenied", "AllAccessDisabled", "405", "MethodNotAllowed", "NotImplemented")


class Bucket:
    """What a server keeps under one name. What it refuses is raised as ExportError."""

    def __init__(self, account: Account, name: str, delivery: Delivery):
        self.name = name
        self.role = account.instance_role
        self.delivery = delivery
        self.sender = Sender(delivery, account.timeout)
        self.client = account.client(self.sender)
        self.notes = deque()  # what threads have to say, until the one of the delivery logs it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sender.close()

    def place(self, key: str) -> str:
        return f"{SCHEME}{self.name}/{key}"

    def ask(self, operation: str, deed: str, **parameters) -> dict:
        """Return the server's answer to a request that is made once."""
        try:
            return getattr(self.client, operation)(Bucket=self.name, **parameters)
        except (ClientError, BotoCoreError) as error:
            raise self.told(error, deed) from error

    def told(self, error: ClientError | BotoCoreError, deed: str) -> ExportError:
        """Return the error to tell of what went wrong in a deed."""
        return translate(error, deed, role=self.role)

    def insist(self, operation: str, deed: str, **parameters) -> dict:
        """Return the server's answer, where it takes a few tries as well."""
        for number in range(1, TRIES):
            try:
                return self.ask(operation, deed, **parameters)
            except TransientError as error:
                self.notes.append(f"{error} Asking again, {number}/{TRIES - 1}.")
                self.pause(error.after or FIRST_WAIT * 2**number)
        return self.ask(operation, deed, **parameters)

    def tell(self) -> None:
        """Log what there is to say. Only for the thread of the delivery."""
        while self.notes:
            self.delivery.log(self.notes.popleft())

    def pause(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.delivery.check()
            time.sleep(LOOK)

    def head(self, key: str, version: str = "", *, checksums: bool = True) -> dict | None:
        """Return what the server tells of an object; nothing where there is none.

        An empty answer means that it does not tell: many accounts may write and not look.
        """
        given = {"VersionId": version} if version else {}
        given |= {"ChecksumMode": "ENABLED"} if checksums else {}
        try:
            return self.client.head_object(Bucket=self.name, Key=key, **given)
        except ClientError as error:
            if checksums and code_of(error) == "400":  # No more is told in answer to a HEAD.
                return self.head(key, version, checksums=False)
            if code_of(error) in GONE:
                return None
            if code_of(error) in UNTOLD:
                return {}
            raise self.told(error, f"Look at {self.place(key)}") from error

    def remove(self, key: str, version: str = "") -> None:
        given = {"VersionId": version} if version else {}
        self.insist("delete_object", f"Remove {self.place(key)}", Key=key, **given)

    def write(self, key: str, data: bytes) -> None:
        self.insist("put_object", f"Write {self.place(key)}", Key=key, Body=data)

    def read(self, key: str) -> bytes:
        answer = self.insist("get_object", f"Read {self.place(key)}", Key=key)
        return answer["Body"].read()

    def abort(self, key: str, upload: str) -> None:
        """Let the server forget the parts of an upload; one that it does not know is no error."""
        deed = f"Give up the upload of {self.place(key)}"
        try:
            self.client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload)
        except ClientError as error:
            if code_of(error) != "NoSuchUpload":
                raise self.told(error, deed) from error


def is_unknown(error: ExportError) -> bool:
    """Return whether the server said that it does not know of such a thing as was asked for."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return False
    unsupported = code_of(cause) in INVALID and HEADER.search(str(cause))
    return code_of(cause) in ("NotImplemented", "501") or bool(unsupported)
