"""Events and profiles for CleverTap, imported over SFTP: data files, each with its manifest."""

import time
from functools import partial

from integrations.connectors.clevertap_sftp.columns import identifiers_of
from integrations.connectors.clevertap_sftp.files import FORMAT, LARGEST, LARGEST_PLAIN, names
from integrations.connectors.clevertap_sftp.rules import CONTRACT
from integrations.connectors.clevertap_sftp.settings import Authentication, Export
from integrations.connectors.few_rows import FewRows
from integrations.connectors.files import FileConnector
from integrations.connectors.receipt import Receipt
from integrations.connectors.sftp.login import KEY, PASSPHRASE, TESTED, WHOSE, account_of
from integrations.encoders import caution
from integrations.rows.changed import Changed

EXAMPLE = """\
SELECT td_client_id AS identity, email AS id_email, loyalty_tier, order_count AS orders
FROM customer_profile"""


class CleverTapSFTP(FileConnector):
    name = "clevertap_sftp"
    label = "CleverTap SFTP import"
    description = "Import events or profiles into CleverTap: CSV files, each with its manifest."
    category = "Customer engagement"
    Authentication = Authentication
    tested = TESTED
    Export = Export
    whose = WHOSE
    place = ("import_type", "folder", "file_name")
    splits = False  # A data file has a manifest, and its name says what it is.
    aliases = {"user": "username", "clientEmail": "client_email", "keyId": "key_id"}
    json_defaults = {"max_connection_retry": 5}
    key_pair = (KEY, PASSPHRASE)
    imports = (*FileConnector.imports, "integrations.transports.sftp")
    contract = CONTRACT
    failure_column = "Failure Description"
    in_parts = True  # Each file is imported by itself.
    resends = True  # An import adds to what is there, and each has names of its own.
    limits = (
        "A data file has at most 5 GB, and less than 1 GB where it is encrypted. Larger results "
        "are split at the end of a row, and each file has its manifest.",
        "CleverTap takes up to two hours for a file of 5 GB, and processes files in the order in "
        "which they were uploaded.",
        "The items of the event Charged cannot be imported over SFTP.",
        "Where nothing is known of a manifest because a worker died while it was sent, the same "
        "one is sent again under the same name. No data file ever has two manifests.",
    )
    example_query = EXAMPLE

    def prepared(self, rows):
        from integrations.connectors.clevertap_sftp.values import with_values

        return Changed(rows, partial(with_values, settings=self.settings))

    def file_settings(self):
        return FORMAT | self.settings

    def export(self, rows, delivery):
        from integrations.connectors.clevertap_sftp.sending import Sending

        if not rows.count and (receipt := self.skipped(delivery)):
            return receipt
        began = time.monotonic()
        if warning := caution(self.file_settings(), delivery.check):
            delivery.log(warning)
        sending = Sending(self, self.prepared(rows), delivery)
        sending.send_all()
        return Receipt(
            rows=rows.count,
            bytes=sum(file.bytes for file in sending.files),
            files=sending.files,
            host_key=sending.host_key,
            seconds=round(time.monotonic() - began, 3),
            summary=sending.told(),
        )

    def few_rows(self):
        return FewRows(
            "One data file with the first five rows is written into the folder, under a name that "
            "begins with test-, and without its manifest: CleverTap imports nothing. The file "
            "stays there."
        )

    def largest_file(self) -> int:
        """Return how many bytes of CSV a data file may have."""
        return LARGEST_PLAIN if self.settings.get("encoders") else LARGEST

    def identifiers(self):
        return identifiers_of(self.settings)

    def path(self, delivery):
        return names(self.settings, delivery, 1).data

    def destination(self, delivery):
        from integrations.transports.sftp import Manner, Upload

        return Upload(account_of(self.authentication), delivery, Manner(from_login_directory=True))

    def retry_limit(self):
        return self.authentication["max_connection_retry"]

    def test(self, delivery):
        from integrations.connectors.sftp.trial import Trial

        path = self.path(delivery) if self.settings else None
        return Trial(account_of(self.authentication), delivery).steps(
            path, from_login_directory=True
        )
