"""Exports to a real OpenSSH server, and through the faults of a network."""

import socket
import threading
import time

import pyarrow as pa
import pytest

from integrations.errors import PermanentError, Stopped, TransientError
from tests.integrations.exports import connector, content, files, hashed, names, size, stored
from tests.servers import keygen, local_delivery, wait_until

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


@pytest.mark.parametrize(
    ("type_", "form"),
    [
        ("ed25519", []),
        ("ed25519", ["-N", "td@123"]),
        ("ecdsa", []),
        ("ecdsa", ["-b", "521", "-m", "PEM"]),
        ("rsa", ["-b", "2048"]),
        ("rsa", ["-b", "2048", "-m", "PEM", "-N", "td@123"]),
    ],
    ids=str,
)
def test_every_type_of_key_logs_in(sshd, rows, tmp_path, type_, form):
    key = keygen(tmp_path / "key", "-t", type_, *form)
    sshd.authorize((tmp_path / "key.pub").read_text())

    passphrase = "td@123" if "-N" in form else ""
    one_line = key.replace("\n", "\\n")

    export = connector(sshd, secret_key_file=one_line, secret_key_passphrase=passphrase)
    export.export(rows, local_delivery())

    assert names(sshd) == ["out.csv"]


@pytest.mark.parametrize("host_key", ["rsa", "ecdsa", "ed25519"])
def test_the_host_key_is_pinned_at_first_sight_and_known_again(sshd, rows, host_key):
    sshd.restart(new_host_key=host_key)
    delivery = local_delivery()

    connector(sshd).export(rows, delivery)
    connector(sshd).export(rows, delivery)

    public = (sshd.folder / "host_key.pub").read_text().split()
    assert delivery.known_hosts.keys == {("127.0.0.1", sshd.port): " ".join(public[:2])}


def test_a_pinned_key_is_asked_for_where_the_server_has_several(sshd, rows):
    keygen(sshd.folder / "rsa_key", "-t", "rsa", "-b", "2048")
    sshd.restart(f"HostKey {sshd.folder}/rsa_key")
    delivery = local_delivery()
    public = (sshd.folder / "rsa_key.pub").read_text().split()
    delivery.known_hosts.pin("127.0.0.1", sshd.port, " ".join(public[:2]))

    connector(sshd).export(rows, delivery)

    assert names(sshd) == ["out.csv"]


@pytest.mark.parametrize("type_", ["ed25519", "rsa"])
def test_a_changed_host_key_stops_the_export_before_anything_is_sent(sshd, rows, type_):
    delivery = local_delivery()
    connector(sshd).export(rows, delivery)
    before = sshd.fingerprint()
    sshd.restart(new_host_key=type_)

    with pytest.raises(PermanentError) as caught:
        connector(sshd, "second.csv").export(rows, delivery)

    assert f"The host key of 127.0.0.1:{sshd.port} has changed" in str(caught.value)
    assert before in str(caught.value)
    assert sshd.fingerprint() in str(caught.value)
    assert "administrator removes the pinned host key" in caught.value.remedy
    assert names(sshd) == ["out.csv"]


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


@pytest.mark.parametrize(("rename", "reset"), [(True, True), (False, False)])
@pytest.mark.usefixtures("impatient")
def test_cuts_in_mid_upload_are_made_good(sshd, many, faulty, rename, reset):
    proxy = faulty(sshd, cuts=[3_000, 200_000, 4_000_000], reset=reset)
    log = []
    export = connector(sshd, port=proxy.port, rename_file_after_upload=rename)

    receipt = export.export(many, local_delivery(log=log.append))

    assert (sshd.root / "out.csv").read_bytes() == content(many)
    assert receipt.files[0].sha256 == hashed(content(many))
    assert names(sshd) == ["out.csv"]
    assert proxy.connections == 4
    retries = [line for line in log if "Retrying" in line]
    assert len(retries) == 3
    assert "the connection was lost (channel is broken)" in retries[2]


@pytest.mark.parametrize("rename", [True, False])
def test_when_no_retry_is_left_nothing_is_left_behind(sshd, many, faulty, rename):
    proxy = faulty(sshd, cuts=[3_000_000, 3_000_000])
    export = connector(
        sshd, port=proxy.port, rename_file_after_upload=rename, max_connection_retry=1
    )

    with pytest.raises(TransientError, match="connection was lost") as caught:
        export.export(many, local_delivery())

    assert "reduce the Temp filesize threshold" in caught.value.remedy
    assert names(sshd) == []


