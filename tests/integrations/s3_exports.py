"""Exports to S3, and what the tests of them ask."""

import hashlib

import pytest

from integrations.connectors.s3 import S3
from tests.integrations.exports import stored


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """About 13 MB as CSV: three parts of five MiB."""
    numbers = range(330_000)
    texts = [hashlib.md5(b"%d" % number).hexdigest() for number in numbers]
    path = tmp_path_factory.mktemp("large") / "large.parquet"
    return stored(path, id=list(numbers), text=texts)


def connector(store, path="out.csv", **settings):
    """Return the connector for an object in the store's bucket."""
    own = S3.Authentication.base_fields
    changes = {name: settings.pop(name) for name in list(settings) if name in own}
    given = store.settings | changes
    if given.get("auth_method") == "instance_role":
        del given["access_key_id"], given["secret_access_key"]
    login = S3.Authentication.from_json(given)
    assert not login.errors
    export = S3.Export.from_json({"bucket": "demo", "path_prefix": path} | settings)
    assert not export.errors
    return S3(login.cleaned_data, export.cleaned_data)


def content(rows, **settings):
    """Return the bytes that the object must have."""
    export = S3.Export.from_json({"bucket": "demo", "path_prefix": "x"} | settings)
    return S3({}, export.cleaned_data).preview(rows, limit=1 << 40)


def hashed(data):
    return hashlib.sha256(data).hexdigest()


def landed(store, receipt, rows, key="out.csv"):
    """Assert that the object is there, whole and alone, and that nothing else is left."""
    data = store.read(key)
    assert data == content(rows)
    [file] = receipt.files
    assert file.path == f"s3://demo/{key}"
    assert file.sha256 == hashed(data)
    assert receipt.bytes == file.bytes == file.remote_bytes == len(data)
    assert file.remote_etag == store.head(key)["ETag"].strip('"')
    assert store.keys() == [key]
    assert store.uploads() == []
    return file
