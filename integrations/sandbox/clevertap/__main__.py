"""The CleverTap sandbox alone: `python -m integrations.sandbox.clevertap PORT FILES KEYS`."""

import sys
from pathlib import Path

from integrations.sandbox import faults
from integrations.sandbox.clevertap.server import Sandbox
from integrations.sandbox.ending import when_told_to_end


def main(port, files, keys):
    sandbox = Sandbox(Path(files), port=int(port))
    when_told_to_end(sandbox.stop)
    sys.stdout.write(f"CleverTap sandbox on port {sandbox.port}. What it got is in {files}.\n")
    sys.stdout.flush()
    with faults.rehearsed(Path(keys) / faults.FILE_NAME, "clevertap", sandbox.switches):
        sandbox.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
