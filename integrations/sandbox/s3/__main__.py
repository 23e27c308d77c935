"""The S3 sandbox of the quickstart: `python -m integrations.sandbox.s3 PORT FILES`, at once."""

import signal
import sys
from pathlib import Path

from integrations.sandbox.s3.server import S3Sandbox


def main(port, files):
    sandbox = S3Sandbox(Path(files), port=int(port))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sandbox.stop_soon())
    sys.stdout.write(f"S3 sandbox at {sandbox.address}. Files in {sandbox.store.root}.\n")
    sys.stdout.flush()
    sandbox.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
