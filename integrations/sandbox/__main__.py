"""The sandbox of the quickstart: `python -m integrations.sandbox PORT FILES KEYS`, at once."""

import signal
import sys
from pathlib import Path

from integrations.sandbox.server import Sandbox


def main(port, files, keys):
    sandbox = Sandbox(Path(files), Path(keys), port=int(port))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sandbox.stop())
    sys.stdout.write(f"SFTP sandbox on port {sandbox.port}. Files in {sandbox.root}.\n")
    sys.stdout.flush()
    sandbox.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
