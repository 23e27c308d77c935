"""Files to SFTP servers, over SSH."""

from integrations.transports.sftp.connection import Account, Connection
from integrations.transports.sftp.files import Files
from integrations.transports.sftp.publishing import Manner
from integrations.transports.sftp.upload import Upload

__all__ = ["Account", "Connection", "Files", "Manner", "Upload"]
