"""The sandbox of the quickstart: `python -m integrations.sandbox PORT FILES KEYS`, at once."""

import sys
from pathlib import Path

from integrations.sandbox import faults, vendors
from integrations.sandbox.ending import when_told_to_end
from integrations.sandbox.server import Sandbox


def main(port, files, keys):
    root, home = Path(files), Path(keys)
    sandbox = Sandbox(root, home, port=int(port), accounts=vendors.accounts(root, home))
    when_told_to_end(sandbox.stop)
    sys.stdout.write(f"SFTP sandbox on port {sandbox.port}. Files in {sandbox.root}.\n")
    sys.stdout.flush()
    rehearsed = faults.rehearsed(home / faults.FILE_NAME, "sftp", sandbox.switches)
    with vendors.watching(sandbox.root), rehearsed:
        sandbox.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
