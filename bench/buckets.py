"""The S3 server of the sandbox, in a process of its own, whose buckets are folders."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOGIN = {"access_key_id": "demo", "secret_access_key": "demo-secret"}


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Yield the address of a server whose buckets are the folders in this one."""
    command = [sys.executable, "-m", "integrations.sandbox.s3", "0", folder, folder]
    root = Path(__file__).parent.parent
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().split()[3].rstrip(".")
        finally:
            process.terminate()
