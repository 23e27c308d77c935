"""Objects in a bucket of Amazon S3, or of a server that speaks its protocol."""

from integrations.connectors.files import BESIDE, FileConnector
from integrations.connectors.remote_name import BadName
from integrations.connectors.s3.authentication import Authentication
from integrations.connectors.s3.export import Export, check_object, object_key
from integrations.connectors.s3.server import WHOSE, account, address_of
from integrations.errors import PermanentError

TYPES = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
ENCODED = {"gz": "application/gzip", "bzip2": "application/x-bzip2"}
ENCODED |= {"encrypt_pgp": "application/octet-stream"}


# Methods that connect import what does: botocore takes a while to load, and pages do without it.
class S3(FileConnector):
    name = "s3"
    label = "Amazon S3"
    description = "Upload query results as CSV, TSV, JSON or Parquet to a bucket of Amazon S3, or "
    description += "of another store that speaks its protocol."
    category = "File storage"
    Authentication = Authentication
    logs_in_as = "access_key_id"
    tested = "The test resolves the name, connects and signs in. Nothing is written."
    Export = Export
    whose = WHOSE
    place = ("bucket", "path_prefix")
    aliases = {
        "path": "path_prefix",
        "compression": "encoders",
        "sse_type": "encryption",
        "amor": "armor",
    }
    blocks = {"formatter": {"type": "format"}}
    json_defaults = {"null_string": ""}
    limits = (
        "An object has at most 10,000 parts: 78 GiB with the usual part size of 8 MiB.",
        "A key has at most 1,024 bytes.",
    )
    example_query = """\
SELECT TD_TIME_FORMAT(time, 'yyyy-MM-dd') AS day, product_id, count(*) AS sold
FROM orders
WHERE TD_TIME_RANGE(time, TD_TIME_ADD(TD_SCHEDULED_TIME(), '-7d'), TD_SCHEDULED_TIME())
GROUP BY 1, 2
ORDER BY 1, 2"""
    imports = (
        *FileConnector.imports,
        "integrations.formats.columnar",
        "integrations.formats.jsonl",
        "integrations.transports.s3",
    )

    def few_rows(self):
        return BESIDE

    def path(self, delivery):
        try:
            key = object_key(self.settings["path_prefix"], delivery.slot, delivery.number)
        except BadName as error:  # Settings can be older than the rules.
            raise PermanentError(
                f"The path prefix makes no name. {error}", remedy="Change it in the export."
            ) from None
        return f"s3://{self.settings['bucket']}/{key}"

    def check_path(self, path):
        check_object(path)

    def address(self):
        return address_of(self.authentication)

    def destination(self, delivery):
        from integrations.transports.s3 import Manner, Upload

        given = self.settings
        manner = Manner(
            storage_class=given["storage_class"],
            encryption=given["encryption"],
            kms_key=given.get("kms_key_id", ""),
            content_type=ENCODED.get(given.get("encoders", "")) or TYPES[given["format"]],
            part=given["part_size"] << 20,
        )
        return Upload(account(self.authentication), delivery, manner)

    def retry_limit(self):
        return self.authentication["max_connection_retry"]

    def preview(self, rows, limit=4096):
        """Return the first bytes of the file; nothing of a Parquet file, which nobody can read."""
        return None if self.settings["format"] == "parquet" else super().preview(rows, limit)

    def test(self, delivery):
        from integrations.connectors.s3.trial import Trial

        path = self.path(delivery) if self.settings else ""
        return Trial(account(self.authentication), delivery).steps(path)
