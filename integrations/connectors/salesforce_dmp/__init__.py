"""First-party segments for Salesforce DMP (Krux), as files in a bucket of its own."""

from datetime import UTC

from integrations.connectors.few_rows import no_test
from integrations.connectors.files import FileConnector
from integrations.connectors.remote_name import BadName
from integrations.connectors.s3.export import check_key, check_object
from integrations.connectors.s3.server import WHOSE, account, address_of
from integrations.connectors.salesforce_dmp.authentication import Authentication
from integrations.connectors.salesforce_dmp.contract import CONTRACT
from integrations.connectors.salesforce_dmp.export import ENDINGS, Export
from integrations.contract import sound_only
from integrations.errors import PermanentError

EXAMPLE = """\
SELECT user_id, td_segment, email, firstname, lastname
FROM (VALUES
  ('uid1', 'seg1,seg2', '', 'Britty', 'Morris'),
  ('uid2', 'seg1,seg2,seg3,seg4', '', 'David', 'Morris'),
  ('uid3', 'seg1', '', 'Halley', 'Morris')
) AS first_data(user_id, td_segment, email, firstname, lastname)
"""


class SalesforceDMP(FileConnector):
    name = "salesforce_dmp"
    label = "Salesforce DMP"
    description = "Send first-party segments to Salesforce DMP (Krux), which picks them up from "
    description += "its S3 bucket once a day."
    category = "Advertising"
    Authentication = Authentication
    logs_in_as = "access_key_id"
    tested = (
        "The test resolves the name, connects and signs in, then writes, reads back and deletes a "
        "small file."
    )
    Export = Export
    whose = (*WHOSE, "client_name")
    place = ("bucket", "folder", "file_name")
    adding = "that appends"
    aliases = {"compression": "encoders"}
    contract = CONTRACT
    example_query = EXAMPLE
    limits = (
        "Salesforce DMP reads the files once a day: audiences change within 24 hours.",
        "All updates of one UTC day have to be in one file: a second run on the same day replaces "
        "the file of the first, unless the export appends.",
        "A user who is in several rows is in the file several times.",
        "Salesforce DMP wants the full list of attributes of a user each time.",
    )
    imports = (
        *FileConnector.imports,
        "integrations.formats.krux",
        "integrations.transports.s3",
    )

    def few_rows(self):
        return no_test(
            "Salesforce DMP takes every file in the folder of a day as data, and wants all updates "
            "of a day in one: five rows would count as the day's."
        )

    def path(self, delivery):
        """Return the object of the UTC day in which the run is due."""
        day = delivery.slot.astimezone(UTC).strftime("%Y-%m-%d")
        given = self.settings
        name = given["file_name"]
        if given["append"]:
            name += f"-{delivery.slot.astimezone(UTC):%H%M%S}-{delivery.number}"
        folder = given["folder"].replace("{client}", self.authentication.get("client_name", "*"))
        key = f"{folder.strip('/')}/{day}/{name}{ENDINGS[given['encoders']]}"
        return f"s3://{given['bucket']}/{self.checked(key)}"

    def checked(self, key):
        try:
            check_key(key)
        except BadName as error:
            raise PermanentError(
                f"Folder and file name make no name. {error}", remedy="Change them in the export."
            ) from None
        return key

    def check_path(self, path):
        check_object(path)

    def address(self):
        return address_of(self.authentication)

    def destination(self, delivery):
        from integrations.transports.s3 import Manner, Upload

        kind = "application/gzip" if self.settings["encoders"] else "text/plain"
        return Upload(account(self.authentication), delivery, Manner(content_type=kind))

    def retry_limit(self):
        return self.authentication["max_connection_retry"]

    def file_settings(self):
        return self.settings | {"format": "krux"}

    def preview(self, rows, limit=4096):
        """Return the first bytes of the file, without the rows that would be left out.

        Of columns that break a rule no file is made; of rows that break one, none either where
        they are not to be left out.
        """
        kept = sound_only(rows, self.contract, self.settings)
        return kept and super().preview(kept, limit)

    def test(self, delivery):
        """Try it where the files go by default; the bucket of an export may be another one."""
        from integrations.connectors.s3.trial import Trial

        usual = type(self)(self.authentication, self.Export.defaults() | self.settings)
        return Trial(account(self.authentication), delivery).steps(usual.path(delivery))
