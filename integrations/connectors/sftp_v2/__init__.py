"""Files on an SFTP server."""

from integrations.connectors.files import BESIDE, FileConnector
from integrations.connectors.remote_name import BadName
from integrations.connectors.sftp.login import (
    KEY,
    PASSPHRASE,
    TESTED,
    WHOSE,
    LoginSettings,
    PatienceSettings,
    ServerSettings,
    account_of,
)
from integrations.connectors.sftp_v2.export import Export, remote_name
from integrations.errors import PermanentError


class Authentication(PatienceSettings, LoginSettings, ServerSettings):
    """Who logs in to which SFTP server."""


# Methods that connect import what does: paramiko takes a while to load, and pages do without it.
class SFTPv2(FileConnector):
    name = "sftp_v2"
    label = "SFTP_V2"
    description = "Upload query results as CSV or TSV files to an SFTP server."
    category = "File storage"
    Authentication = Authentication
    tested = TESTED
    Export = Export
    whose = WHOSE
    place = ("path_prefix", "user_directory_is_root")
    aliases = {"user": "username", "compression": "encoders", "amor": "armor"}
    blocks = {"formatter": {"type": "format"}}
    json_defaults = {
        "max_connection_retry": 5,
        "user_directory_is_root": False,
        "null_string": "",
    }
    key_pair = (KEY, PASSPHRASE)
    limits = (
        "A name in the path has 255 bytes at most, and the path 4,096: servers take no more.",
        "Without renaming, a file is seen at its path while it is written.",
    )
    example_query = """\
SELECT email, country, total_spent
FROM customers
WHERE TD_TIME_RANGE(last_order, TD_TIME_ADD(TD_SCHEDULED_TIME(), '-1d'), TD_SCHEDULED_TIME())
ORDER BY email"""
    imports = (*FileConnector.imports, "integrations.transports.sftp")

    def few_rows(self):
        return BESIDE

    def path(self, delivery):
        try:
            return remote_name(self.settings, delivery.slot, delivery.number)
        except BadName as error:  # Settings can be older than the rules.
            raise PermanentError(
                f"The path prefix makes no name. {error}", remedy="Change it in the export."
            ) from None

    def destination(self, delivery):
        from integrations.transports.sftp import Manner, Upload

        manner = Manner(
            from_login_directory=self.settings["user_directory_is_root"],
            rename=self.settings["rename_file_after_upload"],
            threshold=self.settings["temp_file_threshold"],
            straight=self.settings.get("write_straight", False),
        )
        return Upload(account_of(self.authentication), delivery, manner)

    def retry_limit(self):
        return self.authentication["max_connection_retry"]

    def test(self, delivery):
        from integrations.connectors.sftp.trial import Trial

        path = self.path(delivery) if self.settings else None
        from_login_directory = self.settings.get("user_directory_is_root", True)
        trial = Trial(account_of(self.authentication), delivery)
        return trial.steps(path, from_login_directory=from_login_directory)
