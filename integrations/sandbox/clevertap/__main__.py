"""The CleverTap sandbox alone: `python -m integrations.sandbox.clevertap PORT FILES KEYS`."""

import signal
import sys
from pathlib import Path

from integrations.sandbox import faults
from integrations.sandbox.clevertap.server import Sandbox


def main(port, files, keys):
    sandbox = Sandbox(Path(files), port=int(port))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sandbox.stop())
    sys.stdout.write(f"CleverTap sandbox on port {sandbox.port}. What it got is in {files}.\n")
    sys.stdout.flush()
    with faults.rehearsed(Path(keys) / faults.FILE_NAME, "clevertap", sandbox.switches):
        sandbox.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
