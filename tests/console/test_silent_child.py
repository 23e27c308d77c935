"""A child that closes its output and does not end is not waited for."""

import subprocess
import sys

import pytest

from console.engines import Limits, QueryError, process

SILENT = "import os, time; os.close(1); time.sleep(60)"


def test_a_child_that_falls_silent_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "ENDING_SECONDS", 0.2)
    watch = process.Watch(Limits(), lambda: False, lambda share: None, tmp_path / "none")
    command = [sys.executable, "-c", SILENT]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    try:
        with pytest.raises(QueryError, match="fell silent"):
            process.listen(child, None, watch)
    finally:
        process.end(child)

    assert child.returncode is not None
