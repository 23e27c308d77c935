"""What all contenders share: one server, one key, and the rows they deliver."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).parent
TEXT_SHARE = 0.41  # rows of texts that are as many bytes of CSV as one customer

sys.path.insert(0, str(HERE.parent))

from bench import buckets, server, snapshot  # noqa: E402


@dataclass
class Source:
    """A snapshot, and what stock DuckDB makes of it."""

    path: Path
    rows: int

    @property
    def copy(self) -> str:
        """The command that writes it as CSV to the file named next."""
        return f"{sys.executable} {HERE}/duckdb_copy.py {self.path}"

    @property
    def csv(self) -> Path:
        """The CSV that stock DuckDB writes, made once."""
        path = self.path.with_suffix(".csv")
        if not path.exists():
            subprocess.run(f"{self.copy} {path}", shell=True, check=True)
        return path

    @cached_property
    def csv_bytes(self) -> int:
        return self.csv.stat().st_size


@dataclass
class Arena:
    """The commands of the contenders, for one server and one key."""

    folder: Path
    server: server.Server
    gpg_home: Path
    jobs: int = 0
    sources: dict = field(default_factory=dict)

    @property
    def receipt(self) -> Path:
        return self.folder / "receipt.json"

    @property
    def staged(self) -> Path:
        """Where a pipeline that stages its file puts it."""
        return self.folder / "staged.csv"

    @property
    def gpg(self) -> str:
        return f"gpg --homedir {self.gpg_home} --batch --quiet --trust-model always -r bench"

    def source(self, rows: int, kind: str = "customers") -> Source:
        """Return the snapshot with so many rows; of texts, with as much CSV."""
        rows = round(rows * TEXT_SHARE) if kind == "texts" else rows
        if (kind, rows) not in self.sources:
            path = self.folder / f"{kind}-{rows}.parquet"
            snapshot.make(path, rows, kind)
            self.sources[kind, rows] = Source(path, rows)
        return self.sources[kind, rows]

    def ssh_cat(self, port: int = 0) -> str:
        """Return the end of a pipe, with a fast cipher, as somebody who cares would choose."""
        login = f"{self.server.login} -p {port or self.server.port} {self.server.user}@127.0.0.1"
        return f"ssh -c aes128-gcm@openssh.com {login} 'cat > {self.server.files}/piped'"

    def put(self, path: Path | str, *, port: int = 0, more: str = "") -> str:
        where = f"-P {port or self.server.port} {more} {self.server.user}@127.0.0.1"
        command = f"sftp {self.server.login} -b - {where} > {self.folder}/sftp.log"
        return f"echo 'put {path} {self.server.files}/put' | {command}"

    def rclone(self, path: Path, port: int) -> str:
        remote = f":sftp,host=127.0.0.1,port={port},user={self.server.user}"
        remote += f",key_file={self.server.folder}/user_key:{self.server.files}/rcloned"
        return f"rclone --config /dev/null copyto {path} '{remote}'"

    def rclone_to_bucket(self, path: Path, address: str) -> str:
        keys = "access_key_id=demo,secret_access_key=demo-secret"
        remote = f":s3,provider=Other,endpoint='{address}',{keys},no_check_bucket=true"
        bucket = self.server.files.name
        plain = "env -u AWS_CA_BUNDLE"  # which it cannot read, and does not need
        return f'{plain} rclone --config /dev/null copyto {path} "{remote}:{bucket}/rcloned"'

    def product(self, source: Source, *, port: int = 0, file: Path | None = None, **export) -> str:
        """Return the product's export to the SFTP server, with these settings."""
        authentication = self.server.authentication(port or self.server.port)
        settings = {
            "path_prefix": f"{self.server.files}/product",
            "user_directory_is_root": False,
            "rename_file_after_upload": True,
            **export,
        }
        return self.job("sftp_v2", authentication, settings, source, file)

    def product_to_bucket(self, source: Source, address: str) -> str:
        """Return the product's export to the S3 server, whose buckets are the server's folders."""
        authentication = buckets.LOGIN | {"endpoint": address, "path_style": True}
        settings = {"bucket": self.server.files.name, "path_prefix": "product"}
        return self.job("s3", authentication, settings, source)

    def job(
        self,
        connector: str,
        authentication: dict,
        export: dict,
        source: Source,
        file: Path | None = None,
    ) -> str:
        """Return the command that does a job of the product."""
        job = {
            "connector": connector,
            "authentication": authentication,
            "export": export,
            "snapshot": str(source.path),
            "file": str(file) if file else "",
            "receipt": str(self.receipt),
        }
        self.jobs += 1
        path = self.folder / f"job-{self.jobs}.json"
        path.write_text(json.dumps(job))
        return f"{sys.executable} {HERE}/product.py {path}"

    @cached_property
    def pgp(self) -> dict[str, str]:
        """The settings of an export that encrypts for the arena's key."""
        return {
            "encoders": "encrypt_pgp",
            "public_key": self.ask_gpg("--armor", "--export"),
            "key_identifier": self.subkey,
        }

    @property
    def subkey(self) -> str:
        lines = self.ask_gpg("--list-keys", "--with-colons").splitlines()
        [identifier] = [line.split(":")[4] for line in lines if line.startswith("sub")]
        return identifier

    def ask_gpg(self, *arguments) -> str:
        gpg = ["gpg", "--homedir", self.gpg_home, "--batch", "--quiet", "--passphrase", ""]
        done = subprocess.run([*gpg, *arguments], check=True, capture_output=True, text=True)
        return done.stdout

    def clear(self) -> None:
        """Remove what landed and what was staged, so that nothing has to be overwritten."""
        for path in [*self.server.files.iterdir(), *self.folder.glob("staged.csv*")]:
            path.unlink()
        self.receipt.unlink(missing_ok=True)


@contextmanager
def opened(folder: Path) -> Iterator[Arena]:
    """Serve from the folder until the end of the block."""
    # gpg's agent has a socket in its home, and the path of a socket has to be short.
    with (
        tempfile.TemporaryDirectory(prefix="gpg-") as gpg_home,
        server.running(folder / "server") as sshd,
    ):
        arena = Arena(folder, sshd, Path(gpg_home))
        arena.ask_gpg("--quick-generate-key", "bench")
        try:
            yield arena
        finally:
            subprocess.run(["gpgconf", "--homedir", gpg_home, "--kill", "all"], check=True)
