"""What a child does behind the back of whoever watches it."""

import os
import subprocess
import sys
from pathlib import PosixPath

import pytest

from console.engines import Limits, QueryError, process

SILENT = "import os, time; os.close(1); time.sleep(60)"


class Silent(subprocess.Popen):
    """A process that is ended as children are."""

    def kill(self, sign):
        os.killpg(self.pid, sign)
        return True


def test_a_child_that_falls_silent_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "ENDING_SECONDS", 0.2)
    watch = process.Watch(Limits(), lambda: False, lambda share: None, tmp_path / "none")
    command = [sys.executable, "-c", SILENT]
    child = Silent(command, stdout=subprocess.PIPE, start_new_session=True)
    with child.stdout:
        try:
            with pytest.raises(QueryError, match="fell silent"):
                process.listen(child, watch)
        finally:
            process.end(child)

    assert child.returncode is not None


class Removed(PosixPath):
    """A file that is removed as soon as somebody has seen that it is there."""

    def exists(self):
        self.unlink()
        return True


def test_a_result_that_is_removed_while_it_is_measured_is_not_too_large(tmp_path):
    output = Removed(tmp_path / "output.parquet")
    watch = process.Watch(Limits(result_mb=1), lambda: False, lambda share: None, output)
    output.write_bytes(bytes(2 << 20))
    with pytest.raises(QueryError, match="larger than the 1 MB"):
        watch.check()
    output.exists()

    watch.check()
