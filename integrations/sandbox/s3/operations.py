"""What the S3 sandbox does for each operation. Each returns a status, headers and a body."""

import re
from http import HTTPStatus
from urllib.parse import unquote
from xml.sax.saxutils import escape

from integrations.sandbox.s3 import REGION, store
from integrations.sandbox.s3.refusing import Refusal
from integrations.sandbox.s3.store import About, md5

KEPT = ("content-type", "x-amz-storage-class", "x-amz-server-side-encryption")
KMS_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
CRC = "x-amz-checksum-crc32"
ALGORITHM = "x-amz-checksum-algorithm"
TYPE = "x-amz-checksum-type"
PART = re.compile(r"<Part>(.*?)</Part>", re.DOTALL)
NUMBER = re.compile(r"<PartNumber>(\d+)</PartNumber>")
ETAG = re.compile(r"<ETag>(?:&quot;|&#34;|\")?([^<&\"]*)(?:&quot;|&#34;|\")?</ETag>")
CHECKSUM = re.compile(r"<ChecksumCRC32>([^<]*)</ChecksumCRC32>")
OK = HTTPStatus.OK


class Operations:
    """The requests of one server."""

    def __init__(self, kept, switches):
        self.store, self.switches = kept, switches

    def ListBuckets(self, request):
        names = "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in self.store.buckets())
        return (
            OK,
            {},
            f"<ListAllMyBucketsResult><Buckets>{names}</Buckets></ListAllMyBucketsResult>",
        )

    def HeadBucket(self, request):
        self.store.bucket(request.bucket)
        return OK, {"x-amz-bucket-region": REGION}, b""

    def ListObjectsV2(self, request):
        keys = self.store.keys(request.bucket, request.query.get("prefix", ""))
        shown = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in keys)
        head = f"<Name>{request.bucket}</Name><KeyCount>{len(keys)}</KeyCount>"
        return OK, {}, f"<ListBucketResult>{head}{shown}</ListBucketResult>"

    def ListMultipartUploads(self, request):
        shown = "".join(
            f"<Upload><Key>{escape(begun['key'])}</Key><UploadId>{upload}</UploadId>"
            f"<Initiated>{begun['at']}</Initiated></Upload>"
            for upload, begun in self.store.uploads(request.bucket)
        )
        return OK, {}, f"<ListMultipartUploadsResult>{shown}</ListMultipartUploadsResult>"

    def PutObject(self, request):
        data = self.received(request)
        self.check_size(len(data))
        about = self.about(request)
        about.etag, about.crc32 = md5(data), checksum_of(request, data).get(CRC, "")
        self.store.put(request.bucket, request.key, [data], about)
        return OK, told(about), b""

    def CreateMultipartUpload(self, request):
        about = self.about(request)
        about.algorithm = request.headers.get(ALGORITHM, "")
        about.checksum_type = "" if self.switches.composite else request.headers.get(TYPE, "")
        upload = self.store.begin(request.bucket, request.key, about)
        names = f"<Bucket>{request.bucket}</Bucket><Key>{escape(request.key)}</Key>"
        result = f"{names}<UploadId>{upload}</UploadId>"
        given = {ALGORITHM: about.algorithm, TYPE: about.checksum_type}
        headers = {name: value for name, value in given.items() if value}
        body = f"<InitiateMultipartUploadResult>{result}</InitiateMultipartUploadResult>"
        return OK, headers, body

    def UploadPart(self, request):
        data = self.received(request)
        number = int(request.query["partNumber"])
        if not 1 <= number <= 10_000:
            raise Refusal(400, "InvalidArgument")
        etag = self.store.part(request.query["uploadId"], number, data)
        return OK, {"ETag": f'"{etag}"', **checksum_of(request, data)}, b""

    def AbortMultipartUpload(self, request):
        self.store.abort(request.query["uploadId"])
        return HTTPStatus.NO_CONTENT, {}, b""

    def CompleteMultipartUpload(self, request):
        folder = self.store.upload(request.query["uploadId"])
        about = next(
            About(**{name: begun[name] for name in About.__annotations__})
            for upload, begun in self.store.uploads(request.bucket)
            if upload == folder.name
        )
        texts = PART.findall(request.body.decode())
        parts = [self.part(folder, text, about) for text in texts]
        if not parts:
            raise Refusal(400, "MalformedXML")
        self.check_sizes([path.stat().st_size for path, _ in parts])
        self.check_whole(request, [path for path, _ in parts], about)
        digests = b"".join(bytes.fromhex(etag) for _, etag in parts)
        about.etag = f"{md5(digests)}-{len(parts)}"
        if self.switches.own_etags:
            about.etag = f"{md5(digests[::-1])}-{len(parts)}"
        self.store.put(request.bucket, request.key, [path for path, _ in parts], about)
        self.store.abort(folder.name)
        result = f'<ETag>"{about.etag}"</ETag><Key>{escape(request.key)}</Key>'
        result += f"<ChecksumCRC32>{about.crc32}</ChecksumCRC32>" if about.crc32 else ""
        return OK, {}, f"<CompleteMultipartUploadResult>{result}</CompleteMultipartUploadResult>"

    def HeadObject(self, request):
        if not self.switches.look:
            raise Refusal(403, "AccessDenied")
        about = self.store.about(request.bucket, request.key)
        path = self.store.place(request.bucket, request.key)
        changed = store.modified(path).strftime("%a, %d %b %Y %H:%M:%S GMT")
        headers = {"Last-Modified": changed, "Content-Length": str(path.stat().st_size)}
        shown = (
            told(about) if request.headers.get("x-amz-checksum-mode") else told(about, crc=False)
        )
        return OK, headers | shown | about.headers, b""

    def GetObject(self, request):
        status, headers, _ = self.HeadObject(request)
        return status, headers, self.store.place(request.bucket, request.key).read_bytes()

    def DeleteObject(self, request):
        self.store.remove(request.bucket, request.key)
        return HTTPStatus.NO_CONTENT, {}, b""

    def about(self, request):
        names = [name for name in request.headers if is_kept(name.lower())]
        headers = {name.lower(): request.headers[name] for name in names}
        return About(crc32=request.headers.get(CRC, ""), headers=headers)

    def received(self, request):
        """Return the bytes to keep. Refuse those that are not what was signed for."""
        data = request.body
        if self.switches.damage and data:
            data = bytes([data[0] ^ 1]) + data[1:]
        return data

    def check_size(self, size):
        if self.switches.quota and size > self.switches.quota:
            raise Refusal(507, "XMinioStorageFull")

    def check_sizes(self, sizes):
        if any(size < self.switches.least_part for size in sizes[:-1]):
            raise Refusal(400, "EntityTooSmall")
        self.check_size(sum(sizes))

    def check_whole(self, request, paths, about):
        """Refuse an object that is not what its sender says it is."""
        told = about.crc32 = request.headers.get(CRC, "")
        if self.switches.composite and about.algorithm:
            about.crc32 = store.composite(paths)
        elif about.algorithm:
            about.crc32 = store.crc32(paths)
        if told and told != about.crc32:
            raise Refusal(400, "XAmzContentChecksumMismatch")
        size = request.headers.get("x-amz-mp-object-size")
        if size and int(size) != sum(path.stat().st_size for path in paths):
            raise Refusal(400, "InvalidRequest")

    def part(self, folder, text, about):
        number, etag = NUMBER.search(text)[1], ETAG.search(text)[1]
        path = folder / str(int(number))
        if not path.is_file() or md5(path.read_bytes()) != etag:
            raise Refusal(400, "InvalidPart")
        if not self.is_known(text, path, about):
            raise Refusal(400, "InvalidPart")
        return path, etag

    def is_known(self, text, path, about):
        """Return whether the sender has the checksum of the part, where it tells or has to."""
        if told := CHECKSUM.search(text):
            return told[1] == store.crc32([path])
        return not (self.switches.part_checksums and about.algorithm)


