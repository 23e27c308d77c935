"""An object of few bytes, sent with one request."""

from integrations.transports.arrival import Arrival
from integrations.transports.s3.arriving import MARK, Asked
from integrations.transports.s3.bucket import Bucket
from integrations.transports.s3.confirming import check_answered, is_confirmed
from integrations.transports.s3.doubt import request
from integrations.transports.s3.known import Known, new_token
from integrations.transports.s3.making import damaged, looked_at, with_checksums
from integrations.transports.s3.manner import Manner
from integrations.transports.s3.parts import crc32, md5, sha256, written


def put(bucket: Bucket, key: str, data: bytes, manner: Manner, known: Known) -> Arrival:
    """Put the bytes at the key."""
    place, checksum, token = bucket.place(key), crc32(data), new_token()
    asked = Asked(key, token, len(data), checksum, etag=md5(data), sha256=sha256(data))

    def send(**checksums):
        bucket.delivery.fence()
        given = manner.asked() | {"Body": data, "Metadata": {MARK: token}}
        return request(bucket, known, asked, "put_object", **given, **checksums)

    answer = with_checksums(known, send, {"ChecksumCRC32": written(checksum)})
    check_answered(answer, place)
    if not is_confirmed(answer, data, checksum):
        damaged(bucket, asked, answer, known)
    bucket.delivery.progress(len(data))
    return looked_at(bucket, asked, answer, known)
