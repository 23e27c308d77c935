"""Files of other exports and other processes at the same place."""

import os
import threading
import time
from functools import partial

import pytest

from integrations.delivery import MemoryJournal
from integrations.errors import Stopped
from tests.integrations.exports import connector, content, die_in_mid_upload, names, stored
from tests.servers import local_delivery

pytestmark = pytest.mark.needs("sshd")


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


@pytest.mark.parametrize(("hours", "stays"), [(14, []), (10, ["out.csv.tmp"])])
def test_what_an_earlier_export_left_is_removed_once_nobody_comes_back_for_it(
    sshd, rows, hours, stays
):
    left = sshd.root / "out.csv.tmp"
    left.write_text("half a fi")
    then = time.time() - hours * 3600
    os.utime(left, (then, then))
    log = []

    connector(sshd, rename_file_after_upload=True).export(rows, local_delivery(log=log.append))

    assert names(sshd) == ["out.csv", *stays]
    assert (sshd.root / "out.csv").read_bytes() == content(rows)
    line = f"Removed {sshd.root}/out.csv.tmp, left behind by an earlier export."
    assert (line in log) == (not stays)


@pytest.mark.parametrize(("job", "stays"), [("7.2", []), ("7.1", ["out.csv.tmp"])])
def test_what_a_dead_worker_s_server_still_wrote_is_removed_by_a_later_try(sshd, many, job, stays):
    left, journal = sshd.root / "out.csv.tmp", MemoryJournal()
    export = connector(sshd, rename_file_after_upload=True)
    if job == "7.2":
        die_in_mid_upload(export, many, journal)
    left.write_text("half a fi")
    growing = partial(left.write_text, "half a file, and more")

    export.export(many, local_delivery(job=job, journal=journal, progress=lambda _: growing()))

    assert names(sshd) == ["out.csv", *stays]
    assert (sshd.root / "out.csv").read_bytes() == content(many)


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


def test_a_temporary_file_in_a_drop_box_that_shows_nothing_is_left_alone(sandbox, rows):
    (sandbox.root / "out.csv.tmp").write_text("of another export")
    sandbox.switches.look = False

    connector(sandbox, rename_file_after_upload=True).export(rows, local_delivery())

    assert (sandbox.root / "out.csv").read_bytes() == content(rows)
    assert (sandbox.root / "out.csv.tmp").read_text() == "of another export"
