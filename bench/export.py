"""Export N rows to a local SFTP server: this product beside what a person would type.

    python bench/export.py --rows 1000000

Every contender runs once in each round, so a slow minute of the machine hits all of
them. Medians are printed, and how long the product takes as a share of each other one.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from bench import measure, server, snapshot  # noqa: E402

MEGABYTE = 1e6


@dataclass
class Bench:
    """One snapshot, one server, one key to encrypt for."""

    folder: Path
    server: server.Server
    key: str = ""
    home: str = ""

    @property
    def snapshot(self) -> Path:
        return self.folder / "rows.parquet"

    @property
    def copy(self) -> str:
        return f"{sys.executable} {HERE}/duckdb_copy.py {self.snapshot}"

    @property
    def ssh(self) -> str:
        """A fast cipher, as somebody who cares would choose."""
        login = f"{self.server.login} -p {self.server.port} {self.server.user}@127.0.0.1"
        return f"ssh -c aes128-gcm@openssh.com {login} 'cat > {self.server.files}/piped'"

    @property
    def gpg(self) -> str:
        return f"gpg --homedir {self.home} --batch --quiet --trust-model always -r bench"

    def put(self, path) -> str:
        where = f"-P {self.server.port} {self.server.user}@127.0.0.1"
        put = f"put {path} {self.server.files}/staged"
        return f"echo '{put}' | sftp {self.server.login} -b - {where} > {self.folder}/sftp.log"

    def product(self, **export) -> str:
        job = {
            "authentication": self.server.authentication,
            "export": {
                "path_prefix": f"{self.server.files}/product",
                "user_directory_is_root": False,
                "rename_file_after_upload": True,
                **export,
            },
            "snapshot": str(self.snapshot),
            "receipt": str(self.receipt),
        }
        path = self.folder / f"job-{'-'.join(map(str, export.values()))[:20]}.json"
        path.write_text(json.dumps(job))
        return f"{sys.executable} {HERE}/product.py {path}"

    @property
    def receipt(self) -> Path:
        return self.folder / "receipt.json"


def plain(bench: Bench) -> dict[str, str]:
    staged = bench.folder / "staged.csv"
    return {
        "product": bench.product(),
        "duckdb | ssh cat": f"{bench.copy} /dev/stdout | {bench.ssh}",
        "duckdb, then sftp put": f"{bench.copy} {staged} && {bench.put(staged)}",
    }


def gz(bench: Bench) -> dict[str, str]:
    staged = bench.folder / "staged.csv"
    return {
        "product": bench.product(encoders="gz"),
        "duckdb | igzip | ssh cat": (
            f"{bench.copy} /dev/stdout | {sys.executable} -m isal.igzip -2 | {bench.ssh}"
        ),
        "duckdb | gzip | ssh cat": f"{bench.copy} /dev/stdout | gzip | {bench.ssh}",
        "duckdb, gzip, then sftp put": (
            f"{bench.copy} {staged} && gzip -f {staged} && {bench.put(f'{staged}.gz')}"
        ),
    }


def pgp(bench: Bench) -> dict[str, str]:
    staged = bench.folder / "staged.csv"
    encrypted = f"{staged}.gpg"
    given = {"encoders": "encrypt_pgp", "public_key": bench.key, "key_identifier": subkey(bench)}
    return {
        "product": bench.product(**given, compression_type="none"),
        "product, gzip": bench.product(**given, compression_type="gzip"),
        "duckdb | gpg -z 0 | ssh cat": (
            f"{bench.copy} /dev/stdout | {bench.gpg} -z 0 -e | {bench.ssh}"
        ),
        "duckdb, gpg, then sftp put": (
            f"{bench.copy} {staged} && {bench.gpg} --yes -o {encrypted} -e {staged} "
            f"&& {bench.put(encrypted)}"
        ),
    }


def subkey(bench: Bench) -> str:
    listed = subprocess.run(
        ["gpg", "--homedir", bench.home, "--list-keys", "--with-colons"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    [identifier] = [line.split(":")[4] for line in listed.splitlines() if line.startswith("sub")]
    return identifier


WORKS = {"plain": plain, "gz": gz, "pgp": pgp}


def make_key(folder: Path) -> tuple[str, str]:
    """Return the home of a new key pair and its public key."""
    home = folder / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-generate-key", "bench"], check=True, stderr=subprocess.DEVNULL)
    exported = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True)
    return str(home), exported.stdout.decode()


def compare(bench: Bench, work: str, rounds: int, csv: tuple[int, int]) -> None:
    """Run all contenders in turns and print what each took."""
    contenders = WORKS[work](bench)
    costs = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, command in contenders.items():
            costs[name].append(measure.run(command))
            if name.startswith("product"):
                check(bench)
    seconds = {name: median(cost.seconds for cost in each) for name, each in costs.items()}
    for name, each in costs.items():
        show(work, name, each, csv, seconds["product"] / seconds[name])


def check(bench: Bench) -> None:
    """Compare the file on the server with the receipt."""
    [file] = json.loads(bench.receipt.read_text())["files"]
    with (bench.server.files / "product").open("rb") as arrived:
        digest = hashlib.file_digest(arrived, "sha256").hexdigest()
    if digest != file["sha256"]:
        raise SystemExit("The file on the server is not the one of the receipt.")


def show(work, name, costs, csv, ratio):
    size, rows = csv
    seconds = median(cost.seconds for cost in costs)
    print(
        f"{work:6} {name:28} {seconds:7.2f} s {size / MEGABYTE / seconds:7.0f} MB/s "
        f"{rows / seconds:11,.0f} rows/s {median(cost.cpu for cost in costs):7.2f} CPU s "
        f"{max(cost.peak for cost in costs) / MEGABYTE:6.0f} MB peak {ratio:6.2f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", choices=WORKS, action="append", help="default: all")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        home, key = make_key(folder)
        with server.running(folder / "server") as sshd:
            bench = Bench(folder, sshd, key, home)
            snapshot.make(bench.snapshot, given.rows)
            measure.run(f"{bench.copy} {folder}/size.csv")
            size = (folder / "size.csv").stat().st_size
            print(f"{given.rows:,} rows, {size / MEGABYTE:.0f} MB of CSV; ratio = product / other")
            for work in given.work or WORKS:
                compare(bench, work, given.rounds, (size, given.rows))
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=True)


if __name__ == "__main__":
    main()
