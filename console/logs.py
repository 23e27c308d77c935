"""Lines of the log: one event each, with its fields, and without secrets."""

import json
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

HIDDEN = "***"
SECRETS = [
    # A private key, whole or cut short.
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*-----|\Z)", re.S), HIDDEN),
    # user:password@ in an address.
    (re.compile(r"(\w://[^\s/:@]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),
    # password=…, "passphrase": "…", Authorization: Basic …
    (
        re.compile(
            r"((?:pass(?:word|wd|phrase|code)?|secret\w*|api_?key|token|authorization|cookie)"
            r"[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|(?:Basic |Bearer )?[^\s,;}&]+)",
            re.I,
        ),
        rf"\1{HIDDEN}",
    ),
]
# What every record has; the rest came from `extra`.
USUAL = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "request"}
# The jobs that this process works on, each with the secrets that no line may have. A worker has
# one at a time, so that lines of threads that libraries start are of it too.
working: dict[int, list[str]] = {}
current: ContextVar[int | None] = ContextVar("job", default=None)


@contextmanager
def about(job: int) -> Iterator[None]:
    """Let the lines that are logged in the block be of a job."""
    working[job], before = [], current.set(job)
    try:
        yield
    finally:
        current.reset(before)
        working.pop(job, None)


def hide(job: int, secrets: Iterable[str]) -> None:
    """Let no line have the secrets while the process works on the job."""
    working[job] = list(secrets)


def job_at_work() -> int | None:
    """Return the job that a line is of, if there is no doubt."""
    only = next(iter(working)) if len(working) == 1 else None
    return current.get() or only


def redact(text):
    """Return the text without what is, or looks like, a secret."""
    for secret in [secret for secrets in list(working.values()) for secret in secrets]:
        text = text.replace(secret, HIDDEN)
    for pattern, replacement in SECRETS:
        text = pattern.sub(replacement, text)
    return text


class Event(logging.Formatter):
    """Turn a record into its fields."""

    def fields(self, record):
        fields = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        job = job_at_work()
        extra = {"job": job} if job else {}
        extra |= {name: value for name, value in vars(record).items() if name not in USUAL}
        fields |= {name: redact(str(value)) for name, value in extra.items()}
        if record.exc_info:
            fields["traceback"] = redact(self.formatException(record.exc_info))
        return fields


class Json(Event):
    """One JSON object a line."""

    def format(self, record):
        return json.dumps(self.fields(record) | {"process": record.process}, ensure_ascii=False)


class Lines(Event):
    """For the eye: time, level, logger, message, then name=value of the rest."""

    def format(self, record):
        fields = self.fields(record)
        traceback = fields.pop("traceback", "")
        line = " ".join(fields.pop(name) for name in ("at", "level", "logger", "message"))
        line += "".join(f" {name}={value}" for name, value in fields.items())
        return f"{line}\n{traceback}" if traceback else line
