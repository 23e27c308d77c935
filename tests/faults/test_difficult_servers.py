"""Real servers that refuse what others allow, and disks that are full."""

import os
import signal

import pytest

from integrations.errors import PermanentError, TransientError
from tests.faults.deliveries import OLD
from tests.faults.disks import limit_files_of, small_disk
from tests.faults.line import Fault, Over
from tests.faults.processes import descendants

pytestmark = [pytest.mark.needs("sshd", "ssh-keygen"), pytest.mark.usefixtures("impatient")]
ROOM = 600_000  # bytes; less than the file has


def deny(server, requests):
    server.restart(f"ForceCommand internal-sftp -d {server.root} -P {requests}")


@pytest.mark.parametrize("rename", [True, False])
@pytest.mark.parametrize(
    "denied", ["posix-rename", "limits", "remove,rmdir", "stat,lstat,fstat,opendir,readdir,read"]
)
def test_a_file_arrives_though_the_server_denies(denied, rename, export, drop, server, data):
    drop.keep()
    deny(server, denied)

    receipt = export(rename_file_after_upload=rename)

    drop.holds(data)
    assert receipt.files[0].remote_bytes == (None if "stat" in denied else len(data))


def test_a_server_without_any_rename_says_so_and_takes_the_file_straight(
    export, drop, server, data
):
    drop.keep()
    deny(server, "rename,posix-rename")

    with pytest.raises(PermanentError, match=r"^Rename .*permission denied") as caught:
        export()

    assert caught.value.remedy
    drop.is_as_before(OLD)
    export(rename_file_after_upload=False)
    drop.holds(data)


def test_a_directory_that_may_not_be_made_is_told(export, drop, server):
    deny(server, "mkdir")

    with pytest.raises(PermanentError, match=r"^Create the directory .*/in: permission denied"):
        export()

    drop.is_as_before()


def test_a_file_that_is_taken_at_once_was_delivered(export, drop, line, data, server):
    taken = server.folder / "taken.csv"

    class Taker(Fault):
        """A consumer who takes the file before the console hears that it is there."""

        def down(self, passed, received):
            if drop.file.exists():
                drop.file.rename(taken)
            yield received

    line.always = Taker()

    export(max_connection_retry=0)

    assert taken.read_bytes() == data
    drop.is_as_before()


def test_a_server_that_is_killed_in_mid_upload_gets_the_file_when_it_is_back(
    export, drop, line, data, server
):
    drop.keep()
    found = []

    class Killer(Fault):
        """Kills the server's processes, and starts it again."""

        def up(self, passed, sent):
            if passed > len(data) / 2:
                for pid in (*descendants(server.process.pid), server.process.pid):
                    os.kill(pid, signal.SIGKILL)
                found.append(drop.file.read_bytes())
                server.restart()
                raise Over
            yield sent

    line.faults = [Killer()]

    export(max_connection_retry=20)

    assert found == [OLD]
    drop.holds(data)


@pytest.mark.parametrize("rename", [True, False])
def test_a_full_disk_is_told_and_the_next_export_recovers(rename, export, drop, server, data):
    with small_disk(server.root / "in", ROOM, limit_files_of(server.process.pid)) as disk:
        drop.keep()

        with pytest.raises(TransientError, match=r"^Write .*failed without giving") as caught:
            export(rename_file_after_upload=rename, max_connection_retry=1)

        assert "Its disk may be full" in caught.value.remedy
        drop.is_as_before(OLD)
        disk.make_room()
        export(rename_file_after_upload=rename)
        drop.holds(data)


@pytest.mark.parametrize("rename", [True, False])
@pytest.mark.parametrize("left", [False, True], ids=["alone", "beside what was left"])
def test_the_longest_name_that_is_allowed_arrives(left, rename, export, drop, server, data):
    name = "n" * 251
    if left:
        (server.root / f"{name}.tmp").write_bytes(OLD)

    export(path=name, rename_file_after_upload=rename)

    assert (server.root / name).read_bytes() == data