def test_a_silent_server_is_given_up(sshd, rows, faulty):
    proxy = faulty(sshd, swallow_after=0)
    export = connector(sshd, port=proxy.port, timeout=1, max_connection_retry=0)
    began = time.monotonic()

    with pytest.raises(TransientError, match=r"Connect to 127.0.0.1:.*did not answer"):
        export.export(rows, local_delivery())

    assert time.monotonic() - began < 4


def test_silence_in_the_log_in_is_no_wrong_password(sshd, rows, faulty):
    proxy = faulty(sshd, swallow_after=2_000)
    export = connector(sshd, port=proxy.port, timeout=1, max_connection_retry=0)

    with pytest.raises(TransientError, match=r"did not answer"):
        export.export(rows, local_delivery())


def test_silence_in_mid_upload_is_noticed(sshd, many, faulty):
    proxy = faulty(sshd, swallow_after=1_000_000)
    export = connector(sshd, port=proxy.port, timeout=2, max_connection_retry=0)
    began = time.monotonic()

    with pytest.raises(TransientError, match="did not answer for 1 seconds"):
        export.export(many, local_delivery())

    assert time.monotonic() - began < 8


def test_a_slow_server_is_not_given_up_while_bytes_move(sshd, many, faulty):
    proxy = faulty(sshd, bytes_per_second=2_000_000)
    export = connector(sshd, port=proxy.port, timeout=2, max_connection_retry=0)

    export.export(many, local_delivery())

    assert (sshd.root / "out.csv").read_bytes() == content(many)


def test_a_refused_connection_is_tried_again(sshd, rows):
    sshd.stop()
    log = []
    export = connector(sshd, max_connection_retry=1)

    with pytest.raises(TransientError, match="refused the connection"):
        export.export(rows, local_delivery(log=log.append))

    assert len(log) == 1
    assert log[0].endswith("Retrying 1/1 after 0.5 seconds.")


@pytest.mark.parametrize("moment", ["connected", "sending", "stuck", "waiting"])
def test_a_stop_is_obeyed_within_seconds_and_leaves_nothing(sshd, many, faulty, moment):
    faults = {
        "connected": {"swallow_after": 0},
        "sending": {"bytes_per_second": 1_000_000},
        "stuck": {"swallow_after": 2_000_000},
        "waiting": {"cuts": [1_000] * 20},
    }[moment]
    proxy = faulty(sshd, **faults)
    stop = threading.Event()
    ended = []

    def run():
        export = connector(sshd, port=proxy.port, max_connection_retry=20)
        with pytest.raises(Stopped):
            export.export(many, local_delivery(stopped=stop.is_set))
        ended.append(time.monotonic())

    running = threading.Thread(target=run)
    running.start()
    if moment in ("sending", "stuck"):
        wait_until(lambda: any(size(path) > 1_000_000 for path in files(sshd)))
    else:
        wait_until(lambda: proxy.connections)
    proxy.swallow_after = None
    stop.set()
    asked = time.monotonic()
    running.join()

    assert ended[0] - asked < 5
    assert names(sshd) == []


@pytest.mark.parametrize("rename", [True, False])
def test_work_that_is_another_process_s_by_now_does_not_touch_the_file(sshd, rows, rename):
    (sshd.root / "out.csv").write_text("of the other process")
    export = connector(sshd, rename_file_after_upload=rename)

    with pytest.raises(Stopped):
        export.export(rows, local_delivery(held=lambda: False))

    assert (sshd.root / "out.csv").read_text() == "of the other process"


def test_work_that_is_lost_in_mid_upload_leaves_the_file_to_its_new_process(sshd, many):
    lost = threading.Event()

    def progress(count):
        if count > 1_000_000:
            (sshd.root / "out.csv").write_text("of the other process")
            lost.set()

    delivery = local_delivery(
        held=lambda: not lost.is_set(), stopped=lost.is_set, progress=progress
    )
    with pytest.raises(Stopped):
        connector(sshd, temp_file_threshold=0).export(many, delivery)

    assert (sshd.root / "out.csv").exists()


