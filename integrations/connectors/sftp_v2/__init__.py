"""Files on an SFTP server."""

from integrations.connectors.base import FileConnector
from integrations.connectors.sftp_v2.authentication import Authentication
from integrations.connectors.sftp_v2.export import Export, remote_name


class SFTPv2(FileConnector):
    name = "sftp_v2"
    label = "SFTP_V2"
    description = "Upload query results as CSV or TSV files to an SFTP server."
    category = "File storage"
    Authentication = Authentication
    Export = Export
    aliases = {"user": "username", "compression": "encoders", "amor": "armor"}
    value_aliases = {
        "encoders": {"gzip": "gz", "bz2": "bzip2", "none": "", "None": "", "pgp": "encrypt_pgp"},
        "newline": {"\r\n": "CRLF", "\n": "LF", "\r": "CR"},
    }
    blocks = {"formatter": {"type": "format"}}
    json_defaults = {"max_connection_retry": 5, "user_directory_is_root": False}

    def path(self, delivery):
        return remote_name(self.settings)

    def retry_limit(self):
        return self.authentication["max_connection_retry"]
