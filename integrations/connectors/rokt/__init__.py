"""Audience lists and conversions for Rokt, over SFTP."""

from dataclasses import replace
from functools import partial

from integrations.connectors.few_rows import FewRows
from integrations.connectors.files import FileConnector
from integrations.connectors.remote_name import BadName
from integrations.connectors.rokt.export import Export, remote_name
from integrations.connectors.rokt.rules import CONTRACT
from integrations.connectors.sftp.login import (
    KEY,
    PASSPHRASE,
    TESTED,
    WHOSE,
    LoginSettings,
    PatienceSettings,
    ServerSettings,
    account_of,
    host_field,
)
from integrations.errors import PermanentError
from integrations.rows.changed import Changed

FEW = 1000  # people; Rokt recommends more than that for inclusion


class Authentication(PatienceSettings, LoginSettings, ServerSettings):
    """Who logs in to Rokt's server: with the key that came with Rokt's mail."""

    host = host_field(initial="ftp.rokt.com", help_text="Rokt's SFTP server.")


class Rokt(FileConnector):
    name = "rokt"
    label = "Rokt"
    description = "Upload audience lists to include or exclude, and conversions, to Rokt over SFTP."
    category = "Advertising"
    Authentication = Authentication
    tested = TESTED
    Export = Export
    whose = WHOSE
    place = ("list_kind", "advertiser_database", "list_name", "file_name")
    aliases = {"user": "username", "compression": "encoders"}
    json_defaults = {"max_connection_retry": 5}
    key_pair = (KEY, PASSPHRASE)
    test_prefix = ".test-"
    imports = (*FileConnector.imports, "integrations.transports.sftp")
    contract = CONTRACT
    limits = (
        f"An audience to include should have {FEW:,} people or more; smaller ones are sent, and "
        "the log of the job says so.",
        "Rokt deletes a file once it has processed it, and ignores names that begin with a dot.",
    )
    example_query = "SELECT DISTINCT email FROM customers WHERE email IS NOT NULL"

    def prepared(self, rows):
        from integrations.connectors.rokt.addresses import with_addresses

        return Changed(rows, partial(with_addresses, settings=self.settings))

    def export(self, rows, delivery):
        if self.settings["list_kind"] == "include" and 0 < rows.count < FEW:
            delivery.log(f"Rokt recommends {FEW:,} people or more to include: here are fewer.")
        receipt = super().export(rows, delivery)
        return replace(receipt, summary=self.told(rows)) if receipt.files else receipt

    def told(self, rows):
        """Return what became of the addresses, which the file alone does not prove to others."""
        from integrations.connectors.rokt.addresses import email_columns

        if not email_columns(rows.columns, self.settings):
            return ""
        if self.settings.get("email_format") == "plain":
            return "The e-mail addresses were sent as they are in the result, not hashed."
        return "The e-mail addresses were hashed with SHA-256."

    def few_rows(self):
        return FewRows(
            "One file with the first five rows is written into the same folder, under a name that "
            "begins with .test-. Rokt takes files that begin with a dot for temporary ones and "
            "does not process them: nobody comes onto a list, and the file stays there."
        )

    def path(self, delivery):
        try:
            return remote_name(self.settings, delivery.slot, delivery.number)
        except BadName as error:  # Settings can be older than the rules.
            raise PermanentError(
                f"The file name makes no name. {error}", remedy="Change it in the export."
            ) from None

    def destination(self, delivery):
        from integrations.transports.sftp import Manner, Upload

        manner = Manner(
            rename=self.settings["rename_file_after_upload"],
            threshold=self.settings["temp_file_threshold"],
        )
        return Upload(account_of(self.authentication), delivery, manner)

    def retry_limit(self):
        return self.authentication["max_connection_retry"]

    def test(self, delivery):
        from integrations.connectors.sftp.trial import Trial

        path = self.path(delivery) if self.settings else None
        trial = Trial(account_of(self.authentication), delivery)
        return trial.steps(path, from_login_directory=not path)