def test_what_an_earlier_export_left_is_removed(sshd, rows):
    (sshd.root / "out.csv.tmp").write_text("half a fi")
    log = []

    connector(sshd, rename_file_after_upload=True).export(rows, local_delivery(log=log.append))

    assert names(sshd) == ["out.csv"]
    assert (sshd.root / "out.csv").read_bytes() == content(rows)
    assert f"Removed {sshd.root}/out.csv.tmp, left behind by an earlier export." in log


def test_two_exports_to_one_path_do_not_mix(sshd, many, tmp_path, faulty):
    proxy = faulty(sshd, bytes_per_second=10_000_000)
    other = stored(tmp_path / "other.parquet", id=list(range(900_000)))
    exports = [
        threading.Thread(
            target=connector(sshd, port=proxy.port, rename_file_after_upload=True).export,
            args=(result, local_delivery(job=job)),
        )
        for job, result in (("1", many), ("2", other))
    ]

    for export in exports:
        export.start()
    for export in exports:
        export.join()

    assert (sshd.root / "out.csv").read_bytes() in (content(many), content(other))
    assert names(sshd) == ["out.csv"]


def test_a_name_that_is_too_long_for_the_server_is_told(sshd, rows):
    deep = "/".join(["ü" * 100] * 25)

    with pytest.raises(PermanentError, match="does not accept the name; it may be too long"):
        connector(sshd, f"{deep}/out.csv").export(rows, local_delivery())


def test_a_directory_of_the_files_name_is_told(sshd, rows):
    (sshd.root / "out.csv").mkdir()
    export = connector(sshd, max_connection_retry=0)

    with pytest.raises(TransientError, match="failed without giving a reason") as caught:
        export.export(rows, local_delivery())

    assert "a directory may have the file's name" in caught.value.remedy
    assert names(sshd) == ["out.csv"]


def test_a_full_disk_is_told_and_leaves_nothing(sshd, many):
    sshd.limit_file_size(1_000_000)
    export = connector(sshd, rename_file_after_upload=True, max_connection_retry=0)

    with pytest.raises(TransientError, match="failed without giving a reason") as caught:
        export.export(many, local_delivery())

    assert names(sshd) == []
    assert caught.value.remedy.startswith("Its disk may be full, a quota may be reached")


@pytest.mark.parametrize("rename", [True, False])
def test_a_forbidden_directory_is_told(sshd, rows, rename):
    sshd.restart("ForceCommand internal-sftp -R")
    (sshd.root / "out.csv").write_text("old")

    with pytest.raises(PermanentError, match=r"Create .*permission denied") as caught:
        connector(sshd, rename_file_after_upload=rename).export(rows, local_delivery())

    assert "the right to write there" in caught.value.remedy
    assert (sshd.root / "out.csv").read_text() == "old"


def test_a_user_without_sftp_is_told(sshd, rows):
    sshd.restart("ForceCommand echo This account is for deliveries only.")

    with pytest.raises(PermanentError) as caught:
        connector(sshd).export(rows, local_delivery())

    assert "Open an SFTP session" in str(caught.value)


def test_a_server_that_takes_passwords_only_is_told(sshd, rows):
    sshd.restart("PubkeyAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM no")

    with pytest.raises(PermanentError, match="does not accept this way to log in"):
        connector(sshd).export(rows, local_delivery())


def test_what_is_no_ssh_server_is_told(sshd, rows):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=greet_as_ftp, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]

        with pytest.raises(TransientError, match="not an SSH server") as caught:
            connector(sshd, port=port, max_connection_retry=0).export(rows, local_delivery())

    assert "FTP and FTPS servers are not SFTP servers" in caught.value.remedy


def greet_as_ftp(listener):
    client, _ = listener.accept()
    with client:
        client.sendall(b"220 Welcome\r\n" * 200)
        client.recv(1000)


def test_progress_is_told(sshd, many):
    told = []

    connector(sshd, rename_file_after_upload=True).export(
        many, local_delivery(progress=told.append)
    )

    assert told == sorted(told)
    assert told[-1] == len(content(many))
    assert len(told) > 10


def test_this_machine_is_not_reached_unasked(sshd, rows):
    delivery = local_delivery()
    delivery.networks = ("10.0.0.0/8",)

    with pytest.raises(PermanentError, match=r"may not connect to 127.0.0.1"):
        connector(sshd).export(rows, delivery)
