"""CleverTap, by its API: profiles, events, custom lists."""

import time

from integrations.connectors.base import Connector, Share
from integrations.connectors.clevertap.authentication import (
    Authentication,
    account_of,
    address_of,
    place_of,
)
from integrations.connectors.clevertap.contract import CONTRACT
from integrations.connectors.clevertap.export import Export
from integrations.connectors.clevertap.layout import layout_of
from integrations.connectors.clevertap.operations import (
    UPLOADS,
    operation_name,
    operation_of,
    requests_at_once,
)
from integrations.connectors.clevertap.so_far import so_far
from integrations.connectors.receipt import Receipt

# What columns are that do not tell by their names, or not only.
IDENTIFIERS = {
    "upload_tokens": {"id": "device_id"},
    "disassociate": {"value": "phone"},
    "subscribe": {"value": "phone"},  # Addresses are told by their look.
}
ONE_MORE_EVENT = "CleverTap would count each removed row as one more event."
COUNTED_AGAIN = "CleverTap counts what it gets a second time as one more."
NO_WORD = (
    "CleverTap would do with removed rows what it does with the others: what is sent for them has "
    "no place for the word that tells them apart."
)


# Methods import what builds records: Arrow takes a while to load, and pages do without it.
class CleverTap(Connector):
    name = "clevertap"
    label = "CleverTap"
    description = "Send profiles, events and custom lists to CleverTap through its API."
    category = "Customer engagement"
    Authentication = Authentication
    logs_in_as = "account_id"
    tested = (
        "The test resolves the name, connects and lets CleverTap check the credentials. Nothing is "
        "sent."
    )
    Export = Export
    whose = ("account_id", "region", "api_host")
    place = ("target", "profile_operation", "array_operation", "custom_list_name")
    contract = CONTRACT
    in_parts = True
    imports = (
        "integrations.rows.parquet",
        "integrations.formats.delimited",
        "integrations.connectors.clevertap.sending",
        "integrations.connectors.clevertap.custom_list",
        "integrations.connectors.clevertap.row_checks",
    )
    limits = (
        "1,000 records in a request; 100 where profiles are demerged.",
        "15 uploads of an account at the same time, and 3 requests of every other kind.",
        "A custom list of 5 GB. People whom CleverTap does not know are not added to it.",
        "Of an identity that a result has twice, the later row comes last. Of two jobs to one "
        "account at the same time either can; rejected rows that are sent later come after all.",
        "512 kinds of events and 256 kinds of custom profile properties in an account.",
    )
    example_query = """\
SELECT
  td_client_id AS identity,
  first_name || ' ' || last_name AS name,
  email,
  loyalty_tier
FROM customer_profile
WHERE email_opt_in"""

    def export(self, rows, delivery):
        if not rows.count:
            return self.skipped(delivery)
        if self.settings["target"] == "custom_list":
            from integrations.connectors.clevertap.custom_list import Upload

            return Upload(self.authentication, self.settings, rows, delivery).run()
        return self.send(rows, delivery)

    def send(self, rows, delivery):
        """Send the rows in batches."""
        from integrations.connectors.clevertap.batches import batches
        from integrations.connectors.clevertap.ending import check_answered, check_whole, counted
        from integrations.connectors.clevertap.progress import Progress
        from integrations.connectors.clevertap.sending import Sender
        from integrations.connectors.clevertap.silence import Unheard

        began, operation = time.monotonic(), operation_of(self.settings)
        progress = Progress(delivery, operation.most, repeatable=operation.repeatable)
        sender = Sender(self.authentication, self.settings, operation, delivery, progress)
        pending = (progress.pending(*numbered) for numbered in rows.numbered())
        sendable = (each for each in pending if len(each[0]))
        at_once = self.at_once(delivery)
        made = batches(sendable, self.settings, rows.count, ordered=at_once > 1)
        try:
            sender.send_all(made, at_once)
        except Unheard as error:
            raise counted(error, progress, rows.count) from error
        if delivery.whole:
            check_answered(progress, rows.count)
        if not self.settings["skip_invalid"]:
            check_whole(progress, rows.count)
        return Receipt(
            rows=progress.taken,
            bytes=progress.bytes + sender.bytes,
            seconds=round(time.monotonic() - began, 3),
            summary=self.told(operation, progress),
        )

    def at_once(self, delivery):
        """Return how many requests may be under way: other exports may have some of them."""
        wanted = requests_at_once(operation_of(self.settings), self.settings)
        granted = min(wanted, delivery.requests or wanted)
        if granted < wanted:
            delivery.log(
                f"Requests at the same time: {granted} in the place of {wanted}, as other exports "
                "to the account have the others that CleverTap takes."
            )
        return granted

    def few_rows(self):
        return operation_of(self.settings).few

    def replaced(self):
        listed = self.settings["target"] == "custom_list"
        return "the people of the segment" if listed else ""

    def adds(self):
        return not self.replaced()

    def removals(self):
        operation = operation_of(self.settings)
        if operation.noun == "event":
            return ONE_MORE_EVENT
        return "" if operation.properties or self.replaced() else NO_WORD

    def repeated(self):
        return "" if operation_of(self.settings).repeatable else COUNTED_AGAIN

    def identifiers(self):
        return IDENTIFIERS.get(operation_name(self.settings), {})

    def columns_sent(self, names):
        operation = operation_of(self.settings)
        if operation.properties:
            return names
        fields = layout_of(names, operation).fields.values()
        return [name for name in names if name in fields]

    def address(self):
        return address_of(self.authentication)

    def account(self):
        """Return it as journals have it: another spelling of a listed region is that region."""
        region, _ = place_of(self.authentication)
        if region == "other":
            return super().account()
        return super().account() | {"region": region, "api_host": None}

    def share(self):
        operation = operation_of(self.settings)
        kind = "uploads" if operation.at_once == UPLOADS else "other requests"
        return Share(
            account=f"{kind} of {account_of(self.authentication)} at {self.address()}",
            most=operation.at_once,
            wanted=requests_at_once(operation, self.settings),
        )

    def so_far(self, entries, rows):
        if self.settings["target"] == "custom_list":
            return ""
        return so_far(entries, rows, self.settings)

    def reached(self, entries, left_out):
        """Return the first row that cannot have been in a request: so many are under way at most.

        Batches without a row are skipped. A custom list is no batches but one upload.
        """
        if self.settings["target"] == "custom_list":
            return None
        operation = operation_of(self.settings)
        last = max((entry["batch"] for entry in entries), default=-1)
        ahead = 2 * requests_at_once(operation, self.settings) + left_out // operation.most
        return (last + 1 + ahead) * operation.most

    def told(self, operation, progress):
        """Return in a sentence what was delivered, by this attempt and by earlier ones."""
        rows, requests = progress.taken, progress.requests
        noun = f"{operation.noun}{'' if rows == 1 else 's'}"
        way = "to" if operation.deed == "Uploaded" else "in"
        return (
            f"{operation.deed} {rows:,} {noun} {way} CleverTap account "
            f"{account_of(self.authentication)} in {requests:,} "
            f"request{'' if requests == 1 else 's'}."
        )

    def preview(self, rows, limit=4096):
        """Return the start of the first request, before its rows are checked."""
        from integrations.connectors.clevertap.preview import preview

        return preview(rows, self.settings, limit)

    def encoded_size(self, start):
        """Return nothing: a request has no encoder."""

    def test(self, delivery):
        from integrations.connectors.clevertap.trial import steps

        return steps(self.authentication, delivery)
