"""How an import is sent: in parts, each with one manifest, whatever breaks in between."""

import hashlib
import json
from dataclasses import replace

import pytest

from integrations.connectors.clevertap_sftp.files import BY_HAND, LARGEST, LARGEST_PLAIN
from integrations.connectors.clevertap_sftp.parts import PartContent
from integrations.delivery import MemoryJournal
from integrations.errors import PermanentError, Stopped, TransientError
from tests.integrations.exports import stored
from tests.integrations.openpgp import Receiver
from tests.integrations.test_clevertap_sftp import delivery
from tests.servers import wait_until

MB = 1_000_000


@pytest.fixture
def people(tmp_path):
    """40,000 rows with line breaks and quotes in their values, about 2.6 MB as CSV."""
    texts = [f'"{hashlib.md5(b"%d" % n).hexdigest()}",\nx' for n in range(40_000)]
    numbers = [f"user-{n}" for n in range(40_000)]
    return stored(tmp_path / "people.parquet", identity=numbers, note=texts)


def whole(clevertap):
    """Return the lines of all data files in order, without the headers but the first."""
    paths = sorted(clevertap.folder.glob("*.csv"), key=lambda path: int(path.stem.split("-")[-1]))
    first, *rest = [path.read_bytes() for path in paths]
    return first + b"".join(data.partition(b"\n")[2] for data in rest)


def announced(clevertap):
    """Return the data files that the manifests name."""
    return [said["fileName"] for said in clevertap.manifests()]


def test_five_gigabytes_are_the_most_and_encrypted_it_is_less_than_one(clevertap):
    assert clevertap.connector().largest_file() == LARGEST == 5_000_000_000
    assert LARGEST_PLAIN * 4 / 3 * 65 / 64 < 1_000_000_000


def test_for_the_names_of_the_columns_no_row_is_read(clevertap, people, monkeypatch):
    asked = []
    monkeypatch.setattr(type(people), "portions", lambda *_, **more: asked.append(more) or iter(()))
    settings = clevertap.connector().file_settings()

    lines = PartContent(people, 0, settings, delivery(), limit=MB).whole_lines()

    assert (next(lines), asked) == (b"identity,note\n", [])


@pytest.mark.parametrize("largest", [MB, 200_000, 3 * MB])
def test_a_large_result_is_split_at_the_end_of_rows(clevertap, people, largest):
    chosen = clevertap.connector(largest=largest)

    receipt = chosen.deliver(people, delivery())

    data = [file for file in receipt.files if file.path.endswith(".csv")]
    assert all(0 < file.bytes <= largest for file in data)
    assert len(data) >= 2_600_000 // largest
    assert sum(file.rows for file in data) == receipt.rows == 40_000
    assert whole(clevertap) == chosen.preview(people, 1 << 30)
    assert sorted(announced(clevertap)) == sorted(file.path[1:] for file in data)
    assert [file.path for file in receipt.files if file.path.endswith(".manifest")] == [
        file.path.replace(".csv", ".manifest") for file in data
    ]
    clevertap.importer.largest = largest
    clevertap.importer.look()
    reports = [json.loads(path.read_text()) for path in clevertap.kept.glob("*.json")]
    assert sum(report["rows"] for report in reports) == 40_000
    assert {report["outcome"] for report in reports} == {"imported"}


def test_a_row_that_no_file_can_hold_is_a_lasting_error(clevertap, tmp_path):
    rows = stored(tmp_path / "r.parquet", identity=["a", "b"], note=["x", "y" * 500])

    with pytest.raises(PermanentError, match="Row 2 of the result alone is larger"):
        clevertap.connector(largest=300).deliver(rows, delivery())


def test_each_attempt_and_each_job_has_names_of_its_own(clevertap, tmp_path):
    rows = stored(tmp_path / "r.parquet", identity=["a"])

    for job in ("57.1", "57.2", "58.1"):
        clevertap.connector().deliver(rows, delivery(job))

    assert len(set(announced(clevertap))) == 3 == len(clevertap.importer.look())


def test_a_retry_of_a_test_has_the_name_that_was_told(clevertap, tmp_path):
    rows, connector = stored(tmp_path / "r.parquet", identity=["a"]), clevertap.connector()
    told = connector.path_of_part(replace(delivery(BY_HAND), test=True, number="57"))

    for job in ("57.1", "57.2", "58.1"):
        connector.deliver(rows, replace(delivery(job), test=True, number="57"))

    assert clevertap.names() == [told]


def test_the_manifest_comes_when_the_data_file_is_there_as_a_whole(clevertap, people):
    seen = []

    def look(_):
        names = clevertap.names()
        seen.append(any(name.endswith(".manifest") for name in names))
        finished = [name for name in names if name.endswith(".csv") and not name.startswith(".")]
        assert not (seen[-1] and not finished)

    clevertap.connector().deliver(people, delivery(progress=look))

    assert False in seen


