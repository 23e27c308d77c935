"""Objects on Amazon S3, and on servers that speak its protocol."""

from integrations.transports.s3.account import Account
from integrations.transports.s3.bucket import Bucket
from integrations.transports.s3.manner import Manner
from integrations.transports.s3.upload import Upload

__all__ = ["Account", "Bucket", "Manner", "Upload"]
