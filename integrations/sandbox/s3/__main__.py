"""The S3 sandbox alone, at once: `python -m integrations.sandbox.s3 PORT FILES KEYS`."""

import sys
from pathlib import Path

from integrations.sandbox import faults
from integrations.sandbox.ending import when_told_to_end
from integrations.sandbox.s3.server import S3Sandbox


def main(port, files, keys):
    sandbox = S3Sandbox(Path(files), port=int(port))
    when_told_to_end(sandbox.stop_soon)
    sys.stdout.write(f"S3 sandbox at {sandbox.address}. Files in {sandbox.store.root}.\n")
    sys.stdout.flush()
    with faults.rehearsed(Path(keys) / faults.FILE_NAME, "s3", sandbox.switches):
        sandbox.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