def test_when_only_the_manifest_fails_only_the_manifest_is_sent_again(clevertap, people, impatient):
    lines = []
    clevertap.sandbox.switches.refused_names = r"\.manifest|^upload"
    journal = MemoryJournal()
    with pytest.raises(PermanentError):
        clevertap.connector().deliver(people, delivery("57.1", journal=journal))
    [before] = clevertap.names()
    stamp = (clevertap.folder / before).stat()
    clevertap.sandbox.switches.refused_names = ""

    receipt = clevertap.connector().deliver(
        people, delivery("57.2", journal=journal, log=lines.append)
    )

    assert announced(clevertap) == [before]
    after = (clevertap.folder / before).stat()
    assert (after.st_ino, after.st_mtime_ns) == (stamp.st_ino, stamp.st_mtime_ns)
    assert receipt.rows == 40_000 and receipt.files[0].path == f"/{before}"
    assert receipt.files[0].bytes == stamp.st_size and receipt.host_key
    assert clevertap.report()["rows"] == 40_000


def test_after_a_kill_between_two_parts_the_next_attempt_sends_what_is_missing(clevertap, people):
    journal, lines = MemoryJournal(), []

    def stopped():
        return len(list(clevertap.folder.glob("*.manifest"))) == 1

    with pytest.raises(Stopped):
        clevertap.connector(largest=MB).deliver(
            people, delivery("57.1", journal=journal, stopped=stopped)
        )
    [first] = announced(clevertap)
    stamp = (clevertap.folder / first).stat().st_mtime_ns

    chosen = clevertap.connector(largest=MB)
    receipt = chosen.deliver(people, delivery("57.2", journal=journal, log=lines.append))

    assert (clevertap.folder / first).stat().st_mtime_ns == stamp
    assert len(announced(clevertap)) == len(set(announced(clevertap))) == len(receipt.files) // 2
    assert whole(clevertap) == chosen.preview(people, 1 << 30)
    assert sum(file.rows for file in receipt.files) == 40_000


class Crash(BaseException):
    """The process is gone."""


class CrashingJournal(MemoryJournal):
    """A journal whose process dies before an entry of some kind is written."""

    crash_at = ""

    def write(self, entry):
        if self.crash_at in entry:
            raise Crash
        super().write(entry)


@pytest.mark.parametrize("crash_at", ["data", "stop", "announced", "manifest"])
def test_wherever_a_worker_dies_each_data_file_gets_one_manifest(clevertap, people, crash_at):
    journal = CrashingJournal()
    journal.crash_at = crash_at
    with pytest.raises(Crash):
        clevertap.connector().deliver(people, delivery("57.1", journal=journal))
    journal.crash_at = "nothing"

    receipt = clevertap.connector().deliver(people, delivery("57.2", journal=journal))

    [name] = announced(clevertap)
    assert [path.name for path in clevertap.folder.glob("*.csv")] == [name]
    assert receipt.files[0].path == f"/{name}" and receipt.rows == 40_000
    assert clevertap.report()["rows"] == 40_000


def test_what_an_upload_wrote_down_is_no_part_of_an_import(clevertap, people):
    journal = MemoryJournal([{"aside": "/.a.old.tmp", "path": "/a.csv", "temporary": "/a.tmp"}])

    receipt = clevertap.connector().deliver(people, delivery("57.2", journal=journal))

    assert announced(clevertap) == [receipt.files[0].path.removeprefix("/")]


@pytest.mark.parametrize(("takes_data", "noted"), [(True, False), (False, False), (False, True)])
def test_a_manifest_that_was_taken_with_its_data_is_not_sent_again(
    clevertap, people, takes_data, noted
):
    journal, lines = CrashingJournal(), []
    journal.crash_at = "manifest"
    with pytest.raises(Crash):
        clevertap.connector().deliver(people, delivery("57.1", journal=journal))
    [name] = announced(clevertap)
    clevertap.importer.look()
    for path in list(clevertap.folder.iterdir()):
        if takes_data or path.suffix == ".manifest":
            path.unlink()
    journal.crash_at = "nothing"
    if not noted:  # What became of its rename; as in a journal of before that was noted.
        journal.entries = [entry for entry in journal.entries if "part" in entry]

    clevertap.connector().deliver(people, delivery("57.2", journal=journal, log=lines.append))

    # Sent under its old name where it may never have arrived: CleverTap takes no name twice.
    arrived = takes_data or noted
    assert announced(clevertap) == ([] if arrived else [name])
    assert clevertap.importer.look() == []
    assert any("had arrived" in line for line in lines) == arrived


