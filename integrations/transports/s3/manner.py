"""How an object is put into a bucket."""

from dataclasses import dataclass

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Manner:
    """What is asked of the server beside keeping the bytes."""

    storage_class: str = ""
    encryption: str = ""  # "", AES256 or aws:kms
    kms_key: str = ""  # blank for the bucket's own
    content_type: str = "binary/octet-stream"
    part: int = 8 * MEGABYTE  # bytes of each part of a large object, but the last

    def asked(self) -> dict:
        """Return the parameters of a request that makes an object."""
        wanted = {
            "ContentType": self.content_type,
            "StorageClass": self.storage_class,
            "ServerSideEncryption": self.encryption,
            "SSEKMSKeyId": self.kms_key if self.encryption == "aws:kms" else "",
        }
        return {name: value for name, value in wanted.items() if value}
