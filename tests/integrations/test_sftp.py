"""Exports to a real OpenSSH server."""

import threading

import pyarrow as pa
import pytest

from tests.integrations.exports import connector, content, files, hashed, names, size, stored
from tests.servers import local_delivery

pytestmark = pytest.mark.needs("sshd")


def test_the_file_lands_and_the_receipt_says_how(sshd, rows):
    delivery = local_delivery()

    receipt = connector(sshd).export(rows, delivery)

    data = (sshd.root / "out.csv").read_bytes()
    assert data == b'id,name\r\n1,a\r\n2,"b ""x"""\r\n3,\r\n'
    [file] = receipt.files
    assert (file.path, file.sha256) == (f"{sshd.root}/out.csv", hashed(data))
    assert receipt.rows == 3
    assert receipt.bytes == file.bytes == file.remote_bytes == len(data)
    assert receipt.host_key == sshd.fingerprint()
    assert 0 < receipt.seconds < 20


@pytest.mark.parametrize("rename", [True, False])
def test_missing_directories_are_made(sshd, rows, rename):
    export = connector(sshd, "a/b c/ü/out.csv", rename_file_after_upload=rename)

    export.export(rows, local_delivery())

    assert (sshd.root / "a/b c/ü/out.csv").read_bytes() == content(rows)
    assert len(list((sshd.root / "a/b c/ü").iterdir())) == 1


@pytest.mark.parametrize("rename", [True, False])
def test_a_file_that_is_there_is_replaced(sshd, rows, rename):
    (sshd.root / "out.csv").write_text("x" * 10_000)

    connector(sshd, rename_file_after_upload=rename).export(rows, local_delivery())

    assert (sshd.root / "out.csv").read_bytes() == content(rows)
    assert names(sshd) == ["out.csv"]


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("path", ["/day1/my_data.csv", "day1/my_data.csv"])
def test_the_path_starts_where_the_setting_says(sshd, rows, root, path):
    if path.startswith("/") and not root:
        path = f"{sshd.root}{path}"
    export = connector(sshd, path_prefix=path, user_directory_is_root=root)

    receipt = export.export(rows, local_delivery())

    assert receipt.files[0].path == f"{sshd.root}/day1/my_data.csv"
    assert (sshd.root / "day1/my_data.csv").read_bytes() == content(rows)


def test_renamed_files_are_seen_as_tmp_first_and_never_partial(sshd, many, faulty):
    proxy = faulty(sshd, bytes_per_second=20_000_000)
    seen = set()
    export = connector(sshd, port=proxy.port, rename_file_after_upload=True)
    running = threading.Thread(target=export.export, args=(many, local_delivery()))
    running.start()

    while running.is_alive():
        seen.update((path.name, path.name == "out.csv" and size(path)) for path in files(sshd))
    seen.update((path.name, size(path)) for path in files(sshd))

    assert seen == {("out.csv.tmp", False), ("out.csv", len(content(many)))}


@pytest.mark.parametrize("rename", [True, False])
@pytest.mark.parametrize("threshold", [0, 1, 1024, 1025, 5_368_709_120])
def test_the_bytes_are_the_same_for_every_threshold(sshd, tmp_path, threshold, rename):
    some = stored(tmp_path / "some.parquet", id=list(range(100 if threshold == 1 else 5000)))
    export = connector(sshd, temp_file_threshold=threshold, rename_file_after_upload=rename)

    receipt = export.export(some, local_delivery())

    assert (sshd.root / "out.csv").read_bytes() == content(some)
    assert receipt.files[0].sha256 == hashed(content(some))
    assert names(sshd) == ["out.csv"]


@pytest.mark.parametrize("threshold", [0, 100_000])
def test_without_renaming_nobody_sees_the_file_before_it_is_whole(sshd, many, faulty, threshold):
    proxy = faulty(sshd, bytes_per_second=20_000_000)
    (sshd.root / "out.csv").write_text("of last week")
    seen = set()
    export = connector(sshd, port=proxy.port, temp_file_threshold=threshold)
    running = threading.Thread(target=export.export, args=(many, local_delivery(job="12.1")))
    running.start()

    while running.is_alive():
        seen.update((path.name, path.name == "out.csv" and size(path)) for path in files(sshd))
    running.join()

    whole = len(content(many))
    assert seen <= {("out.csv", 12), (".out.csv.12.1.tmp", False), ("out.csv", whole)}
    assert (".out.csv.12.1.tmp", False) in seen
    assert names(sshd) == ["out.csv"]
    assert (sshd.root / "out.csv").read_bytes() == content(many)


def test_an_empty_result_is_a_file_too(sshd, tmp_path):
    none = stored(tmp_path / "none.parquet", id=pa.array([], pa.int64()))

    receipt = connector(sshd, header_line=False).export(none, local_delivery())

    assert (sshd.root / "out.csv").read_bytes() == b""
    assert (receipt.rows, receipt.bytes, receipt.files[0].remote_bytes) == (0, 0, 0)


def test_progress_is_told(sshd, many):
    told = []

    connector(sshd, rename_file_after_upload=True).export(
        many, local_delivery(progress=told.append)
    )

    assert told == sorted(told)
    assert told[-1] == len(content(many))
    assert len(told) > 10