def test_a_connection_that_breaks_is_gone_on_with(clevertap, people, faulty, impatient):
    proxy = faulty(clevertap.sandbox, cuts=[MB])
    chosen = clevertap.connector(port=proxy.port)

    chosen.deliver(people, delivery())

    assert whole(clevertap) == chosen.preview(people, 1 << 30)
    assert len(announced(clevertap)) == 1 and proxy.connections == 3


def test_a_server_that_stays_away_is_an_error_that_may_pass(clevertap, people, faulty, impatient):
    proxy = faulty(clevertap.sandbox, cuts=[0, 0, 0])

    with pytest.raises(TransientError):
        clevertap.connector(port=proxy.port).deliver(people, delivery())
    assert clevertap.names() == []


def test_who_lost_the_job_sends_no_manifest(clevertap, people):
    with pytest.raises(Stopped):
        clevertap.connector().deliver(
            people, delivery(held=lambda: not list(clevertap.folder.glob("*.csv")))
        )
    assert announced(clevertap) == []


def test_a_key_that_is_not_saved_at_clevertap_is_a_lasting_error(clevertap, people):
    from integrations.transports.key_pairs import new_private_key

    clevertap.key = new_private_key("ed25519")

    with pytest.raises(PermanentError, match="Log in to"):
        clevertap.connector().deliver(people, delivery())


def test_the_connection_test_leaves_nothing_for_clevertap(clevertap):
    steps = list(clevertap.connector(folder="daily").test(delivery()))

    assert [step.outcome for step in steps] == ["passed"] * 8
    assert steps[4].detail == "/; the export creates /daily"
    assert clevertap.names() == []


@pytest.fixture
def receiver(tmp_path):
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    receiver = Receiver(home)
    receiver.subkey = receiver.add(receiver.make("ed25519", "cert"), "cv25519")
    yield receiver
    receiver.close()


@pytest.mark.needs("gpg")
@pytest.mark.parametrize("crash_at", ["stop", "announced"])
def test_wherever_a_worker_dies_encrypted_parts_go_on_where_they_ended(
    clevertap, people, receiver, crash_at
):
    chosen = clevertap.connector(
        encoders="encrypt_pgp",
        public_key=receiver.public(),
        key_identifier=receiver.subkey,
        key_id="3f1d2c9e-6a0b-4a53-9a43-5d1f9f2f7c11",
        largest=MB,
    )
    journal = CrashingJournal()
    journal.crash_at = crash_at
    with pytest.raises(Crash):
        chosen.deliver(people, delivery("57.1", journal=journal))
    journal.crash_at = "nothing"

    receipt = chosen.deliver(people, delivery("57.2", journal=journal))

    names = sorted(announced(clevertap))
    texts = [receiver.decrypt((clevertap.folder / name).read_bytes()) for name in names]
    opened = texts[0] + b"".join(text.partition(b"\n")[2] for text in texts[1:])
    assert (receipt.rows, len(names)) == (40_000, 3)
    assert opened == chosen.preview(people, 1 << 30)


@pytest.mark.needs("gpg")
def test_encrypted_files_are_armoured_and_their_manifest_names_the_key(clevertap, people, receiver):
    key_id = "3f1d2c9e-6a0b-4a53-9a43-5d1f9f2f7c11"
    chosen = clevertap.connector(
        encoders="encrypt_pgp",
        public_key=receiver.public(),
        key_identifier=receiver.subkey,
        key_id=key_id.upper(),
        largest=MB,
    )

    receipt = chosen.deliver(people, delivery())

    names = announced(clevertap)
    assert len(names) == 3 and all(name.endswith(".csv.asc") for name in names)
    assert {said["keyId"] for said in clevertap.manifests()} == {key_id}
    opened = b""
    for number, name in enumerate(sorted(names)):
        data = (clevertap.folder / name).read_bytes()
        assert data.startswith(b"-----BEGIN PGP MESSAGE-----") and len(data) < 1.4 * MB
        text = receiver.decrypt(data)
        opened += text if not number else text.partition(b"\n")[2]
    assert opened == chosen.preview(people, 1 << 30)
    assert [file.path for file in receipt.files if file.rows == 0] == [
        f"/{name.removesuffix('.csv.asc')}.manifest" for name in sorted(names)
    ]
    clevertap.importer.look()
    for path in clevertap.kept.glob("*.json"):
        assert json.loads(path.read_text())["outcome"].startswith("accepted")


def test_the_vendors_of_the_sandbox_look_by_themselves(clevertap, people):
    from integrations.sandbox import vendors

    with vendors.watching(clevertap.sandbox.root):
        clevertap.connector().deliver(people, delivery())
        [report] = wait_until(lambda: list(clevertap.kept.glob("*.json")), seconds=60)

    assert json.loads(report.read_text())["rows"] == 40_000
