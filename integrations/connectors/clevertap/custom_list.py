"""A custom list: a file of people, put where CleverTap says, and then told to be complete."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from integrations.connectors.clevertap.answers import in_words, said_by
from integrations.connectors.clevertap.api import Api
from integrations.connectors.clevertap.authentication import account_of
from integrations.connectors.clevertap.layout import layout_of
from integrations.connectors.clevertap.operations import OPERATIONS
from integrations.connectors.clevertap.sending import WAITS
from integrations.connectors.content import Content
from integrations.connectors.receipt import Receipt
from integrations.connectors.retry import retrying
from integrations.delivery import Delivery
from integrations.errors import PermanentError, TransientError
from integrations.formats.quoting import TEXT
from integrations.formats.text import text_of
from integrations.rows import Rows

if TYPE_CHECKING:
    from integrations.transports.http import Reply

MOST_BYTES = 5 << 30
URL_PATH = "/get_custom_list_segment_url"
DONE_PATH = "/upload_custom_list_segment_completed"
CSV = {
    "format": "csv",
    "header_line": True,
    "delimiter": "default",
    "quote_policy": "MINIMAL",
    "quote": '"',
    "null_string": "",
    "newline": "LF",
    "encoders": "",
}
LOOK_REMEDY = (
    "See in CleverTap whether the segment is there. If so, nothing is left to do. If not, run the "
    "query again."
)


@dataclass
class People:
    """The rows as CleverTap's file has them."""

    rows: Rows

    columns = ("Type", "Identity")

    @property
    def count(self) -> int:
        return self.rows.count

    def portions(self, *, dictionaries: bool = False) -> Iterator[pa.RecordBatch]:
        fields = layout_of(self.rows.columns, OPERATIONS["custom_list"]).fields
        for portion in self.rows.portions():
            kinds = pc.utf8_lower(portion[fields["type"]].cast(TEXT))
            who = text_of(portion[fields["identity"]]).cast(TEXT)
            yield pa.RecordBatch.from_arrays([kinds, who], names=self.columns)


class Upload:
    """The delivery of one custom list."""

    def __init__(self, authentication: dict, settings: dict, rows: Rows, delivery: Delivery):
        self.authentication, self.settings = authentication, settings
        self.rows, self.delivery = rows, delivery
        self.content = Content(People(rows), CSV, delivery)

    def run(self) -> Receipt:
        """Upload the list and complete it, unless that was done by an earlier attempt."""
        known = self.known()
        if "segment" not in known:
            known = self.completed()
        return self.receipt(known)

    def known(self) -> dict:
        """Return how the list was completed before, or nothing."""
        entries = [each for each in self.delivery.journal.read() if "list" in each]
        if not entries or entries[-1]["list"] == "open":
            return {}
        if entries[-1]["list"] == "completing" and self.settings["segment_mode"] == "create":
            raise never_answered(self.settings["custom_list_name"])
        return entries[-1]

    def completed(self) -> dict:
        with Api(self.authentication, self.delivery) as api, closing(self.content):
            size = self.measured()
            url = self.trying(lambda: self.place(api))
            self.trying(lambda: self.put(api, url, size))
            said = self.complete(api, url)
        entry = {"list": "completed", "segment": said.get("Segment ID"), "bytes": size}
        self.delivery.journal.write(entry)
        return entry

    def measured(self) -> int:
        """Return the size of the file, which has to be known before it is sent."""
        for _ in self.content:
            if self.content.bytes > MOST_BYTES:
                raise PermanentError(
                    f"The list is larger than {MOST_BYTES:,} bytes, which is the most that "
                    "CleverTap takes. Nothing was sent.",
                    remedy="Let the query find fewer people, or make several lists of them.",
                )
        return self.content.bytes

    def place(self, api: Api) -> str:
        """Return where CleverTap wants the file. The address is a secret of a day."""
        said = said_by(api.post(URL_PATH))
        if said["status"] != "success" or not isinstance(said.get("presignedS3URL"), str):
            words = in_words(said.get("error") or said.get("message"))
            raise TransientError(f"CleverTap gave no address for the list{words and ': '}{words}.")
        return said["presignedS3URL"]

    def put(self, api: Api, url: str, size: int) -> None:
        self.delivery.fence()
        reply: Reply = api.put(url, self.progressing(), size)
        reply.check()

    def progressing(self):
        for chunk in self.content.read_from(0):
            self.delivery.progress(self.content.bytes)
            yield chunk

    def complete(self, api: Api, url: str) -> dict:
        """Tell CleverTap that the file is there. What may have been heard is not said twice."""
        self.delivery.fence()
        body = json.dumps(self.about(url)).encode()
        self.delivery.journal.write({"list": "completing"})
        try:
            said = self.trying(lambda: self.one_completion(api, body))
        except (PermanentError, TransientError) as error:
            if not getattr(error, "unanswered", False):
                self.delivery.journal.write({"list": "open"})
            raise
        if said["status"] != "success":
            self.delivery.journal.write({"list": "open"})
            raise self.refused(said)
        return said

    def one_completion(self, api, body):
        try:
            return said_by(api.post(DONE_PATH, body))
        except TransientError as error:
            if error.unanswered and self.settings["segment_mode"] == "create":
                unsure = never_answered(self.settings["custom_list_name"])
                unsure.unanswered = True
                raise unsure from error
            raise

    def about(self, url: str) -> dict:
        email = self.settings["custom_list_email"]
        return {
            "name": self.settings["custom_list_name"],
            "email": email,
            "filename": f"console-{self.delivery.number}.csv",
            "creator": email,
            "url": url,
            "replace": self.settings["segment_mode"] == "update",
        }

    def refused(self, said: dict) -> PermanentError:
        name, words = self.settings["custom_list_name"], in_words(said.get("error"))
        return PermanentError(
            f"CleverTap did not take the list “{name}”{words and ': '}{words}.",
            remedy="'Create New Segment' fails where the name exists, 'Update Existing Segment' "
            "where it does not; and the e-mail address has to be one of an admin.",
        )

    def trying(self, attempt):
        return retrying(attempt, self.authentication["retry_limit"], self.delivery, WAITS)

    def receipt(self, known: dict) -> Receipt:
        done = "new segment" if self.settings["segment_mode"] == "create" else "segment updated:"
        people = "1 person" if self.rows.count == 1 else f"{self.rows.count:,} people"
        number = f" (ID {known['segment']})" if known["segment"] is not None else ""
        return Receipt(
            rows=self.rows.count,
            bytes=known["bytes"],
            summary=f"Uploaded a custom list of {people} to CleverTap account "
            f"{account_of(self.authentication)}: {done} “{self.settings['custom_list_name']}”"
            f"{number}.",
        )


def never_answered(name: str) -> PermanentError:
    return PermanentError(
        f"CleverTap was told to make the segment “{name}” and never answered. It is not told "
        "again, which could make a second one.",
        remedy=LOOK_REMEDY,
    )