def is_kept(name):
    return name in KEPT or name == KMS_KEY or name.startswith("x-amz-meta-")


def told(about, *, crc=True):
    """Return the headers that tell of an object."""
    headers = {"ETag": f'"{about.etag}"'}
    if about.crc32 and crc:
        headers |= {CRC: about.crc32}
        headers |= {} if "-" in about.crc32 else {TYPE: "FULL_OBJECT"}
    return headers


def checksum_of(request, data):
    """Return the checksum of what is kept, where the sender knows of checksums."""
    return {CRC: store.crc32([data])} if CRC in request.headers else {}


def operation_of(method: str, bucket: str, key: str, query: dict) -> str:
    """Return the name of the operation that is asked for."""
    if not bucket:
        return "ListBuckets"
    if not key:
        listing = "ListMultipartUploads" if "uploads" in query else "ListObjectsV2"
        return {"HEAD": "HeadBucket", "GET": listing}.get(method, "")
    if "uploads" in query:
        return "CreateMultipartUpload"
    if "uploadId" in query:
        names = {"PUT": "UploadPart", "POST": "CompleteMultipartUpload"}
        return names.get(method, "AbortMultipartUpload")
    verbs = {"PUT": "Put", "GET": "Get", "HEAD": "Head", "DELETE": "Delete"}
    return f"{verbs.get(method, '')}Object"


def query_of(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return {unquote(name): unquote(value) for name, _, value in pairs}
