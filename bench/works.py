"""What is compared: for each work the product, and the pipelines that a person would type."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bench import buckets, delay
from bench.arena import HERE, Arena, Source

MILLION = 1_000_000
FILE_ROWS = 1_500_000  # a file of 200 MB
WORST = {
    "ALL": {"quote_policy": "ALL"},
    "ALL, quote '": {"quote_policy": "ALL", "quote": "'"},
    "NONE": {"quote_policy": "NONE"},
    "tsv": {"format": "tsv"},
}
WORST_TEXTS = {"MINIMAL": {}, "ALL, quote '": WORST["ALL, quote '"], "NONE": WORST["NONE"]}


@dataclass(frozen=True)
class Contender:
    """One way to get the rows of a source to the server, as a file of this name there."""

    name: str
    command: str
    source: Source
    landed: str = "product"
    needs: str = ""  # a program that not every machine has

    @property
    def is_product(self) -> bool:
        return self.landed == "product"

    @property
    def is_possible(self) -> bool:
        return not self.needs or bool(shutil.which(self.needs))


@contextmanager
def plain(arena: Arena, rows: int) -> Iterator[list[Contender]]:
    source, staged = arena.source(rows), arena.staged
    yield [
        Contender("product", arena.product(source), source),
        Contender(
            "duckdb | ssh cat", f"{source.copy} /dev/stdout | {arena.ssh_cat()}", source, "piped"
        ),
        Contender(
            "duckdb, then sftp put",
            f"{source.copy} {staged} && {arena.put(staged)}",
            source,
            "put",
        ),
    ]


@contextmanager
def gz(arena: Arena, rows: int) -> Iterator[list[Contender]]:
    source, staged = arena.source(rows), arena.staged
    piped = partial(through, arena, source)
    yield [
        Contender("product", arena.product(source, encoders="gz"), source),
        piped("igzip", f"{sys.executable} -m isal.igzip -2"),
        piped("pigz", "pigz", needs="pigz"),
        piped("gzip", "gzip"),
        Contender(
            "duckdb, gzip, then sftp put",
            f"{source.copy} {staged} && gzip -f {staged} && {arena.put(f'{staged}.gz')}",
            source,
            "put",
        ),
    ]


@contextmanager
def bzip2(arena: Arena, rows: int) -> Iterator[list[Contender]]:
    source = arena.source(rows)
    piped = partial(through, arena, source)
    yield [
        Contender("product", arena.product(source, encoders="bzip2"), source),
        piped("bzip2", "bzip2"),
        piped("lbzip2", "lbzip2", needs="lbzip2"),
    ]


def through(arena, source, name, command, needs="") -> Contender:
    """Return DuckDB's CSV piped through a program to the server."""
    pipe = f"{source.copy} /dev/stdout | {command} | {arena.ssh_cat()}"
    return Contender(f"duckdb | {name} | ssh cat", pipe, source, "piped", needs)


@contextmanager
def pgp(arena: Arena, rows: int) -> Iterator[list[Contender]]:
    source, staged = arena.source(rows), arena.staged
    encrypted = f"{staged}.gpg"
    gzipped = arena.product(source, **arena.pgp, compression_type="gzip")
    yield [
        Contender("product", arena.product(source, **arena.pgp, compression_type="none"), source),
        Contender("product, gzip", gzipped, source),
        through(arena, source, "gpg -z 0", f"{arena.gpg} -z 0 -e"),
        Contender(
            "duckdb, gpg, then sftp put",
            f"{source.copy} {staged} && {arena.gpg} --yes -o {encrypted} -e {staged} "
            f"&& {arena.put(encrypted)}",
            source,
            "put",
        ),
    ]


@contextmanager
def distance(arena: Arena, rows: int, *, milliseconds: int) -> Iterator[list[Contender]]:
    """Put a way of so many milliseconds, there and back, before the server."""
    source, staged = arena.source(rows), arena.staged
    with delay.running(arena.server.port, milliseconds) as port:
        gcm = "-c aes128-gcm@openssh.com"
        yield [
            Contender("product", arena.product(source, port=port), source),
            Contender(
                "product, staged file", arena.product(source, port=port, file=source.csv), source
            ),
            Contender("sftp put", arena.put(source.csv, port=port), source, "put"),
            Contender(
                "sftp put, AES-GCM", arena.put(source.csv, port=port, more=gcm), source, "put"
            ),
            Contender("rclone", arena.rclone(source.csv, port), source, "rcloned", "rclone"),
            Contender(
                "duckdb, then sftp put",
                f"{source.copy} {staged} && {arena.put(staged, port=port)}",
                source,
                "put",
            ),
            Contender(
                "duckdb | ssh cat",
                f"{source.copy} /dev/stdout | {arena.ssh_cat(port)}",
                source,
                "piped",
            ),
        ]


@contextmanager
def s3(arena: Arena, rows: int) -> Iterator[list[Contender]]:
    """Deliver to an S3 server, as an object of many parts."""
    source, staged = arena.source(rows), arena.staged
    with buckets.running(arena.server.folder) as address:
        bucket = arena.server.files.name
        put = f"{sys.executable} {HERE}/boto3_put.py {staged} {address} {bucket} put"
        yield [
            Contender("product", arena.product_to_bucket(source, address), source),
            Contender("duckdb, then boto3", f"{source.copy} {staged} && {put}", source, "put"),
            Contender(
                "duckdb, then rclone",
                f"{source.copy} {staged} && {arena.rclone_to_bucket(staged, address)}",
                source,
                "rcloned",
                "rclone",
            ),
        ]


@contextmanager
def dialects(arena: Arena, rows: int) -> Iterator[list[Contender]]:
    source, texts = arena.source(rows), arena.source(rows, "texts")
    yield [
        Contender("product", arena.product(source), source),
        *(
            Contender(f"product, {name}", arena.product(source, **settings), source)
            for name, settings in WORST.items()
        ),
        *(
            Contender(f"product, texts, {name}", arena.product(texts, **settings), texts)
            for name, settings in WORST_TEXTS.items()
        ),
    ]


@dataclass(frozen=True)
class Work:
    """A comparison: who takes part, and over how many rows."""

    contenders: Callable
    rows: int = MILLION
    full: int = MILLION  # with --full


WORKS = {
    "plain": Work(plain, full=10 * MILLION),
    "gz": Work(gz, full=10 * MILLION),
    "pgp": Work(pgp, full=10 * MILLION),
    "distance-20": Work(partial(distance, milliseconds=20), FILE_ROWS, FILE_ROWS),
    "distance-100": Work(partial(distance, milliseconds=100), FILE_ROWS, FILE_ROWS),
    "bzip2": Work(bzip2),
    "s3": Work(s3, full=10 * MILLION),
    "dialects": Work(dialects, full=10 * MILLION),
}
